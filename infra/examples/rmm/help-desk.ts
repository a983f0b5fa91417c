// What an RMM does with GuruConnect: which machines there are, sessions begun and ended, and what
// became of them. Everything is one call of the typed client; the rest of this folder is HTTP.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createClient, type Client } from '@guruconnect/contract/client/client';
import { GcError, parseOr } from '@guruconnect/contract/errors';
import { Grant, Grants } from '@guruconnect/contract/grants';
import type { Machine } from '@guruconnect/contract/http/v1/machines';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import { DeviceId, SessionId } from '@guruconnect/contract/ids';
import { SessionMode, type Session } from '@guruconnect/contract/session';
import { EventInbox, type HeardEvent } from './event-inbox.ts';
import { WebhookDoor, type Subscription } from './webhook-door.ts';

/** How a page asks for a session: `?device=pc-42&mode=attended&grants=view`. */
const Wish = z.object({
  device: DeviceId.optional(),
  mode: SessionMode.optional(),
  grants: z
    .union([z.string().transform((text) => text.split(',')), z.array(z.string())])
    .pipe(z.array(Grant))
    .pipe(Grants)
    .default(['control', 'view']),
});

export type DeskConfig = {
  /** Public URL of the GuruConnect server. */
  readonly apiUrl: string;
  readonly integratorKey: string;
  /** Of sessions that do not say; else the first machine that is online. */
  readonly deviceId?: string | undefined;
  /** Of sessions that do not say. */
  readonly mode?: SessionMode | undefined;
};

export type SessionStory = {
  readonly session: Pick<Session, 'id' | 'state' | 'mode' | 'grants' | 'consent' | 'end_reason'>;
  readonly events: readonly HeardEvent[];
  readonly webhooks: Subscription;
};

const TECHNICIAN = { id: 'sam.rivera', name: 'Sam Rivera', organization: 'Northwind IT' };
const REASON = 'Ticket 4711: the printer does not print';
const EVENTS_AT_ONCE = 500;

export class HelpDesk {
  readonly webhooks: WebhookDoor;
  readonly #config: DeskConfig;
  readonly #gc: Client;
  readonly #inbox = new EventInbox();

  constructor(config: DeskConfig) {
    this.#config = config;
    this.#gc = createClient({ baseUrl: config.apiUrl, key: config.integratorKey });
    this.webhooks = new WebhookDoor(this.#gc, (event) => this.#inbox.take(event, 'webhook'));
  }

  /** All of them, and the one that is meant when nobody says. */
  async machines(): Promise<{ machines: Machine[]; selected: string | undefined }> {
    const machines: Machine[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#gc.machines.list({ limit: 100, ...(cursor ? { cursor } : {}) });
      machines.push(...page.machines);
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    const first = machines.find(({ online }) => online) ?? machines[0];
    return { machines, selected: this.#config.deviceId ?? first?.device_id };
  }

  /** @throws GcError with the code of the contract, or `invalid_request` for the wish. */
  async begin(wish: unknown, embedOrigins: string[]): Promise<CreatedSession> {
    const { device, mode, grants } = parseOr(Wish, wish, 'The wish for a session');
    const device_id = device ?? this.#config.deviceId ?? (await this.machines()).selected;
    if (device_id === undefined) throw new GcError('machine_not_found', 'No machine has enrolled');
    return this.#gc.sessions.create({
      device_id,
      mode: mode ?? this.#config.mode ?? 'unattended',
      technician: TECHNICIAN,
      grants,
      embed_origins: embedOrigins,
      reason: REASON,
      // Each visit is a session of its own: a device has one open session with a reference.
      client_ref: `ticket-4711/${randomUUID()}`,
    });
  }

  /** The session as it is, and its events: what webhooks told and, after the last seq, the rest. */
  async story(sessionId: string): Promise<SessionStory> {
    const session_id = parseOr(SessionId, sessionId, 'The session id');
    const session = await this.#gc.sessions.read({ session_id });
    for (;;) {
      const after = this.#inbox.readTo(session_id);
      const { events } = await this.#gc.sessions.events({
        session_id,
        after,
        limit: EVENTS_AT_ONCE,
      });
      for (const event of events) this.#inbox.take(event, 'api');
      if (events.length < EVENTS_AT_ONCE) break;
    }
    const { id, state, mode, grants, consent, end_reason } = session;
    return {
      session: { id, state, mode, grants, consent, ...(end_reason ? { end_reason } : {}) },
      events: this.#inbox.list(session_id),
      webhooks: this.webhooks.subscription,
    };
  }

  async end(sessionId: string): Promise<void> {
    const session_id = parseOr(SessionId, sessionId, 'The session id');
    await this.#gc.sessions.end({ session_id, reason: 'Ended in the RMM' });
  }
}
