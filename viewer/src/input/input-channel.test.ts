import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readFileSync } from 'node:fs';
import { decodeInput } from '@guruconnect/contract/input/input-codec';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import { InputChannel, type ByteChannel, type InputStamp } from './input-channel.ts';
import { MOVE_BACKLOG_BYTES, MOVE_EVERY_MS } from './move-pacer.ts';

class FakeChannel implements ByteChannel {
  isOpen = true;
  bufferedBytes = 0;
  readonly sent: Uint8Array[] = [];
  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.sent.push(bytes);
  }
  get events(): InputEvent[] {
    return this.sent.map((bytes) => decodeInput(bytes));
  }
}

let actions: FakeChannel;
let moves: FakeChannel;
let stamp: InputStamp | undefined;
let channel: InputChannel;
const at = (x: number) => ({ x, y: 0 });

beforeEach(() => {
  vi.useFakeTimers();
  actions = new FakeChannel();
  moves = new FakeChannel();
  stamp = { monitor_id: 2, topology_epoch: 7 };
  channel = new InputChannel({ stamp: () => stamp, now: () => performance.now() });
  channel.use({ actions, moves });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what is sent', () => {
  it('is the golden bytes of the contract', () => {
    const fixtures = JSON.parse(
      readFileSync(new URL('../../../contract/test/fixtures/input.json', import.meta.url), 'utf8'),
    ) as { hex: string; event: InputEvent }[];
    for (const { hex, event } of fixtures) {
      const [a, m] = [new FakeChannel(), new FakeChannel()];
      const one = new InputChannel({ stamp: () => event, now: () => 0 });
      one.use({ actions: a, moves: m });
      if (event.kind === 'move') one.move(event.position);
      else if (event.kind === 'wheel') one.wheel(event.position, event.dx, event.dy);
      else if (event.kind === 'text') one.text(event.text);
      else if (event.kind === 'release_all') one.releaseAll();
      else if (event.kind === 'probe') one.probe();
      else if (event.kind === 'key') {
        if (!event.down) one.key(event.usage, true);
        one.key(event.usage, event.down);
      } else {
        if (!event.down) one.button(event.position, event.button, true);
        one.button(event.position, event.button, event.down);
      }
      const bytes = Buffer.from([...a.sent, ...m.sent].at(-1) ?? []);
      // The number of the event is the channel's own; everything else is the fixture's.
      bytes.writeUInt32BE(event.seq, 8);
      expect(bytes.toString('hex')).toBe(hex);
    }
  });

  it('is remembered with the time of its event, also when a move had to wait', () => {
    vi.setSystemTime(0);
    const startMs = performance.now();
    channel.during(startMs - 6, () => {
      channel.move(at(1));
      channel.move(at(2));
    });
    vi.advanceTimersByTime(MOVE_EVERY_MS);
    channel.key(4, true);
    expect([1, 2, 3].map((seq) => channel.sent(seq)).map((sent) => sent?.happenedAtMs)).toEqual([
      startMs - 6,
      startMs - 6,
      performance.now(),
    ]);
    expect(channel.sent(2)?.sentAtMs).toBe(performance.now());
  });

  it('is numbered over both channels, from 1', () => {
    channel.move(at(1));
    channel.key(4, true);
    vi.advanceTimersByTime(MOVE_EVERY_MS);
    channel.move(at(2));
    expect([...moves.events, ...actions.events].map(({ seq }) => seq).sort()).toEqual([1, 2, 3]);
  });

  it('is stamped with what the technician sees, and is nothing while nothing is seen', () => {
    channel.key(4, true);
    expect(actions.events[0]).toMatchObject({ monitor_id: 2, topology_epoch: 7 });
    stamp = undefined;
    channel.key(5, true);
    channel.button(at(0), 0, true);
    channel.move(at(0));
    expect(actions.sent.length + moves.sent.length).toBe(1);
  });
});

describe('moves', () => {
  it('leave at once, then at most every 4 ms, always the newest', () => {
    for (let x = 0; x < 10; x += 1) channel.move(at(x));
    expect(moves.events).toHaveLength(1);
    vi.advanceTimersByTime(MOVE_EVERY_MS);
    expect(moves.events.map((event) => event.kind === 'move' && event.position.x)).toEqual([0, 9]);
    vi.advanceTimersByTime(1_000);
    expect(moves.events).toHaveLength(2);
  });

  it('are dropped, not queued, while the channel is behind', () => {
    moves.bufferedBytes = MOVE_BACKLOG_BYTES + 1;
    channel.move(at(1));
    vi.advanceTimersByTime(1_000);
    expect(moves.sent).toEqual([]);
    moves.bufferedBytes = 0;
    channel.move(at(2));
    expect(moves.events).toHaveLength(1);
  });

  it('older than a press never follow it', () => {
    channel.move(at(1));
    channel.move(at(2));
    channel.button(at(3), 0, true);
    vi.advanceTimersByTime(1_000);
    expect(moves.events).toHaveLength(1);
    expect(actions.events[0]).toMatchObject({ kind: 'button', position: at(3) });
  });
});

describe('nothing stays down', () => {
  it('a key that is down repeats, one that is up is not released', () => {
    channel.key(4, true);
    channel.key(4, true);
    channel.key(4, false);
    channel.key(4, false);
    expect(actions.events.map((event) => event.kind === 'key' && event.down)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('releases go through a channel that refuses presses', () => {
    channel.key(4, true);
    actions.bufferedBytes = 1_000_000;
    channel.key(5, true);
    channel.wheel(at(0), 0, 120);
    channel.key(4, false);
    expect(actions.events.map((event) => event.kind)).toEqual(['key', 'key']);
    // What was refused is not held, so that its release is not owed either.
    expect(channel.holdsAnything).toBe(false);
  });

  it('everything is released when focus or channel is lost, at what it was aimed at', () => {
    channel.key(4, true);
    stamp = undefined;
    channel.releaseAll();
    expect(actions.events.at(-1)).toMatchObject({ kind: 'release_all', monitor_id: 2 });
    expect(channel.holdsAnything).toBe(false);
  });

  it('a new placement hears of nothing that was held over the old one', () => {
    channel.key(4, true);
    const next = { actions: new FakeChannel(), moves: new FakeChannel() };
    channel.use(next);
    expect(actions.events.at(-1)?.kind).toBe('release_all');
    channel.key(4, true);
    expect(next.actions.events).toMatchObject([{ kind: 'key', down: true }]);
  });

  it('a channel that closed takes nothing and throws nothing', () => {
    channel.key(4, true);
    actions.isOpen = false;
    channel.key(5, true);
    channel.releaseAll();
    expect(actions.sent).toHaveLength(1);
    expect(channel.isOpen).toBe(false);
    expect(channel.holdsAnything).toBe(false);
  });
});
