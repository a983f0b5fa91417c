// Runs the checks, one after the other, against any server that claims to serve the contract: an
// RMM's test double, another build, a server behind its proxy. It needs no agent and leaves nothing
// open behind.
import type { Check } from './check.ts';
import { CAPABILITY_CHECKS } from './capability-checks.ts';
import { EVENT_CHECKS } from './event-checks.ts';
import { BrokenPromise, NotApplicable, Probe, type ProbeOptions } from './probe.ts';
import { REQUEST_CHECKS } from './request-checks.ts';
import { SESSION_CHECKS } from './session-checks.ts';
import { VIEWER_CHECKS } from './viewer-checks.ts';

export const CHECKS: readonly Check[] = [
  ...CAPABILITY_CHECKS,
  ...REQUEST_CHECKS,
  ...SESSION_CHECKS,
  ...EVENT_CHECKS,
  ...VIEWER_CHECKS,
];

export type Outcome = {
  readonly check: Pick<Check, 'id' | 'promise' | 'section'>;
  readonly result: 'kept' | 'broken' | 'not_applicable';
  /** What is wrong, or why it does not apply. */
  readonly detail?: string;
};

export type RunOptions = ProbeOptions & {
  /** Told after each check. */
  readonly onOutcome?: (outcome: Outcome) => void;
};

export async function runChecks(options: RunOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const check of CHECKS) {
    // Its own for each check, so that no check leans on what another one left.
    const probe = new Probe(options);
    const outcome = await outcomeOf(check, probe);
    await probe.close();
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  }
  return outcomes;
}

async function outcomeOf(check: Check, probe: Probe): Promise<Outcome> {
  try {
    await check.run(probe);
    return { check, result: 'kept' };
  } catch (error) {
    if (error instanceof NotApplicable)
      return { check, result: 'not_applicable', detail: error.message };
    if (error instanceof BrokenPromise) return { check, result: 'broken', detail: error.message };
    throw error;
  }
}
