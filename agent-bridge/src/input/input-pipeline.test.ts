import { decodeInput, encodeInput } from '@guruconnect/contract/input/input-codec';
import { COORDINATE_MAX, type InputEvent } from '@guruconnect/contract/input/input-event';
import type { Topology } from '@guruconnect/contract/monitor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { openFloor } from './arbitration.ts';
import { RecordingInjector } from './injector.recording.ts';
import { EVENTS_PER_SECOND, RESERVED_FOR_ACTIONS } from './input-budget.ts';
import { InputPipeline, MAX_MALFORMED } from './input-pipeline.ts';

const ADA = 'vwr_ada';
const BOB = 'vwr_bob';
const SHIFT = 0xe1;
const KEY_A = 4;

const monitor = (monitor_id: number, x: number) => ({
  monitor_id,
  name: `DUMMY${monitor_id}`,
  x,
  y: 10,
  width: 1000,
  height: 500,
  scale: 1,
  primary: monitor_id === 1,
});

function pipeline() {
  const clock = new FakeClock();
  const injector = new RecordingInjector();
  const state = {
    consented: true,
    asking: false,
    topology: { topology_epoch: 3, monitors: [monitor(1, 0), monitor(2, 1000)] } as Topology,
  };
  const refused: [string, number, string][] = [];
  const injecting: number[] = [];
  const probed: [string, number][] = [];
  const input = new InputPipeline({
    injector,
    arbitration: openFloor,
    clock,
    topology: () => state.topology,
    consented: () => state.consented,
    asking: () => state.asking,
    onInjecting: (seq) => injecting.push(seq),
    onRefused: (viewer, seq, code) => refused.push([viewer, seq, code]),
    onProbe: (viewer, seq) => probed.push([viewer, seq]),
  });
  input.setViewer(ADA, ['control', 'view']);
  let closed = 0;
  const channel = input.channel(ADA, () => (closed += 1));
  let seq = 0;
  const send = (event: object, to = channel): void => {
    seq += 1;
    to.onBytes(encodeInput({ monitor_id: 1, topology_epoch: 3, seq, ...event } as InputEvent));
  };
  return {
    clock,
    injector,
    state,
    refused,
    injecting,
    probed,
    input,
    channel,
    send,
    closed: () => closed,
  };
}

const at = (x: number, y: number) => ({ position: { x, y } });
const keyDown = (usage: number) => ({ kind: 'key', usage, down: true });
const keyUp = (usage: number) => ({ kind: 'key', usage, down: false });

describe('input on its way', () => {
  it('is carried out exactly as sent, at the pixel of the monitor it is for', () => {
    const { send, injector, injecting } = pipeline();
    send({ kind: 'move', ...at(0, 0) });
    send({
      kind: 'button',
      ...at(COORDINATE_MAX, COORDINATE_MAX),
      monitor_id: 2,
      button: 2,
      down: true,
    });
    send({ kind: 'wheel', ...at(0, 0), dx: -120, dy: 240 });
    send(keyDown(SHIFT));
    send({ kind: 'text', text: 'žluťoučký' });
    expect(injector.recorded).toEqual([
      { kind: 'move', xPx: 0, yPx: 10 },
      { kind: 'move', xPx: 1999, yPx: 509 },
      { kind: 'button', button: 2, down: true },
      { kind: 'move', xPx: 0, yPx: 10 },
      { kind: 'wheel', dx: -120, dy: 240 },
      { kind: 'key', usage: SHIFT, down: true },
      { kind: 'text', text: 'žluťoučký' },
    ]);
    expect(injecting).toEqual([1, 2, 3, 4, 5]);
  });

  it('is refused, and the viewer told, when it was meant for other monitors than there are', () => {
    const { send, injector, state, refused } = pipeline();
    state.topology = { ...state.topology, topology_epoch: 4 };
    send({ kind: 'button', ...at(5, 5), button: 0, down: true });
    expect(injector.recorded).toEqual([]);
    expect(refused).toEqual([[ADA, 1, 'stale_topology']]);
  });

  it('never moves the pointer back to where an overtaken move wanted it', () => {
    const { injector, channel } = pipeline();
    const move = (seq: number, x: number): void =>
      channel.onBytes(
        encodeInput({ kind: 'move', monitor_id: 1, topology_epoch: 3, seq, position: { x, y: 0 } }),
      );
    for (const seq of [0xfffffffe, 0, 0xffffffff, 1]) move(seq, COORDINATE_MAX);
    expect(injector.recorded).toHaveLength(3);
  });

  it('is a refusal, not a crash, when the endpoint cannot do it', () => {
    const { send, injector, refused } = pipeline();
    injector.refusal = 'text_backlog';
    send({ kind: 'text', text: 'a' });
    expect(refused).toEqual([[ADA, 1, 'rate_limited']]);
  });
});

describe('a question for the clock', () => {
  it('is answered whatever the monitors are, and is no input', () => {
    const { send, injector, injecting, probed, state } = pipeline();
    state.topology = { ...state.topology, topology_epoch: 4 };
    send({ kind: 'probe' });
    expect(probed).toEqual([[ADA, 1]]);
    expect([injector.recorded, injecting]).toEqual([[], []]);
  });

  it('is not answered before consent', () => {
    const { send, probed, state } = pipeline();
    state.consented = false;
    send({ kind: 'probe' });
    expect(probed).toEqual([]);
  });
});

describe('what is held down goes up again', () => {
  const endings: [string, (parts: ReturnType<typeof pipeline>) => void][] = [
    ['the channel dies', ({ channel }) => channel.onGone()],
    ['the viewer leaves', ({ input }) => input.removeViewer(ADA)],
    ['control is withdrawn', ({ input }) => input.setViewer(ADA, ['view'])],
    ['the session ends', ({ input }) => input.releaseAll()],
    ['the viewer says so', ({ send }) => send({ kind: 'release_all' })],
    [
      'it says so of monitors that are gone',
      ({ send }) => send({ kind: 'release_all', topology_epoch: 99, monitor_id: 77 }),
    ],
  ];
  it.each(endings)('when %s, letter before modifier', (_, end) => {
    const parts = pipeline();
    const { send, injector } = parts;
    send(keyDown(SHIFT));
    send(keyDown(KEY_A));
    send({ kind: 'button', ...at(0, 0), button: 0, down: true });
    const before = injector.recorded.length;
    end(parts);
    expect(injector.recorded.slice(before)).toEqual([
      { kind: 'button', button: 0, down: false },
      { kind: 'key', usage: KEY_A, down: false },
      { kind: 'key', usage: SHIFT, down: false },
    ]);
    expect(injector.held).toEqual([]);
  });

  it('when the key-up itself is refused', () => {
    const { send, injector, state, refused } = pipeline();
    send(keyDown(KEY_A));
    send({ kind: 'button', ...at(0, 0), button: 0, down: true });
    state.topology = { ...state.topology, topology_epoch: 4 };
    send(keyUp(KEY_A));
    send({ kind: 'button', ...at(0, 0), button: 0, down: false });
    expect(refused.map(([, , code]) => code)).toEqual(['stale_topology', 'stale_topology']);
    expect(injector.held).toEqual([]);
  });

  it('but not what another viewer holds', () => {
    const { send, injector, input } = pipeline();
    input.setViewer(BOB, ['control', 'view']);
    const bob = input.channel(BOB, () => undefined);
    send(keyDown(SHIFT));
    send(keyDown(KEY_A), bob);
    input.removeViewer(ADA);
    expect(injector.held).toEqual([{ kind: 'key', usage: KEY_A }]);
  });
});

describe('too much', () => {
  it('drops moves without a word, then refuses actions with one', () => {
    const { send, injector, refused } = pipeline();
    for (let i = 0; i < EVENTS_PER_SECOND; i += 1) send({ kind: 'move', ...at(i, i) });
    expect(injector.recorded.length).toBe(EVENTS_PER_SECOND - RESERVED_FOR_ACTIONS + 1);
    expect(refused).toEqual([]);
    for (let i = 0; i < 3 * EVENTS_PER_SECOND; i += 1) send(i % 2 ? keyUp(KEY_A) : keyDown(KEY_A));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(50);
    expect(new Set(refused.map(([, , code]) => code))).toEqual(new Set(['rate_limited']));
    expect(injector.held).toEqual([]);
  });

  it('works again a second later', () => {
    const { send, injector, clock } = pipeline();
    for (let i = 0; i < 2 * EVENTS_PER_SECOND; i += 1)
      send({ kind: 'wheel', ...at(0, 0), dx: 0, dy: 1 });
    const before = injector.recorded.length;
    clock.advance(1000);
    send(keyDown(KEY_A));
    expect(injector.recorded.slice(before)).toEqual([{ kind: 'key', usage: KEY_A, down: true }]);
  });

  it('closes a channel on which no input comes, and lets go of what it held', () => {
    const { send, channel, injector, closed, input } = pipeline();
    send(keyDown(KEY_A));
    for (let i = 0; i < MAX_MALFORMED - 1; i += 1) channel.onBytes(Uint8Array.of(9, 9));
    expect(closed()).toBe(0);
    channel.onBytes(new Uint8Array(0));
    expect(closed()).toBe(1);
    expect(injector.held).toEqual([]);
    expect(input.malformed).toBe(MAX_MALFORMED);
  });
});

it('whatever bytes come, nothing throws and nothing happens that the codec does not know', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const { channel, injector } = pipeline();
      channel.onBytes(bytes);
      const isInput = (() => {
        try {
          decodeInput(bytes);
          return true;
        } catch {
          return false;
        }
      })();
      if (!isInput) expect(injector.recorded).toEqual([]);
    }),
  );
});

it('before consent, without a grant or after leaving, nothing is typed', () => {
  const parts = pipeline();
  const { send, injector, state, input, refused } = parts;
  state.consented = false;
  send(keyDown(KEY_A));
  state.consented = true;
  input.setViewer(ADA, ['view']);
  send(keyDown(KEY_A));
  input.removeViewer(ADA);
  send(keyDown(KEY_A));
  expect(injector.recorded).toEqual([]);
  expect(refused.map(([, , code]) => code)).toEqual(['consent_required', 'grant_missing']);
});
