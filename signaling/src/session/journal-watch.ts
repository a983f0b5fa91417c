// Who waits for the next entry of a session's journal. Woken by the bus; nobody polls the store, and
// nothing is queued here: the journal is the queue, a watcher only learns that there is more of it.
// Owned by server.ts.
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type { Bus } from '../store/bus.ts';

/** When a place may be free again: about as long as a long poll takes. */
const NO_PLACE_RETRY_MS = 5_000;

export class JournalWatch {
  readonly #perHolder: number;
  readonly #watchers = new Map<SessionId, Set<Watcher>>();
  readonly #held = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #stopped = false;

  /** @param perHolder how many one integrator key may have at once. */
  constructor(bus: Bus, perHolder: number) {
    this.#perHolder = perHolder;
    this.#unsubscribe = bus.subscribe('journal.appended', ({ session_id }) => {
      for (const watcher of this.#watchers.get(session_id) ?? []) watcher.appended();
    });
  }

  /**
   * Start watching before reading the journal, so that nothing falls in between.
   * @param holder the key on whose account this is.
   * @throws GcError `limit_reached`.
   */
  watch(sessionId: SessionId, holder: string): Watcher {
    const held = this.#held.get(holder) ?? 0;
    if (held >= this.#perHolder)
      throw new GcError(
        'limit_reached',
        `A key waits for events of ${this.#perHolder} sessions at once at most`,
        { retryAfterMs: NO_PLACE_RETRY_MS },
      );
    this.#held.set(holder, held + 1);
    const ofSession = this.#watchers.get(sessionId) ?? new Set();
    const watcher = new Watcher(() => {
      ofSession.delete(watcher);
      if (ofSession.size === 0 && this.#watchers.get(sessionId) === ofSession)
        this.#watchers.delete(sessionId);
      const left = (this.#held.get(holder) ?? 1) - 1;
      if (left === 0) this.#held.delete(holder);
      else this.#held.set(holder, left);
    });
    this.#watchers.set(sessionId, ofSession.add(watcher));
    if (this.#stopped) watcher.close();
    return watcher;
  }

  /** How many wait now. */
  get size(): number {
    return [...this.#held.values()].reduce((total, count) => total + count, 0);
  }

  /** This process stops: everybody who waits is let go at once. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    for (const watchers of [...this.#watchers.values()])
      for (const watcher of [...watchers]) watcher.close();
  }
}

export class Watcher {
  readonly #onClosed: () => void;
  #isNews = false;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The journal has more than before. */
  appended(): void {
    this.#isNews = true;
    this.#wake?.();
  }

  /**
   * Resolves when something was appended since the last call, at the latest after `withinMs` (absent:
   * whenever that is) or when the watcher is closed. One caller at a time.
   */
  async news(withinMs?: number): Promise<void> {
    if (!this.#isNews && !this.#isClosed)
      await new Promise<void>((resolve) => {
        const late = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#isNews = false;
  }

  /** Idempotent; who waits goes on at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClosed();
    this.#wake?.();
  }
}
