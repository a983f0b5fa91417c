import { RECONNECT } from '@guruconnect/contract/base/backoff';
import { GcError } from '@guruconnect/contract/errors';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { keepConnected, STABLE_MS, untilDone } from './reconnect-loop.ts';

/** Lets everything that is already possible happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function loop(outcomes: readonly ('fails' | 'revoked' | 'connects')[]) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const attemptsAtMs: number[] = [];
  const failed: number[] = [];
  let dropped = 0;
  let lose: () => void = () => undefined;
  const running = keepConnected({
    connect: () => {
      const outcome = outcomes[attemptsAtMs.length] ?? 'connects';
      attemptsAtMs.push(clock.nowMs());
      if (outcome === 'fails') return Promise.reject(new GcError('timeout'));
      if (outcome === 'revoked') return Promise.reject(new GcError('credential_revoked'));
      const lost = Promise.withResolvers<void>();
      lose = lost.resolve;
      return Promise.resolve({ lost: lost.promise });
    },
    drop: () => (dropped += 1),
    isPermanent: ({ code }) => code === 'credential_revoked',
    onFailed: (_, attempt) => failed.push(attempt),
    clock,
    signal: abort.signal,
  });
  return {
    clock,
    abort,
    running,
    attemptsAtMs,
    failed,
    lose: () => lose(),
    dropped: () => dropped,
  };
}

describe('the reconnect loop', () => {
  it('waits longer each time, up to the maximum of the policy, and never gives up', async () => {
    const { clock, attemptsAtMs, failed, abort, running } = loop(Array(99).fill('fails'));
    for (let i = 0; i < 40; i += 1) {
      await settle();
      clock.advance(RECONNECT.maxMs);
    }
    await settle();
    expect(attemptsAtMs.length).toBeGreaterThanOrEqual(40);
    expect(failed).toEqual(failed.map((_, i) => i));
    abort.abort();
    await running;
  });

  it('comes back at once after a connection that had held', async () => {
    const { clock, attemptsAtMs, lose, abort, running } = loop([...Array(5).fill('fails')]);
    for (let i = 0; i < 6; i += 1) {
      await settle();
      clock.advance(RECONNECT.maxMs);
    }
    await settle();
    clock.advance(STABLE_MS + 1);
    const lostAtMs = clock.nowMs();
    lose();
    await settle();
    clock.advance(RECONNECT.firstMs);
    await settle();
    expect((attemptsAtMs.at(-1) ?? 0) - lostAtMs).toBeLessThanOrEqual(RECONNECT.firstMs);
    abort.abort();
    lose();
    await running;
  });

  it('ends with what no attempt can cure', async () => {
    const { running, attemptsAtMs } = loop(['revoked']);
    await expect(running).rejects.toMatchObject({ code: 'credential_revoked' });
    expect(attemptsAtMs).toHaveLength(1);
  });

  it('ends when told to, also while it waits, and drops every attempt', async () => {
    const { running, abort, dropped, clock } = loop(['fails', 'fails']);
    await settle();
    abort.abort();
    await running;
    expect(dropped()).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('does one thing until it is done', async () => {
    const clock = new FakeClock();
    let attempts = 0;
    const done = untilDone(
      () => (++attempts < 3 ? Promise.reject(new GcError('timeout')) : Promise.resolve('yes')),
      {
        isPermanent: () => false,
        onFailed: () => undefined,
        clock,
        signal: new AbortController().signal,
      },
    );
    for (let i = 0; i < 3; i += 1) {
      await settle();
      clock.advance(RECONNECT.maxMs);
    }
    await expect(done).resolves.toBe('yes');
    expect(clock.pending).toBe(0);
  });
});
