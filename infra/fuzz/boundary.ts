// What is fuzzed: one way into the product. A boundary is opened once on a running product and then
// given inputs; it says what was wrong about how one was taken, or nothing.
import type { World } from '../trust/world.ts';
import type { Random } from './random.ts';

export type OpenBoundary = {
  /**
   * Makes one input and hands it in.
   * @returns what is wrong about what came of it (a crash is noticed by others); undefined: nothing.
   */
  readonly send: (random: Random) => Promise<string | undefined> | string | undefined;
  readonly close: () => Promise<void> | void;
};

export type Boundary = {
  readonly name: string;
  /** Of a thousand inputs, how many go here. */
  readonly perThousand: number;
  /** Inputs under way at a time. */
  readonly atOnce: number;
  readonly open: (world: World) => Promise<OpenBoundary> | OpenBoundary;
};
