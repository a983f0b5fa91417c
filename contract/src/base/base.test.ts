import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resumeStep } from '../resume.ts';
import { backoffMs, RECONNECT } from './backoff.ts';
import { Emitter } from './emitter.ts';
import { finalStates, mayGo } from './transitions.ts';

describe('backoff', () => {
  it('never waits longer than its maximum nor less than its jitter allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const ms = backoffMs(attempt, RECONNECT, random);
          expect(ms).toBeLessThanOrEqual(RECONNECT.maxMs);
          expect(ms).toBeGreaterThanOrEqual(RECONNECT.firstMs * (1 - RECONNECT.jitter));
        },
      ),
    );
  });
});

describe('an emitter', () => {
  it('tells every listener even when one throws', () => {
    const errors: unknown[] = [];
    const heard: number[] = [];
    const emitter = new Emitter<{ fact: number }>((error) => errors.push(error));
    emitter.on('fact', () => {
      throw new Error('bad listener');
    });
    const stop = emitter.on('fact', (value) => heard.push(value));
    emitter.emit('fact', 1);
    stop();
    emitter.emit('fact', 2);
    expect(heard).toEqual([1]);
    expect(errors).toHaveLength(2);
  });
});

describe('transitions', () => {
  const table = { open: ['closed'], closed: [] } as const;
  it('allow what the table says and nothing else', () => {
    expect(mayGo(table, 'open', 'closed')).toBe(true);
    expect(mayGo(table, 'closed', 'open')).toBe(false);
    expect(finalStates(table)).toEqual(['closed']);
  });
});

describe('resuming', () => {
  it.each([
    [undefined, { outcome: 'fresh' }, 'join'],
    [undefined, { outcome: 'resumed', epoch: 2 }, 'join'],
    [2, { outcome: 'resumed', epoch: 2 }, 'keep'],
    [2, { outcome: 'resumed', epoch: 3 }, 'replace'],
    [2, { outcome: 'moved', epoch: 3 }, 'replace'],
    [2, { outcome: 'fresh' }, 'replace'],
    [2, { outcome: 'ended' }, 'close'],
    [undefined, { outcome: 'ended' }, 'close'],
  ] as const)('holding %s, told %j: %s', (held, answer, step) => {
    expect(resumeStep(held, answer)).toBe(step);
  });
});
