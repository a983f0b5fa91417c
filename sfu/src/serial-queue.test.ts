import { describe, expect, it } from 'vitest';
import { GcError } from '@guruconnect/contract/errors';
import { KeyedQueues, SerialQueue } from './serial-queue.ts';

/** A step that lasts until it is told to end. */
function slow(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    end: resolve,
    step: async (): Promise<string> => {
      log.push(`${name} starts`);
      await promise;
      log.push(`${name} ends`);
      return name;
    },
  };
}

describe('a serial queue', () => {
  it('starts a step when the one before has ended', async () => {
    const log: string[] = [];
    const [first, second] = [slow(log, 'first'), slow(log, 'second')];
    const queue = new SerialQueue(10);
    const both = Promise.all([queue.run(first.step), queue.run(second.step)]);
    second.end();
    first.end();
    expect(await both).toEqual(['first', 'second']);
    expect(log).toEqual(['first starts', 'first ends', 'second starts', 'second ends']);
  });

  it('goes on after a step that failed, and tells its caller only', async () => {
    const queue = new SerialQueue(10);
    const failed = queue.run(() => Promise.reject(new Error('broken')));
    const next = queue.run(() => 'fine');
    await expect(failed).rejects.toThrow('broken');
    expect(await next).toBe('fine');
    expect(queue.pending).toBe(0);
  });

  it('refuses at once what does not fit, but never what takes something away', async () => {
    const log: string[] = [];
    const running = slow(log, 'running');
    const queue = new SerialQueue(1);
    const first = queue.run(running.step);
    const waiting = queue.run(() => 'waited');
    await expect(queue.run(() => 'too many')).rejects.toMatchObject({ code: 'limit_reached' });
    const closing = queue.runAlways(() => 'closed');
    running.end();
    expect(await Promise.all([first, waiting, closing])).toEqual(['running', 'waited', 'closed']);
  });
});

describe('queues by key', () => {
  it('do not wait for each other', async () => {
    const queues = new KeyedQueues<string>(10);
    const stuck = slow([], 'stuck');
    const first = queues.run('a', stuck.step);
    expect(await queues.run('b', () => 'free')).toBe('free');
    stuck.end();
    await first;
  });

  it('exist only while something is in them', async () => {
    const queues = new KeyedQueues<number>(0);
    const steps = [1, 2, 3].map((key) => queues.run(key, () => key));
    const refused = queues.run(1, () => 0);
    expect(queues.size).toBe(3);
    await Promise.all(steps);
    await expect(refused).rejects.toBeInstanceOf(GcError);
    expect(queues.size).toBe(0);
  });
});
