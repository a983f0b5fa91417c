// Which spare keycode types which character at the moment. Pure: time comes in, bindings come out.
//
// An application learns of a new binding by a message and asks the server for the mapping when it
// gets round to it. A keycode that is bound anew before a busy application has read its last key
// would type the wrong character there, so a keycode rests after use before it is given away.

/** How long a used keycode keeps its character at least, ms: an application's hiccup, not its hang. */
export const REST_MS = 250;

interface Slot {
  readonly keycode: number;
  keysym: number;
  usedAtMs: number;
}

/** A run of neighbouring keycodes to bind in one request (each request wakes every application). */
export interface Binding {
  readonly firstKeycode: number;
  readonly keysyms: readonly number[];
}

export class SpareKeycodes {
  readonly #slots: Slot[];
  readonly #slotByKeysym = new Map<number, Slot>();

  constructor(keycodes: readonly number[]) {
    this.#slots = keycodes.map((keycode) => ({ keycode, keysym: 0, usedAtMs: -Infinity }));
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The keycode that types it already; marks it as used. */
  use(keysym: number, nowMs: number): number | undefined {
    const slot = this.#slotByKeysym.get(keysym);
    if (!slot) return undefined;
    slot.usedAtMs = nowMs;
    return slot.keycode;
  }

  /**
   * Gives keycodes to as many of the keysyms as possible, in order, the longest unused first.
   * @returns what to bind, and how many of the distinct keysyms (from the start) are bound now.
   */
  assign(keysyms: readonly number[], nowMs: number): { bindings: Binding[]; assigned: number } {
    const wanted = [...new Set(keysyms)];
    const keep = new Set(wanted);
    const free = this.#slots
      .filter((slot) => !keep.has(slot.keysym) && nowMs - slot.usedAtMs >= REST_MS)
      .sort((a, b) => a.usedAtMs - b.usedAtMs || a.keycode - b.keycode);
    const changed: Slot[] = [];
    let assigned = 0;
    for (const keysym of wanted) {
      const known = this.#slotByKeysym.get(keysym);
      const slot = known ?? free.shift();
      if (!slot) break;
      if (!known) {
        this.#slotByKeysym.delete(slot.keysym);
        slot.keysym = keysym;
        this.#slotByKeysym.set(keysym, slot);
        changed.push(slot);
      }
      slot.usedAtMs = nowMs;
      assigned++;
    }
    return { bindings: runsOf(changed), assigned };
  }

  /** When the next keycode may be given away, ms of the same clock; undefined when there is none. */
  nextFreeAtMs(): number | undefined {
    if (this.#slots.length === 0) return undefined;
    return Math.min(...this.#slots.map((slot) => slot.usedAtMs)) + REST_MS;
  }

  /** Takes every character away again; returns what to bind (to nothing). */
  restore(): Binding[] {
    const bound = this.#slots.filter((slot) => slot.keysym !== 0);
    for (const slot of bound) slot.keysym = 0;
    this.#slotByKeysym.clear();
    return runsOf(bound);
  }
}

function runsOf(slots: readonly Slot[]): Binding[] {
  const runs: { firstKeycode: number; keysyms: number[] }[] = [];
  for (const slot of [...slots].sort((a, b) => a.keycode - b.keycode)) {
    const last = runs.at(-1);
    if (last && last.firstKeycode + last.keysyms.length === slot.keycode)
      last.keysyms.push(slot.keysym);
    else runs.push({ firstKeycode: slot.keycode, keysyms: [slot.keysym] });
  }
  return runs;
}
