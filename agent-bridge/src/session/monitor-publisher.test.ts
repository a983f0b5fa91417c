import type { Topology } from '@guruconnect/contract/monitor';
import type { Rendition, VideoRef } from '@guruconnect/contract/rendition';
import { GcError } from '@guruconnect/contract/errors';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { MonitorPublisher } from './monitor-publisher.ts';

/** The monitor alone for the rendition that most tests are about. */
const nameOf = ({ monitor_id, rendition }: VideoRef): string =>
  rendition === 'standard' ? `${monitor_id}` : `${rendition} ${monitor_id}`;
const settle = () => new Promise((resolve) => setImmediate(resolve));

function publisher(renditions: readonly Rendition[] = ['standard']) {
  const clock = new FakeClock();
  const log: string[] = [];
  const state = { monitors: [1, 2], refusing: false, renditions };
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
    renditions: state.renditions,
    produce: async (video) => {
      await step(`publish ${nameOf(video)}`);
      return { close: () => log.push(`close ${nameOf(video)}`) };
    },
    withdraw: (id) => step(`withdraw ${id}`),
    onPublished: () => log.push('published'),
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
    expect(log).toEqual(['publish 1', 'published', 'publish 2', 'published']);
  });

  it('withdraws what is gone before it publishes what is new', async () => {
    const { published, log, state } = publisher();
    await published.align();
    log.length = 0;
    state.monitors = [2, 3];
    await published.align();
    expect(log).toEqual(['close 1', 'withdraw 1', 'publish 3', 'published']);
    expect([...published.videos.keys()]).toEqual(['2/standard', '3/standard']);
  });

  it('follows what changes while it works', async () => {
    const { published, log, state } = publisher();
    const aligned = published.align();
    state.monitors = [2];
    await Promise.all([published.align(), aligned]);
    expect([...published.videos.keys()]).toEqual(['2/standard']);
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
    expect([...published.videos.keys()]).toEqual(['1/standard', '2/standard']);
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

  it('publishes what one works with of all monitors before the rest, and withdraws all at once', async () => {
    const { published, log, state } = publisher(['standard', 'thumbnail']);
    const aligned = published.align();
    expect(published.hasAll(['standard'])).toBe(false);
    await aligned;
    expect(log.filter((line) => line !== 'published')).toEqual([
      'publish 1',
      'publish 2',
      'publish thumbnail 1',
      'publish thumbnail 2',
    ]);
    expect(published.hasAll(['standard', 'thumbnail'])).toBe(true);
    log.length = 0;
    state.monitors = [2];
    await published.align();
    expect(log).toEqual(['close 1', 'close thumbnail 1', 'withdraw 1']);
  });
});
