// Who watches this computer now, over all sessions, on the one sign there is. Owned by Agent; each
// session keeps its own line on it.
import type { LiveIndicator, ShownTechnician } from './live-indicator.ts';

export class IndicatorBoard {
  readonly #indicator: LiveIndicator;
  readonly #lines = new Map<string, readonly ShownTechnician[]>();

  constructor(indicator: LiveIndicator) {
    this.#indicator = indicator;
  }

  /** Sessions that are named on the sign now. */
  get named(): readonly string[] {
    return [...this.#lines.keys()];
  }

  /** Nobody of a session: its line goes. @returns false when the sign cannot be put up. */
  show(sessionId: string, technicians: readonly ShownTechnician[]): boolean {
    if (technicians.length === 0) {
      if (this.#lines.delete(sessionId)) this.#update();
      return true;
    }
    if (JSON.stringify(this.#lines.get(sessionId)) === JSON.stringify(technicians)) return true;
    this.#lines.set(sessionId, technicians);
    return this.#update();
  }

  #update(): boolean {
    const all = [...this.#lines.values()].flat();
    if (all.length > 0) return this.#indicator.show(all) === 'shown';
    this.#indicator.hide();
    return true;
  }
}
