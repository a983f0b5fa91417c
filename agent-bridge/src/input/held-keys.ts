// Ledger of the keys and buttons that *we* hold down on the endpoint. Pure. Each injector owns one:
// whatever happens to the session, `releaseAll` names what must go up again, last pressed first, so
// that a shortcut ends as fingers would end it (letter before modifier).

export type HeldInput =
  | { readonly kind: 'key'; readonly usage: number }
  | { readonly kind: 'button'; readonly button: number };

const nameOf = (input: HeldInput): string =>
  input.kind === 'key' ? `key:${input.usage}` : `button:${input.button}`;

export class HeldKeys {
  /** A Map iterates in the order of insertion: the order of pressing. */
  readonly #held = new Map<string, HeldInput>();

  get size(): number {
    return this.#held.size;
  }

  isHeld(input: HeldInput): boolean {
    return this.#held.has(nameOf(input));
  }

  /** `repeated` when it was down already: the place in the order stays. */
  press(input: HeldInput): 'pressed' | 'repeated' {
    const name = nameOf(input);
    if (this.#held.has(name)) return 'repeated';
    this.#held.set(name, input);
    return 'pressed';
  }

  /** `not_held` when we did not press it: then it is not ours to release. */
  release(input: HeldInput): 'released' | 'not_held' {
    return this.#held.delete(nameOf(input)) ? 'released' : 'not_held';
  }

  /** What is held, first pressed first. */
  inOrder(): HeldInput[] {
    return [...this.#held.values()];
  }

  /** Empties the ledger; returns what to release, last pressed first. */
  releaseAll(): HeldInput[] {
    const toRelease = this.inOrder().reverse();
    this.#held.clear();
    return toRelease;
  }
}
