import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionRecord } from '../../test/records.ts';
import { openSqliteStore } from '../store/store.sqlite.ts';
import type { Store } from '../store/store.ts';
import { Idempotency } from './idempotency.ts';

let store: Store;
let made = 0;
beforeEach(() => {
  store = openSqliteStore(':memory:');
  made = 0;
});
afterEach(() => store.close());

type Answer = { n: number };
const make = async (
  keep: Parameters<Parameters<Idempotency<Answer>['run']>[3]>[0],
): Promise<Answer> => {
  made += 1;
  const answer = { n: made };
  await store.sessions.create(sessionRecord(), [], { saved: keep?.(answer) });
  return answer;
};

describe('an Idempotency-Key', () => {
  it('makes once and answers the same, at the same time, later, and from another process', async () => {
    const here = new Idempotency<Answer>(store);
    const both = await Promise.all([
      here.run('i', 'k', { a: 1 }, make),
      here.run('i', 'k', { a: 1 }, make),
    ]);
    const elsewhere = new Idempotency<Answer>(store);
    const later = await elsewhere.run('i', 'k', { a: 1 }, make);
    expect([...both, later]).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
    expect(made).toBe(1);
  });

  it('does not care for the order of fields, but for every value', async () => {
    const keys = new Idempotency<Answer>(store);
    await keys.run('i', 'k', { a: 1, b: { c: [1, 2], d: 2 } }, make);
    await keys.run('i', 'k', { b: { d: 2, c: [1, 2] }, a: 1 }, make);
    for (const other of [{ a: 1 }, { a: 1, b: { c: [2, 1], d: 2 } }, [], null])
      await expect(keys.run('i', 'k', other, make)).rejects.toMatchObject({
        code: 'idempotency_conflict',
      });
    expect(made).toBe(1);
  });

  it('is each integrator’s own, and none remembers nothing', async () => {
    const keys = new Idempotency<Answer>(store);
    await keys.run('one', 'k', {}, make);
    await keys.run('two', 'k', {}, make);
    await keys.run('one', undefined, {}, make);
    expect(made).toBe(3);
  });

  it('of something that failed is free again', async () => {
    const keys = new Idempotency<Answer>(store);
    const failing = keys.run('i', 'k', {}, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await keys.run('i', 'k', {}, make)).toEqual({ n: 1 });
  });
});
