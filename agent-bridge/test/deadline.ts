// Waiting in tests: for a fact, never for a time.

/** Calls `read` until it gives something; throws what was waited for when the deadline passes. */
export async function until<T>(
  what: string,
  read: () => T | undefined | false,
  deadlineMs = 10_000,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endsAt) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** For promises about what does not happen: lets so much time pass. */
export function watchFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
