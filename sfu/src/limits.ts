// How much one session may ask of a node. What is bounded by construction needs no number here:
// an endpoint has two transports, one consumer per rendition, one producer per channel label, and
// the agent one data consumer per input producer.
import { GcError } from '@guruconnect/contract/errors';
import { MAX_MONITORS } from '@guruconnect/contract/monitor';
import { RENDITION_NAMES } from '@guruconnect/contract/rendition';

export type SessionLimits = {
  /** The agent and its viewers. */
  readonly endpoints: number;
  /** Renditions of monitors published at once. */
  readonly videos: number;
  /** Commands of one session that wait for the one that runs. */
  readonly waitingCommands: number;
};

export const SESSION_LIMITS: SessionLimits = {
  endpoints: 1 + 32,
  videos: MAX_MONITORS * RENDITION_NAMES.length,
  // A viewer that joins sends about 55 commands at once (transports, 16 monitors, channels).
  waitingCommands: 256,
};

/** @throws GcError `limit_reached` when `count` things are there and no further one may be. */
export function roomFor(what: string, count: number, limit: number): void {
  if (count >= limit) throw new GcError('limit_reached', `${what}: at most ${limit} at once`);
}
