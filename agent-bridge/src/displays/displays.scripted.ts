// Displays that do what a test says.
import type { Topology } from '@guruconnect/contract/monitor';
import type { Displays } from './displays.ts';
import { TopologyTracker, type OutputState } from './topology-tracker.ts';

/** An output of a test: everything but its name has a default. */
export type ScriptedOutput = { readonly name: string } & Partial<OutputState>;

export class ScriptedDisplays implements Displays {
  readonly #tracker = new TopologyTracker();
  readonly #listeners = new Set<(topology: Topology) => void>();
  #closed = false;

  constructor(outputs: readonly ScriptedOutput[]) {
    this.set(outputs);
  }

  current(): Topology {
    return this.#tracker.current();
  }

  onChange(listener: (topology: Topology) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The outputs from now on; listeners hear of it at once if it is a change. */
  set(outputs: readonly ScriptedOutput[]): void {
    if (this.#closed) return;
    const topology = this.#tracker.update(outputs.map(complete));
    if (topology) for (const listener of [...this.#listeners]) listener(topology);
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
  }
}

function complete(output: ScriptedOutput): OutputState {
  return {
    key: output.name,
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
    scale: 1,
    primary: false,
    ...output,
  };
}
