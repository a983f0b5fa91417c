// Plays the steps of one session: by the clock, faster or slower than life, or one by one when a test
// says so. Owned by its session; `close` when that is over.
import type { Delay, Step, StepName } from './scenarios.ts';

export type PlayerOptions = {
  readonly steps: readonly Step[];
  /** 2 is twice as fast as life; 0 stands still: only `step` goes on. */
  readonly speed: number;
  /** How long a delay is for this session now, milliseconds of the scenario. */
  readonly lastsMs: (step: StepName, delay: Delay) => number;
  readonly play: (step: StepName) => void;
};

export class ScriptPlayer {
  readonly #options: PlayerOptions;
  readonly #rest: Step[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#rest = [...options.steps];
    this.#wind();
  }

  /** The next step happens now, whatever the clock says. @returns it; undefined after the last. */
  step(): StepName | undefined {
    clearTimeout(this.#timer);
    const [name] = this.#rest.shift() ?? [];
    if (name === undefined) return undefined;
    this.#options.play(name);
    this.#wind();
    return name;
  }

  /** Idempotent. */
  close(): void {
    this.#rest.length = 0;
    clearTimeout(this.#timer);
  }

  #wind(): void {
    const { speed, lastsMs } = this.#options;
    const [next] = this.#rest;
    if (next === undefined || speed === 0) return;
    this.#timer = setTimeout(() => this.step(), lastsMs(...next) / speed);
  }
}
