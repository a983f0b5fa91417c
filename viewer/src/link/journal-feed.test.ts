import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { JournalFeed } from './journal-feed.ts';

const session_id = newId('ses');
const event = (seq: number): JournalEvent => ({
  seq,
  session_id,
  type: 'agent.connected',
  at: new Date(0).toISOString(),
  data: {},
});
const seqs = (events: readonly JournalEvent[]): number[] => events.map(({ seq }) => seq);

describe('the journal', () => {
  it('is told in order and each event once, however it arrives', () => {
    const feed = new JournalFeed();
    expect(seqs(feed.take([event(3)]))).toEqual([]);
    expect(feed.isBehind(3)).toBe(true);
    expect(seqs(feed.take([event(1), event(2)]))).toEqual([1, 2, 3]);
    expect(seqs(feed.take([event(2), event(4)]))).toEqual([4]);
    expect(feed.isBehind(4)).toBe(false);
    expect(feed.isBehind(5)).toBe(true);
  });

  it('goes on after a gap that nobody can fill', () => {
    const feed = new JournalFeed();
    feed.take([event(7), event(9)]);
    expect(seqs(feed.skipGap())).toEqual([7]);
    expect(seqs(feed.take([event(8)]))).toEqual([8, 9]);
  });

  it('keeps a bounded number of events waiting', () => {
    const feed = new JournalFeed();
    const told = feed.take(Array.from({ length: 600 }, (_, i) => event(i + 10)));
    expect(told).toHaveLength(600);
  });
});
