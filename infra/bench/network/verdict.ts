// What the notes of a run say. Pure.
import { figures, type Figures } from '../figures.ts';
import type { PaintedFrame } from './painted-frames.ts';

/** Later than this a technician waits for the machine. */
export const LATE_MS = 400;
/** No new picture for so long while the screen moves. */
export const FREEZE_MS = 500;
/** The rate counts as recovered when a second of it reaches this share of what it was. */
const RECOVERED = 0.9;

export type Verdict = {
  readonly delay_ms: Figures;
  readonly frames_per_second: number;
  /** The longest stretch in which every painted frame was older than LATE_MS. */
  readonly longest_late_ms: number;
  readonly freezes: number;
  readonly longest_freeze_ms: number;
};

/** @throws Error when nothing was painted between the two times. */
export function judge(frames: readonly PaintedFrame[], fromMs: number, toMs: number): Verdict {
  const within = frames.filter(({ paintedAtMs }) => paintedAtMs >= fromMs && paintedAtMs < toMs);
  const times = [fromMs, ...within.map(({ paintedAtMs }) => paintedAtMs), toMs];
  const gaps = times.slice(1).map((atMs, i) => atMs - (times[i] ?? atMs));
  const freezes = gaps.filter((gapMs) => gapMs > FREEZE_MS);
  return {
    delay_ms: figures(within.map(({ delayMs }) => delayMs)),
    frames_per_second: Number(((within.length * 1000) / (toMs - fromMs)).toFixed(1)),
    longest_late_ms: Math.round(longestLateMs(within)),
    freezes: freezes.length,
    longest_freeze_ms: Math.round(Math.max(0, ...freezes)),
  };
}

function longestLateMs(frames: readonly PaintedFrame[]): number {
  let longest = 0;
  let sinceMs: number | undefined;
  for (const { paintedAtMs, delayMs } of frames) {
    if (delayMs <= LATE_MS) sinceMs = undefined;
    else {
      sinceMs ??= paintedAtMs;
      longest = Math.max(longest, paintedAtMs - sinceMs);
    }
  }
  return longest;
}

/** Bytes that had passed a line at a time. */
export type RateNote = { readonly atMs: number; readonly bytes: number };

/** Bits a second between two times; NaN without notes there. */
export function rateBps(notes: readonly RateNote[], fromMs: number, toMs: number): number {
  const within = notes.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const first = within[0];
  const last = within.at(-1);
  if (!first || !last || first === last) return NaN;
  return ((last.bytes - first.bytes) * 8000) / (last.atMs - first.atMs);
}

/**
 * From `fromMs` to the beginning of the first second whose rate is what it was before, nearly;
 * undefined when there is none.
 */
export function recoveryMs(
  notes: readonly RateNote[],
  fromMs: number,
  beforeBps: number,
): number | undefined {
  const start = notes.find(
    ({ atMs }) =>
      atMs >= fromMs &&
      (notes.at(-1)?.atMs ?? 0) >= atMs + 1000 &&
      rateBps(notes, atMs, atMs + 1000) >= RECOVERED * beforeBps,
  );
  return start && Math.round(start.atMs - fromMs);
}
