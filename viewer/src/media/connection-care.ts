// What to do about a transport that lost its way to the media node. Pure: states and time in, the
// next step out.
import type { types } from 'mediasoup-client';

type ConnectionState = types.ConnectionState;

/** A short loss heals by itself: WLAN roaming, one lost consent check. */
export const RESTART_AFTER_MS = 1_000;
/** An ICE restart has this long to work before the next one. */
const RESTART_EVERY_MS = 4_000;
/** After so many restarts the transports themselves are given up and made anew. */
const MAX_RESTARTS = 2;

export type CareFacts = {
  readonly state: ConnectionState;
  /** When this state began. */
  readonly sinceMs: number;
  /** ICE restarts since the connection was last up. */
  readonly restarts: number;
  readonly lastRestartMs: number;
  readonly nowMs: number;
};

export type CareStep = 'none' | 'wait' | 'restart_ice' | 'rejoin';

export function careStep(facts: CareFacts): CareStep {
  const { state, sinceMs, restarts, lastRestartMs, nowMs } = facts;
  if (state === 'connected' || state === 'new' || state === 'closed') return 'none';
  // A first connection that does not come up is judged as one that was lost, with more patience.
  const patienceMs =
    state === 'failed' ? 0 : state === 'disconnected' ? RESTART_AFTER_MS : RESTART_EVERY_MS;
  if (nowMs - sinceMs < patienceMs) return 'wait';
  if (restarts > 0 && nowMs - lastRestartMs < RESTART_EVERY_MS) return 'wait';
  return restarts < MAX_RESTARTS ? 'restart_ice' : 'rejoin';
}
