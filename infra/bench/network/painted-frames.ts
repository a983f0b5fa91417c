// How old each painted frame is: from the moment its picture was taken at the agent to the moment the
// page renders with it. Agent and browser run on one machine; the RTP timestamp is the agent's clock
// (CLOCK_MONOTONIC, agent-bridge/src/media/frame.ts), and so is ours, so only the page's clock has to be
// compared, by asking it and taking the quickest answer.
import type { Page } from 'puppeteer-core';

/** Milliseconds of this process's monotonic clock. */
export type PaintedFrame = { readonly paintedAtMs: number; readonly delayMs: number };

const CLOCK_READINGS = 200;
const RTP_TICKS_PER_MS = 90;
const RTP_WRAP_MS = 2 ** 32 / RTP_TICKS_PER_MS;

export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

type Seen = { readonly rtpTimestamp: number; readonly paintedAtMs: number };
type Window_ = {
  gcFrames?: Seen[];
  gcProbe: { shown(): HTMLVideoElement | undefined };
};

/** From now on every painted frame of the shown monitor is noted. */
export async function startNoting(page: Page): Promise<void> {
  await page.evaluate(() => {
    const self = window as unknown as Window_;
    const frames: Seen[] = [];
    self.gcFrames = frames;
    const video = self.gcProbe.shown();
    const note = (nowMs: number, { rtpTimestamp }: VideoFrameCallbackMetadata): void => {
      if (rtpTimestamp !== undefined) frames.push({ rtpTimestamp, paintedAtMs: nowMs });
      video?.requestVideoFrameCallback(note);
    };
    video?.requestVideoFrameCallback(note);
  });
}

export async function readNoted(page: Page): Promise<PaintedFrame[]> {
  const offsetMs = await pageClockOffsetMs(page);
  const seen = await page.evaluate(() => (window as unknown as Window_).gcFrames ?? []);
  return seen.map(({ rtpTimestamp, paintedAtMs }) => {
    const atMs = paintedAtMs + offsetMs;
    const takenMs = rtpTimestamp / RTP_TICKS_PER_MS;
    return { paintedAtMs: atMs, delayMs: (atMs - takenMs) % RTP_WRAP_MS };
  });
}

/** What to add to performance.now() of the page; the error is half of the quickest round trip at most. */
async function pageClockOffsetMs(page: Page): Promise<number> {
  let best = { roundTripMs: Infinity, offsetMs: 0 };
  for (let n = 0; n < CLOCK_READINGS; n += 1) {
    const askedMs = monotonicMs();
    const pageMs = await page.evaluate(() => performance.now());
    const roundTripMs = monotonicMs() - askedMs;
    if (roundTripMs < best.roundTripMs)
      best = { roundTripMs, offsetMs: askedMs + roundTripMs / 2 - pageMs };
  }
  return best.offsetMs;
}
