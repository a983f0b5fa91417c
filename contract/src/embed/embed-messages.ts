// postMessage between an RMM page (the host page) and the viewer in its iframe.
//
//   viewer  -> parent '*'            { gc: 'ready', versions: [1] }           says only that it is there, before its page has loaded
//   parent  -> viewer exact origin   { gc: 'connect', version: 1 } + one MessagePort
//   viewer  -> port                  { gc: 'connected', … } then events; commands come back on it
//
// The viewer takes `connect` only from its own parent window and from an origin that the session
// allows. After that the port is the whole conversation: no other window can speak on it.
import { z } from 'zod';
import { MonitorId, Topology } from '../monitor.ts';
import { JournalEvent } from '../journal.ts';
import { EndReason } from '../session.ts';
import { WireError } from '../errors.ts';

export const EMBED_VERSION = 1;

export const EmbedReady = z.object({
  gc: z.literal('ready'),
  versions: z.array(z.number().int()).min(1).max(8),
});
export const EmbedConnect = z.object({
  gc: z.literal('connect'),
  version: z.literal(EMBED_VERSION),
});

/** How the viewer is doing, as it shows it to the technician. */
export const VIEWER_STATES = {
  exchanging: 'Trading the one-time code for a token',
  joining: 'Connecting to signaling',
  waiting_agent: 'The machine is not online yet',
  waiting_consent: 'The end user is being asked',
  connecting: 'Media is being set up',
  live: 'The picture is shown',
  reconnecting: 'A connection was lost and is being restored',
  ended: 'The session is over',
  failed: 'The viewer could not start; the error says why',
} as const;
export type ViewerState = keyof typeof VIEWER_STATES;
export const ViewerState = z.enum(Object.keys(VIEWER_STATES) as [ViewerState, ...ViewerState[]]);

/** viewer -> host page. */
export const EmbedEvent = z.discriminatedUnion('gc', [
  z.looseObject({
    gc: z.literal('connected'),
    version: z.number().int(),
    session_id: z.string(),
    state: ViewerState,
  }),
  /**
   * Instead of `connected`: the viewer does not speak to this page. It could not start, or the page
   * is of an origin that the session does not allow; which of them it does not say.
   */
  z.looseObject({ gc: z.literal('refused') }),
  z.looseObject({
    gc: z.literal('state'),
    state: ViewerState,
    end_reason: EndReason.optional(),
    error: WireError.optional(),
  }),
  /** The journal as the events API and webhooks tell it, with the same seq. */
  z.looseObject({ gc: z.literal('event'), event: JournalEvent }),
  z.looseObject({
    gc: z.literal('topology'),
    topology: Topology,
    selected_monitor_id: MonitorId.optional(),
  }),
  z.looseObject({ gc: z.literal('input'), enabled: z.boolean(), why: z.string().optional() }),
  /** Answer to a command that carried an `id`. */
  z.looseObject({ gc: z.literal('done'), id: z.number().int(), error: WireError.optional() }),
]);
export type EmbedEvent = z.output<typeof EmbedEvent>;

const commandId = { id: z.number().int().nonnegative().optional() };

/** host page -> viewer. */
export const EmbedCommand = z.discriminatedUnion('gc', [
  z.object({ gc: z.literal('select_monitor'), monitor_id: MonitorId, ...commandId }),
  /** All monitors at once, as they lie on the desk, or one at a time. */
  z.object({ gc: z.literal('set_layout'), layout: z.enum(['single', 'grid']), ...commandId }),
  /** Keyboard and mouse of the technician go to the machine; refused when they can not. */
  z.object({ gc: z.literal('request_control'), ...commandId }),
  /** Physical keys pressed in order and released in reverse: ["ControlLeft","AltLeft","Delete"]. */
  z.object({
    gc: z.literal('send_keys'),
    codes: z.array(z.string().max(32)).min(1).max(8),
    ...commandId,
  }),
  z.object({ gc: z.literal('focus'), ...commandId }),
  z.object({ gc: z.literal('end_session'), ...commandId }),
]);
export type EmbedCommand = z.output<typeof EmbedCommand>;
