// What this RMM has heard of its sessions: each event once, whichever way it came and however often.
// The events API and webhooks tell the same journal with the same seq, so (session, seq) is the
// identity of an event. Pure; a real RMM keeps this in its database.
import type { JournalEvent } from '@guruconnect/contract/journal';

export type Way = 'webhook' | 'api';
export type HeardEvent = JournalEvent & { readonly ways: readonly Way[] };

/** Sessions that are remembered, the latest. */
const MAX_SESSIONS = 100;

type Journal = Map<number, { readonly event: JournalEvent; readonly ways: Set<Way> }>;

export class EventInbox {
  readonly #journals = new Map<string, Journal>();

  /** @returns false when it was known already: whatever an event sets off is done once. */
  take(event: JournalEvent, way: Way): boolean {
    const journal = this.#journal(event.session_id);
    const known = journal.get(event.seq);
    if (known) known.ways.add(way);
    else journal.set(event.seq, { event, ways: new Set([way]) });
    return known === undefined;
  }

  /** Seq of the last event that was read from the events API: ask it for what came `after`. */
  readTo(sessionId: string): number {
    const journal = this.#journals.get(sessionId) ?? new Map<never, never>();
    return Math.max(0, ...[...journal].flatMap(([seq, { ways }]) => (ways.has('api') ? seq : [])));
  }

  /** In the order of the journal. */
  list(sessionId: string): HeardEvent[] {
    return [...(this.#journals.get(sessionId)?.values() ?? [])]
      .map(({ event, ways }) => ({ ...event, ways: [...ways].sort() }))
      .sort((a, b) => a.seq - b.seq);
  }

  #journal(sessionId: string): Journal {
    const found = this.#journals.get(sessionId);
    if (found) return found;
    const oldest = this.#journals.keys().next();
    if (this.#journals.size >= MAX_SESSIONS && !oldest.done) this.#journals.delete(oldest.value);
    const journal: Journal = new Map();
    this.#journals.set(sessionId, journal);
    return journal;
  }
}
