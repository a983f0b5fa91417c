// The pointer for all sessions: watched while there is one, as watching costs a little with each
// movement. Owned by Agent.
import type { Topology } from '@guruconnect/contract/monitor';
import type { Logger } from '../logger.ts';
import type { CursorListeners, CursorPosition, CursorShape, CursorWatch } from './cursor.ts';

export interface SharedPointerOptions {
  readonly open: (listeners: CursorListeners) => CursorWatch;
  readonly listeners: CursorListeners;
  readonly topology: () => Topology;
  readonly logger: Logger;
}

export class SharedPointer {
  readonly topology: () => Topology;
  readonly #options: SharedPointerOptions;
  #watch: CursorWatch | undefined;

  constructor(options: SharedPointerOptions) {
    this.topology = options.topology;
    this.#options = options;
  }

  readonly shape = (): CursorShape | undefined => this.#watch?.shape();

  readonly position = (): CursorPosition | undefined => this.#watch?.position();

  /** Idempotent. Without it sessions go on: their viewers draw a pointer of their own. */
  start(): void {
    if (this.#watch) return;
    const { open, listeners, logger } = this.#options;
    try {
      this.#watch = open(listeners);
    } catch (err) {
      logger.warn({ err }, 'the pointer cannot be watched');
    }
  }

  /** Idempotent; it may be started again. */
  stop(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }
}
