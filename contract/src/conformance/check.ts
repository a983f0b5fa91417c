// One promise of the contract that can be looked at from outside.
import type { Probe } from './probe.ts';

export type Check = {
  /** Stable, for those who skip or search one. */
  readonly id: string;
  readonly promise: string;
  /** Chapter of CONTRACT.md that makes it. */
  readonly section: string;
  /** @throws BrokenPromise, NotApplicable. */
  readonly run: (probe: Probe) => Promise<void>;
};
