// Where a session's media is: on which node, under which epoch; placed anew whenever it is lost
// there. One placing at a time. Owned by Session.
import { backoffMs, type BackoffPolicy } from '@guruconnect/contract/base/backoff';
import { GcError } from '@guruconnect/contract/errors';
import type { NodeId, SessionId } from '@guruconnect/contract/ids';
import { LIMITS } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { NodeDirectory } from '../media/node-directory.ts';
import { SessionMedia } from '../media/session-media.ts';
import type { Metrics } from '../metrics.ts';
import type { Placement, Store } from '../store/store.ts';
import type { Journal } from './journal.ts';

export type PlacingParts = {
  readonly store: Store;
  readonly nodes: NodeDirectory;
  readonly metrics: Metrics;
};

/** A node whose worker just died has a new one within half a second. */
const PLACE_AGAIN: BackoffPolicy = { firstMs: 200, maxMs: 2_000, factor: 1.8, jitter: 0.3 };
const NO_NODE_RETRY_MS = 2_000;
const MINUTE_MS = 60_000;

/**
 * Opens a router for the session on some node that takes it. The placement is written before the
 * router exists, so a crash in between leaves nothing that is not found again.
 * @throws GcError `no_media_node` when none does; nothing is left behind then.
 */
export async function openSomewhere(
  parts: PlacingParts,
  sessionId: SessionId,
): Promise<SessionMedia> {
  const refused = new Set<NodeId>();
  for (;;) {
    const nodeId = parts.nodes.choose(refused)?.status?.nodeId;
    if (nodeId === undefined) {
      parts.metrics.placements.inc({ result: 'no_node' });
      throw new GcError('no_media_node', undefined, { retryAfterMs: NO_NODE_RETRY_MS });
    }
    const placement = await parts.store.placements.reserve(sessionId, nodeId);
    const media = new SessionMedia(parts.nodes, placement);
    try {
      await media.open();
      parts.metrics.placements.inc({ result: 'placed' });
      return media;
    } catch (error) {
      if (!(error instanceof GcError)) throw error;
      // Whatever the reason, the next node may take it; an order without an answer is undone.
      parts.metrics.placements.inc({ result: error.code });
      refused.add(nodeId);
      await closeRouter(parts, placement, 'not_placed');
    }
  }
}

/**
 * Closes a router that is not wanted any more. When its node can not be reached the placement stays
 * written and is closed when the node's link is up again.
 */
export async function closeRouter(
  parts: Pick<PlacingParts, 'store' | 'nodes'>,
  placement: Placement,
  reason: string,
): Promise<void> {
  try {
    await new SessionMedia(parts.nodes, placement).close(reason);
  } catch (error) {
    if (error instanceof GcError) return;
    throw error;
  }
  await parts.store.placements.remove(placement);
}

export class Placing {
  readonly #parts: PlacingParts;
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #onPlaced: (media: SessionMedia) => void;
  readonly #onGivenUp: () => void;
  /** When it was placed within the last minute. */
  #lately: number[] = [];
  #media: SessionMedia;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  /**
   * @param media of the placement the journal's record names.
   * @param onPlaced the session has a new placement; all that was is gone.
   * @param onGivenUp it is lost again and again: something is wrong with the session itself.
   */
  constructor(
    media: SessionMedia,
    journal: Journal,
    parts: PlacingParts & { logger: Logger },
    on: { placed: (media: SessionMedia) => void; givenUp: () => void },
  ) {
    this.#media = media;
    this.#journal = journal;
    this.#parts = parts;
    this.#logger = parts.logger;
    this.#onPlaced = on.placed;
    this.#onGivenUp = on.givenUp;
  }

  get media(): SessionMedia {
    return this.#media;
  }

  /** Resolves when nothing is being placed. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /**
   * The media of the current placement, for a command that names its epoch.
   * @throws GcError `stale_epoch`; `no_media_node` while it is being placed.
   */
  at(epoch: number): SessionMedia {
    if (epoch !== this.#media.placement.epoch) throw new GcError('stale_epoch');
    return this.placed();
  }

  /** @throws GcError `no_media_node` while it is being placed. */
  placed(): SessionMedia {
    if (this.#running)
      throw new GcError('no_media_node', 'The session is being placed on a media node', {
        retryAfterMs: NO_NODE_RETRY_MS,
      });
    return this.#media;
  }

  /** Places the session anew; asked again meanwhile, it is the same placing. Never rejects. */
  replace(why: string): Promise<void> {
    this.#running ??= this.#place(why)
      .finally(() => {
        this.#running = undefined;
      })
      .then((media) => {
        if (media) this.#onPlaced(media);
      });
    return this.#running;
  }

  /** A node's link came up while none could be found: look again at once. */
  nodeReady(): void {
    this.#wake?.();
  }

  /** Ends what runs and closes the router. */
  async close(reason: string): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#running;
    await closeRouter(this.#parts, this.#media.placement, reason);
  }

  /** Ends what runs and leaves the router alone: this process stops, the session does not. */
  abandon(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async #place(why: string): Promise<SessionMedia | undefined> {
    const old = this.#media.placement;
    this.#logger.info({ epoch: old.epoch, why }, 'session is placed again');
    const nowMs = performance.now();
    this.#lately = [...this.#lately.filter((at) => nowMs - at < MINUTE_MS), nowMs];
    if (this.#lately.length > LIMITS.placementsPerMinute) {
      this.#onGivenUp();
      return undefined;
    }
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        return await this.#move(old);
      } catch (err) {
        const { code } = GcError.from(err);
        if (code === 'session_ended') return undefined;
        if (code !== 'no_media_node') this.#logger.error({ err }, 'a session could not be placed');
        await this.#pause(backoffMs(attempt, PLACE_AGAIN));
      }
    }
    return undefined;
  }

  async #move(old: Placement): Promise<SessionMedia> {
    const media = await openSomewhere(this.#parts, this.#journal.record.id);
    try {
      const { epoch, node_id } = media.placement;
      await this.#journal.apply({ kind: 'placed', epoch, node_id });
    } catch (error) {
      // It ended meanwhile.
      await closeRouter(this.#parts, media.placement, 'session_ended');
      throw error;
    }
    this.#media = media;
    void closeRouter(this.#parts, old, 'placed_again').catch((err: unknown) => {
      this.#logger.warn({ err }, 'an old router could not be closed');
    });
    return media;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
