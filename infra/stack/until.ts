// Waiting for something that another process brings about: asked again and again until a deadline.

const ASK_AGAIN_MS = 25;

/**
 * @param what names the awaited thing in the error.
 * @param look gives the awaited value, or undefined / false while it is not there; it may throw
 *   while things are not up yet, and the last error is told if the deadline passes.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 15_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end)
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
