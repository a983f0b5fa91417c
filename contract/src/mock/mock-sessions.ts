// All sessions of the mock broker and their journals: what happened is written here first, then told
// to whoever listens. Owned by MockBroker.
import { Emitter } from '../base/emitter.ts';
import { GcError } from '../errors.ts';
import type { CreateSession } from '../http/v1/sessions.ts';
import { newId, type DeviceId, type SessionId } from '../ids.ts';
import type { JournalEvent } from '../journal.ts';
import type { EndReason, Session } from '../session.ts';
import { SCENARIOS, type Delay, type ScenarioName, type StepName } from './scenarios.ts';
import { ScriptPlayer } from './script-player.ts';
import { afterStep, ended, mayHappen, type NewEvent, type Outcome } from './session-steps.ts';

export const OPEN_SESSIONS_PER_DEVICE = 8;

type Entry = { session: Session; readonly journal: JournalEvent[]; player?: ScriptPlayer };
/** What a step did; not every step is told in the journal. */
export type Stepped = {
  readonly session_id: SessionId;
  readonly step?: StepName;
  readonly events: readonly JournalEvent[];
};
type SessionEvents = {
  /** After the session and its journal say so. */
  event: JournalEvent;
  /** Before what the step does to the session. */
  step: { readonly session: Session; readonly step: StepName };
};

export class MockSessions extends Emitter<SessionEvents> {
  readonly #speed: number;
  readonly #entries = new Map<SessionId, Entry>();

  constructor(speed: number, onListenerError: (error: unknown) => void) {
    super(onListenerError);
    this.#speed = speed;
  }

  /** @throws GcError `client_ref_in_use`, `limit_reached`. */
  create(request: CreateSession, scenario: ScenarioName): Session {
    const { device_id, client_ref } = request;
    const open = this.open(device_id);
    const same = open.find((session) => session.client_ref === client_ref);
    if (client_ref !== undefined && same)
      throw new GcError('client_ref_in_use', `${same.id} is open with this client_ref`, {
        sessionId: same.id,
      });
    if (open.length >= OPEN_SESSIONS_PER_DEVICE)
      throw new GcError(
        'limit_reached',
        `${OPEN_SESSIONS_PER_DEVICE} sessions of this device are open`,
      );
    const entry: Entry = { session: freshSession(request), journal: [] };
    const { id } = entry.session;
    this.#entries.set(id, entry);
    this.#write(entry, {
      session: { ...entry.session, epoch: 1 },
      events: [
        { type: 'session.created', data: {} },
        { type: 'session.placed', data: { epoch: 1 } },
      ],
    });
    const created = entry.session;
    entry.player = new ScriptPlayer({
      steps: SCENARIOS[scenario].steps,
      speed: this.#speed,
      lastsMs: (step, delay) => this.#lastsMs(entry.session, request, step, delay),
      play: (step) => this.#play(entry, step),
    });
    return created;
  }

  /** @throws GcError `session_not_found`. */
  read(id: SessionId): Session {
    return this.#entry(id).session;
  }

  /** @throws GcError `session_not_found`. */
  journal(id: SessionId): readonly JournalEvent[] {
    return this.#entry(id).journal;
  }

  /** @throws GcError `session_not_found`, `session_ended`. */
  readOpen(id: SessionId): Session {
    const session = this.read(id);
    if (session.state === 'ended') throw new GcError('session_ended');
    return session;
  }

  /** Newest first, also of those made in the same millisecond, whose ids tell nothing of it. */
  list(): Session[] {
    return [...this.#entries.values()].map(({ session }) => session).reverse();
  }

  open(deviceId?: DeviceId): Session[] {
    return this.list().filter(
      (session) =>
        session.state !== 'ended' && (deviceId === undefined || session.device_id === deviceId),
    );
  }

  /** Ending an ended session changes nothing. @throws GcError `session_not_found`. */
  end(id: SessionId, reason: EndReason, words?: string): Session {
    const { session } = this.#entry(id);
    if (session.state !== 'ended') this.write(id, ended(session, reason, Date.now(), [], words));
    return this.read(id);
  }

  /** @throws GcError `session_not_found`. */
  write(id: SessionId, outcome: Outcome): void {
    this.#write(this.#entry(id), outcome);
  }

  /** The next step of the session's scenario, now; no `step` when there is none left. */
  step(id: SessionId): Stepped {
    const entry = this.#entry(id);
    const before = entry.journal.length;
    const step = entry.player?.step();
    const events = entry.journal.slice(before);
    return { session_id: id, ...(step === undefined ? {} : { step }), events };
  }

  /** Idempotent. */
  close(): void {
    for (const { player } of this.#entries.values()) player?.close();
    this.removeAll();
  }

  #entry(id: SessionId): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new GcError('session_not_found');
    return entry;
  }

  /** What can not happen any more (somebody else ended it, or revoked a key) is left out. */
  #play(entry: Entry, step: StepName): void {
    if (!mayHappen(entry.session, step)) return;
    this.emit('step', { session: entry.session, step });
    // A listener may have ended it.
    if (!mayHappen(entry.session, step)) return;
    const nowMs = Date.now();
    const answerMs = (entry.session.consent.timeout_s * 1000) / (this.#speed || 1);
    this.#write(entry, afterStep(entry.session, step, nowMs, nowMs + answerMs));
  }

  #write(entry: Entry, { session, events }: Outcome): void {
    const at = new Date().toISOString();
    const told = events.map(({ type, data }: NewEvent, index): JournalEvent => {
      const seq = entry.journal.length + index + 1;
      return { seq, session_id: session.id, type, at, data };
    });
    entry.journal.push(...told);
    entry.session = { ...session, last_seq: entry.journal.length };
    if (session.state === 'ended') entry.player?.close();
    for (const event of told) this.emit('event', event);
  }

  #lastsMs(session: Session, request: CreateSession, step: StepName, delay: Delay): number {
    const isAnswer = step.startsWith('consent_');
    if (isAnswer && session.mode === 'unattended') return 0;
    if (typeof delay === 'number') return delay;
    const limitMs = request[delay] * 1000;
    if (delay !== 'max_duration_s') return limitMs;
    const ageMs = (Date.now() - Date.parse(session.created_at)) * this.#speed;
    return Math.max(0, limitMs - ageMs);
  }
}

function freshSession(request: CreateSession): Session {
  const nowMs = Date.now();
  const { reason, client_ref, mode, consent_timeout_s } = request;
  return {
    id: newId('ses', nowMs),
    state: 'waiting_agent',
    device_id: request.device_id,
    mode,
    technician: request.technician,
    ...(reason === undefined ? {} : { reason }),
    grants: request.grants,
    embed_origins: request.embed_origins,
    consent: {
      state: mode === 'attended' ? 'pending' : 'not_required',
      timeout_s: consent_timeout_s,
    },
    agent_online: false,
    topology: { topology_epoch: 0, monitors: [] },
    viewers: [],
    ...(client_ref === undefined ? {} : { client_ref }),
    metadata: request.metadata,
    epoch: 0,
    last_seq: 0,
    created_at: new Date(nowMs).toISOString(),
  };
}
