// Waiting in tests: for a state, with a deadline, never for a length of time.

const POLL_MS = 10;

/** Resolves with the first value of `read` that is not undefined or false; rejects at the deadline. */
export async function eventually<T>(
  what: string,
  read: () => T | Promise<T>,
  withinMs = 5000,
): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value as Exclude<T, false | undefined>;
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
