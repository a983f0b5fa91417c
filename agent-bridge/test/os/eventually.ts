// Waiting for facts in tests of the real thing.
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/** Polls until the question has an answer (not undefined, not false). Throws after the deadline. */
export async function eventually<T>(
  what: string,
  question: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 5000,
): Promise<T> {
  const giveUpAtMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > giveUpAtMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(POLL_MS);
  }
}

/** Time in which something that must not happen could have happened. */
export const aWhile = (ms: number): Promise<void> => delay(ms);
