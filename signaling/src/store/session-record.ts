// A session as it is stored: everything that has to outlive this process. What only lives with
// sockets and routers is elsewhere (session/session.ts, media/media-view.ts). Times are
// milliseconds since 1970; the contract's RFC 3339 text is made in session/session-view.ts.
import { z } from 'zod';
import { BootId, DeviceId, Epoch, NodeId, SessionId, ViewerId } from '@guruconnect/contract/ids';
import { ConsentPolicy } from '@guruconnect/contract/consent-policy';
import { Grant } from '@guruconnect/contract/grants';
import { Topology } from '@guruconnect/contract/monitor';
import { Rendition } from '@guruconnect/contract/rendition';
import { ConsentState, EndReason, SessionMode, SessionState } from '@guruconnect/contract/session';
import { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import { ViewerJwk } from '@guruconnect/contract/tokens';

const timeMs = z.number().int().nonnegative();

const TechnicianRecord = z.object({
  id: z.string(),
  name: z.string(),
  organization: z.string().optional(),
});

export const ViewerRecord = z.object({
  id: ViewerId,
  technician: TechnicianRecord,
  grants: z.array(Grant),
  /** Its tokens and proofs are good for this key only. */
  public_key: ViewerJwk,
  admitted_at_ms: timeMs,
  /** First hello; absent while the code is exchanged but no socket came. */
  joined_at_ms: timeMs.optional(),
  /** Set while it is not there; a viewer may come back. */
  left_at_ms: timeMs.optional(),
  /** Taken out for good: neither its token nor its media is worth anything since. */
  removed_at_ms: timeMs.optional(),
  /** What it can decode, and in which placement it asked for pictures: monitors that appear later
   * are offered to it, also by a process that was started after it asked. */
  consuming: z
    .object({
      epoch: Epoch,
      rtp_capabilities: RtpCapabilities,
      renditions: z.array(Rendition).default([]),
    })
    .optional(),
});
export type ViewerRecord = z.output<typeof ViewerRecord>;

export const SessionRecord = z.object({
  id: SessionId,
  /** Rises with each commit; a commit that expects another one is refused. */
  rev: z.number().int().nonnegative(),
  last_seq: z.number().int().nonnegative(),
  state: SessionState,
  /** When it came into this state. */
  state_since_ms: timeMs,

  device_id: DeviceId,
  mode: SessionMode,
  technician: TechnicianRecord,
  reason: z.string().optional(),
  grants: z.array(Grant),
  embed_origins: z.array(z.string()),
  consent_timeout_s: z.number(),
  consent_policy: ConsentPolicy.optional(),
  wait_for_agent_s: z.number(),
  max_duration_s: z.number(),
  client_ref: z.string().optional(),
  metadata: z.record(z.string(), z.string()),

  agent: z.object({
    connected: z.boolean(),
    /** When `connected` last changed. */
    since_ms: timeMs,
    /** The boot that took the offer; another boot knows nothing of it and has to be asked anew. */
    offered_boot: BootId.optional(),
    /** Since when its answer is awaited; absent before the offer and after the answer. */
    offered_at_ms: timeMs.optional(),
  }),
  consent: ConsentState,
  /** The agent said that this session may be shown, by its own policy or by asking somebody. */
  allowed: z.boolean(),

  placement: z.object({
    epoch: Epoch,
    node_id: NodeId,
    /** The agent's transports are up, as far as the media node told. */
    agent_media: z.boolean(),
    /** The agent said in this epoch that all monitors are published. */
    published: z.boolean(),
  }),
  /** Why it is `reconnecting`. */
  lost: z.enum(['agent_lost', 'media_lost']).optional(),
  topology: Topology,
  viewers: z.array(ViewerRecord),

  created_at_ms: timeMs,
  live_at_ms: timeMs.optional(),
  ended_at_ms: timeMs.optional(),
  end_reason: EndReason.optional(),
});
export type SessionRecord = z.output<typeof SessionRecord>;
