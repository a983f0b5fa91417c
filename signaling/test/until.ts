// Waiting without sleeping for a fixed time: look again until it is so, or a deadline passes.

const LOOK_AGAIN_MS = 5;

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 5_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > endMs)
      throw new Error(`waited ${withinMs} ms in vain for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
