import type { types } from 'mediasoup-client';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { PathKeeper, type KeptTransport } from './path-keeper.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

class FakeTransport implements KeptTransport {
  readonly id: string;
  connectionState: types.ConnectionState = 'connected';
  restarts = 0;

  constructor(id: string) {
    this.id = id;
  }
  updateIceServers(): Promise<void> {
    return Promise.resolve();
  }
  restartIce(): Promise<void> {
    this.restarts += 1;
    return Promise.resolve();
  }
}

function keeper() {
  const clock = new FakeClock();
  const transports = [new FakeTransport('send'), new FakeTransport('recv')];
  const state = { sent: 0, arrived: 0, arrives: true, signaling: true };
  const lost: string[] = [];
  let refused = 0;
  const kept = new PathKeeper({
    transports,
    counters: () => ({ sent: state.sent, arrived: state.arrived }),
    restartIce: () =>
      state.signaling
        ? Promise.resolve({
            ice_parameters: { usernameFragment: 'abcd', password: 'x'.repeat(22) },
            ice_servers: [],
          })
        : Promise.reject(new Error('away')),
    onRestarted: () => undefined,
    onRefused: () => (refused += 1),
    onLost: (why) => lost.push(why),
    clock,
  });
  /** Seconds in which packets leave every 100 ms. */
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * 10; i += 1) {
      state.sent += 1;
      if (state.arrives) state.arrived = state.sent;
      clock.advance(100);
      await settle();
    }
  };
  return { clock, transports, state, lost, kept, pass, refused: () => refused };
}

describe('a path that is kept', () => {
  it('is left alone while packets arrive', async () => {
    const { pass, transports, lost } = keeper();
    await pass(30);
    expect(transports.map(({ restarts }) => restarts)).toEqual([0, 0]);
    expect(lost).toEqual([]);
  });

  it('is restarted both ways when nothing arrives, and well again when something does', async () => {
    const { pass, transports, state, lost } = keeper();
    await pass(1);
    state.arrives = false;
    await pass(3);
    expect(transports.map(({ restarts }) => restarts)).toEqual([1, 1]);
    state.arrives = true;
    await pass(20);
    expect(transports.map(({ restarts }) => restarts)).toEqual([1, 1]);
    expect(lost).toEqual([]);
  });

  it('is given up, once, when restarts do not help', async () => {
    const { pass, state, lost, clock } = keeper();
    state.arrives = false;
    await pass(60);
    expect(lost).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('is tried for ever while signaling cannot be asked', async () => {
    const { pass, state, lost, refused } = keeper();
    state.arrives = false;
    state.signaling = false;
    await pass(60);
    expect(lost).toEqual([]);
    expect(refused()).toBeGreaterThan(10);
  });

  it('is restarted when ICE hangs for more than a moment, also while nothing is sent', async () => {
    const { transports, clock, kept } = keeper();
    for (const transport of transports) transport.connectionState = 'disconnected';
    clock.advance(1000);
    await settle();
    expect(transports[0]?.restarts).toBe(0);
    clock.advance(1000);
    await settle();
    expect(transports[0]?.restarts).toBe(1);
    kept.close();
    expect(clock.pending).toBe(0);
  });
});
