// A session's ordered events and its state, which change together: decide (session-state.ts), write
// both in one transaction, then tell. Nobody hears of anything that can not be read yet. One
// change at a time; nothing in here waits for a network. Owned by Session.
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Bus } from '../store/bus.ts';
import type { SessionRecord } from '../store/session-record.ts';
import { StoreConflict, type Beside, type Store } from '../store/store.ts';
import { actorOfEvent } from './event-actor.ts';
import {
  decide,
  isoTime,
  type Decision,
  type NewEvent,
  type SessionFact,
} from './session-state.ts';

export type JournalParts = { readonly store: Store; readonly bus: Bus };

/** Another process changes the session at the same time; more often than this is a fault. */
const MAX_CONFLICTS = 5;

export class Journal {
  readonly #parts: JournalParts;
  readonly #onChanged: (record: SessionRecord) => void;
  #record: SessionRecord;
  #last: Promise<unknown> = Promise.resolve();

  /** @param onChanged told after each change is written and told to everybody else. */
  constructor(
    record: SessionRecord,
    parts: JournalParts,
    onChanged: (record: SessionRecord) => void,
  ) {
    this.#record = record;
    this.#parts = parts;
    this.#onChanged = onChanged;
  }

  /**
   * The first entries of a new session, and what is written with them.
   * @throws GcError `client_ref_in_use`; nothing is written then.
   */
  static async begin(
    parts: JournalParts,
    fresh: SessionRecord,
    events: readonly NewEvent[],
    beside?: (record: SessionRecord) => Beside,
  ): Promise<SessionRecord> {
    const entries = number(fresh, { record: fresh, events }, fresh.created_at_ms);
    const record = { ...fresh, last_seq: fresh.last_seq + entries.length };
    const taken = await parts.store.sessions.create(record, entries, beside?.(record));
    if (taken !== undefined) throw clientRefInUse(taken);
    tell(parts.bus, record, entries);
    return record;
  }

  /** As it was written last. */
  get record(): SessionRecord {
    return this.#record;
  }

  /**
   * @returns the record after the fact, and whether the fact changed it.
   * @throws GcError when the fact may not be now; nothing has changed then.
   */
  apply(fact: SessionFact): Promise<{ record: SessionRecord; changed: boolean }> {
    const outcome = this.#last.then(() => this.#apply(fact));
    this.#last = outcome.catch(() => {
      // told to whoever applied it; the next fact does not care
    });
    return outcome;
  }

  async #apply(fact: SessionFact): Promise<{ record: SessionRecord; changed: boolean }> {
    for (let conflicts = 0; ; conflicts += 1) {
      const nowMs = Date.now();
      const decision = decide(this.#record, fact, nowMs);
      if (!decision) return { record: this.#record, changed: false };
      const entries = number(this.#record, decision, nowMs, fact.by);
      const record: SessionRecord = {
        ...decision.record,
        rev: this.#record.rev + 1,
        last_seq: this.#record.last_seq + entries.length,
      };
      try {
        await this.#parts.store.sessions.commit(record, entries);
      } catch (error) {
        if (!(error instanceof StoreConflict) || conflicts >= MAX_CONFLICTS) throw error;
        this.#record = (await this.#parts.store.sessions.read(record.id)) ?? this.#record;
        continue;
      }
      this.#record = record;
      tell(this.#parts.bus, record, entries);
      this.#onChanged(record);
      return { record, changed: true };
    }
  }
}

/** The integrator is told which session it is: to join it is mostly what was wanted. */
export const clientRefInUse = (sessionId: SessionId): GcError =>
  new GcError('client_ref_in_use', `${sessionId} is open with this client_ref`, { sessionId });

const number = (
  { id, last_seq }: SessionRecord,
  { record, events }: Decision,
  atMs: number,
  by?: AuditActor,
): JournalEvent[] =>
  events.map((event, index) => ({
    seq: last_seq + 1 + index,
    session_id: id,
    type: event.type,
    at: isoTime(atMs),
    data: event.data,
    actor: event.by ?? by ?? actorOfEvent(event, record),
  }));

function tell(bus: Bus, record: SessionRecord, entries: readonly JournalEvent[]): void {
  for (const event of entries)
    bus.publish('journal.appended', { session_id: record.id, event, record });
}
