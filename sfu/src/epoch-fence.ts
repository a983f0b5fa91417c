// The fence of DESIGN's "one session, one live placement": remembers the newest epoch of every
// session this node has carried, also after it ended here, so that a late command of an older
// placement can neither touch the new one nor bring the old one back. Pure; MediaNode owns it.
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';

type Placement = { readonly epoch: number; readonly open: boolean };

/** Ended sessions remembered; a command cannot be on its way for longer than they last. */
const ENDED_REMEMBERED = 20_000;

export class EpochFence {
  readonly #placements = new Map<SessionId, Placement>();
  readonly #endedRemembered: number;
  #ended = 0;

  constructor(endedRemembered: number = ENDED_REMEMBERED) {
    this.#endedRemembered = endedRemembered;
  }

  /**
   * May a placement with this epoch be opened here? An epoch names one placement: once that has
   * ended (closed, or lost with its worker) only a newer one may follow.
   * @returns `running` when exactly this one runs already, `new` when it has to be made.
   * @throws GcError `stale_epoch`.
   */
  mayOpen(sessionId: SessionId, epoch: number): 'running' | 'new' {
    const known = this.#placements.get(sessionId);
    if (!known || epoch > known.epoch) return 'new';
    if (epoch === known.epoch && known.open) return 'running';
    throw this.#stale(known);
  }

  /**
   * Lets a command pass that belongs to the placement that runs here.
   * @throws GcError `stale_epoch` for an older one; `session_not_found` when that placement is not
   * here: never opened, ended, or a newer epoch that this node was not given.
   */
  check(sessionId: SessionId, epoch: number): void {
    const known = this.#placements.get(sessionId);
    if (known && epoch < known.epoch) throw this.#stale(known);
    if (!known?.open || epoch > known.epoch)
      throw new GcError('session_not_found', `this node has no epoch ${epoch} of that session`);
  }

  /** May be told of the end of any epoch that is not older; an unknown session is fenced too. */
  mayClose(sessionId: SessionId, epoch: number): void {
    const known = this.#placements.get(sessionId);
    if (known && epoch < known.epoch) throw this.#stale(known);
  }

  opened(sessionId: SessionId, epoch: number): void {
    this.#forget(sessionId);
    this.#placements.set(sessionId, { epoch, open: true });
  }

  ended(sessionId: SessionId, epoch: number): void {
    this.#forget(sessionId);
    this.#placements.set(sessionId, { epoch, open: false });
    this.#ended += 1;
    // Maps iterate in order of insertion, so the first ended one is the one that ended first.
    for (const [id, placement] of this.#placements) {
      if (this.#ended <= this.#endedRemembered) break;
      if (!placement.open) this.#forget(id);
    }
  }

  #forget(sessionId: SessionId): void {
    const known = this.#placements.get(sessionId);
    if (!known) return;
    if (!known.open) this.#ended -= 1;
    this.#placements.delete(sessionId);
  }

  #stale(known: Placement): GcError {
    return new GcError(
      'stale_epoch',
      known.open
        ? `epoch ${known.epoch} of this session runs here`
        : `epoch ${known.epoch} of this session has ended here: place it again with a newer one`,
    );
  }
}
