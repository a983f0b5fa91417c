// Somebody's access to the network: one line up, towards the media node, and one down, shared by all
// that they send and receive. Pure, with a word about what happened on it.
import { Line, type LineSettings } from './line.ts';

export type Direction = 'up' | 'down';
export type LinkSettings = Partial<Record<Direction, Partial<LineSettings>>>;

export class Link<Item> {
  readonly up: Line<Item>;
  readonly down: Line<Item>;

  constructor(settings: LinkSettings, random: () => number) {
    this.up = new Line(settings.up ?? {}, random);
    this.down = new Line(settings.down ?? {}, random);
  }

  change(nowMs: number, { up, down }: LinkSettings): void {
    if (up) this.up.change(nowMs, up);
    if (down) this.down.change(nowMs, down);
  }

  get nextAtMs(): number {
    return Math.min(this.up.nextAtMs, this.down.nextAtMs);
  }
}

/** The same in both directions. */
export const bothWays = (settings: Partial<LineSettings>): LinkSettings => ({
  up: settings,
  down: settings,
});
