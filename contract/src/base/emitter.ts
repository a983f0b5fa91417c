// Facts upward: a typed emitter whose listeners cannot hurt the emitter or each other.

export type Events = Record<string, unknown>;

export class Emitter<E extends Events> {
  readonly #listeners = new Map<keyof E, Set<(fact: never) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  /** @param onListenerError told of a listener that threw; the others still hear the fact. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** @returns a function that stops listening. */
  on<N extends keyof E>(name: N, listener: (fact: E[N]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<N extends keyof E>(name: N, fact: E[N]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (fact: E[N]) => void)(fact);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  removeAll(): void {
    this.#listeners.clear();
  }
}
