// A live indicator that writes down what it showed, for tests.
import type { LiveIndicator, ShownTechnician, StopKind } from './live-indicator.ts';

export class RecordingLiveIndicator implements LiveIndicator {
  /** Every list that was shown, in order; an empty one for each `hide`. */
  readonly shown: (readonly ShownTechnician[])[] = [];
  readonly #onStop: (kind: StopKind) => void;
  #closed = false;

  constructor(onStop: (kind: StopKind) => void) {
    this.#onStop = onStop;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Who the person at the screen sees named now. */
  get now(): readonly ShownTechnician[] {
    return this.shown.at(-1) ?? [];
  }

  /** The person stops it; nothing happens while no sign is up. */
  stop(kind: StopKind): void {
    if (!this.#closed && this.now.length > 0) this.#onStop(kind);
  }

  show(technicians: readonly ShownTechnician[]): 'shown' | 'unavailable' {
    if (this.#closed) return 'unavailable';
    this.shown.push([...technicians]);
    return 'shown';
  }

  hide(): void {
    if (this.now.length > 0) this.shown.push([]);
  }

  relocate(): void {}

  close(): void {
    this.hide();
    this.#closed = true;
  }
}
