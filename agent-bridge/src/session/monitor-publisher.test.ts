import type { Topology } from '@guruconnect/contract/monitor';
import { GcError } from '@guruconnect/contract/errors';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { MonitorPublisher } from './monitor-publisher.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function publisher() {
  const clock = new FakeClock();
  const log: string[] = [];
  const state = { monitors: [1, 2], refusing: false };
  let inStep = 0;
  const step = async (what: string): Promise<void> => {
    expect((inStep += 1)).toBe(1); // one at a time
    await settle();
    inStep -= 1;
    if (state.refusing) throw new GcError('timeout');
    log.push(what);
  };
  const published = new MonitorPublisher({
    topology: () =>
      ({
        topology_epoch: 1,
        monitors: state.monitors.map((monitor_id) => ({ monitor_id })),
      }) as Topology,
    produce: async (id) => {
      await step(`publish ${id}`);
      return { close: () => log.push(`close ${id}`) };
    },
    withdraw: (id) => step(`withdraw ${id}`),
    onPublished: (id) => log.push(`published ${id}`),
    clock,
    logger: pino({ level: 'silent' }),
  });
  return { clock, log, state, published };
}

describe('publishing monitors', () => {
  it('publishes each, once', async () => {
    const { published, log } = publisher();
    await published.align();
    await published.align();
    expect(log).toEqual(['publish 1', 'published 1', 'publish 2', 'published 2']);
  });

  it('withdraws what is gone before it publishes what is new', async () => {
    const { published, log, state } = publisher();
    await published.align();
    log.length = 0;
    state.monitors = [2, 3];
    await published.align();
    expect(log).toEqual(['close 1', 'withdraw 1', 'publish 3', 'published 3']);
    expect([...published.videos.keys()]).toEqual([2, 3]);
  });

  it('follows what changes while it works', async () => {
    const { published, log, state } = publisher();
    const aligned = published.align();
    state.monitors = [2];
    await Promise.all([published.align(), aligned]);
    expect([...published.videos.keys()]).toEqual([2]);
    expect(log).toContain('withdraw 1');
  });

  it('tries again what was refused for a moment', async () => {
    const { published, state, clock } = publisher();
    state.refusing = true;
    await published.align();
    expect(published.videos.size).toBe(0);
    state.refusing = false;
    clock.advance(2000);
    for (let i = 0; i < 6; i += 1) await settle();
    expect([...published.videos.keys()]).toEqual([1, 2]);
  });

  it('leaves nothing open and nothing to do when closed, also in the middle', async () => {
    const { published, log, clock } = publisher();
    const aligned = published.align();
    published.close();
    await aligned;
    expect(published.videos.size).toBe(0);
    expect(log.filter((line) => line.startsWith('published'))).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
