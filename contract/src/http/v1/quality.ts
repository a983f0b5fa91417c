// Body of the quality route: how a session's media is doing, hop by hop, for support desks that
// are told "it is slow" and have to say where.
import { z } from 'zod';
import { SessionId, ViewerId } from '../../ids.ts';

const ms = z.number().nonnegative();
const bps = z.number().int().nonnegative();

const leg = {
  connected: z.boolean(),
  round_trip_ms: ms.optional(),
  loss_ratio: z.number().min(0).max(1).optional(),
  bitrate_bps: bps,
  /** What the congestion controller believes the leg can carry. */
  available_bps: bps.optional(),
};

export const SessionQuality = z.looseObject({
  session_id: SessionId,
  at: z.iso.datetime(),
  node_id: z.string(),
  epoch: z.number().int(),
  agent: z.looseObject(leg),
  viewers: z.array(z.looseObject({ viewer_id: ViewerId, ...leg })),
});
export type SessionQuality = z.output<typeof SessionQuality>;
