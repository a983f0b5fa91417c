// When the next frame is made and why. Pure: facts and time in, one decision out; video-pipeline.ts
// tells it what happened and sleeps until the time it names.
//
// In the order of urgency: a requested key frame at once; a changed screen as soon as the frame rate
// allows; a picture that stood still gets better in a few steps until nothing visible is missing; then
// one tiny repeat a second, for Chromium asks for a key frame after 2.97 s of silence.
import type { FrameCause } from './frame.ts';

/** A picture counts as still after this. */
export const STILL_AFTER_US = 200_000;
/** Between two refinements, and before the first when the last frame was cut short by its cap. */
export const REFINE_INTERVAL_US = 33_000;
/** A refinement smaller than this had nothing left to add (88 bytes: everything was skipped). */
export const REFINED_BELOW_BYTES = 600;
/** More uncut ones would not be seen; bounds the work after each change. */
export const MAX_REFINEMENTS = 40;
/** Cut ones are bounded by the rate; a link that takes longer for one picture has worse to do. */
export const MAX_REFINING_US = 20_000_000;
/** libwebrtc's own screen sharing repeats at the same interval (kZeroHertzIdleRepeatRatePeriod). */
export const REPEAT_INTERVAL_US = 1_000_000;
/** Many viewers may ask for key frames at once: no more than one in so long. */
export const KEYFRAME_INTERVAL_US = 40_000;
/** After an input its answer may come in several pieces: let them through faster for so long. */
export const BOOST_AFTER_INPUT_US = 50_000;
/** Frames that may come closer than 1/maxFps, to be made up for by the following ones. */
const BURST_FRAMES = 1;
const BOOSTED_BURST_FRAMES = 3;

/**
 * What the frame rate limits: captures of changes, with a burst after an input, while refinements come
 * in between; or every frame but key frames, for a rendition that is to be rare, as a thumbnail is.
 */
export type Pacing = 'changes' | 'every_frame';

export type Decision =
  | { readonly make: FrameCause }
  /** Nothing to do before `untilUs`, unless something new is heard of; Infinity: until then. */
  | { readonly make: 'nothing'; readonly untilUs: number };

export class FrameSchedule {
  #watched = false;
  #changed = false;
  #keyframeWanted = false;
  #intervalUs: number;
  readonly #pacing: Pacing;
  /** Virtual time of the pacing (generic cell rate algorithm, ITU-T I.371): one interval a capture. */
  #paceUs = 0;
  #inputAtUs = -Infinity;
  #stillSinceUs = 0;
  #lastFrameAtUs = 0;
  #lastKeyframeAtUs = -Infinity;
  #refinementsLeft = 0;
  #refinement: 'refined' | 'finest' = 'refined';
  #refineUntilUs = 0;
  #lastWasCut = false;

  constructor(maxFps: number, pacing: Pacing = 'changes') {
    this.#pacing = pacing;
    this.#intervalUs = 1e6 / maxFps;
  }

  /** What the next refinement is for: the whole picture is refined before any of it is made finest. */
  get refinement(): 'refined' | 'finest' {
    return this.#refinement;
  }

  /** When the screen was last found different. */
  get stillSinceUs(): number {
    return this.#stillSinceUs;
  }

  /** Someone looks, or no longer. The first frame for them is a key frame. */
  setWatched(watched: boolean): void {
    if (watched && !this.#watched) this.#keyframeWanted = true;
    this.#watched = watched;
  }

  setMaxFps(maxFps: number): void {
    this.#intervalUs = 1e6 / maxFps;
  }

  requestKeyframe(): void {
    this.#keyframeWanted = true;
  }

  /** The screen may have changed since the last capture. */
  noteChange(): void {
    this.#changed = true;
  }

  noteInput(atUs: number): void {
    this.#inputAtUs = atUs;
  }

  /** The screen was captured at `atUs`; `different`: its pixels were not those of the last time. */
  noteCaptured(atUs: number, different: boolean): void {
    this.#changed = false;
    this.#paceUs = Math.max(this.#paceUs, atUs) + this.#intervalUs;
    if (!different) return;
    this.#stillSinceUs = atUs;
    this.#startRefining(atUs);
  }

  /** A frame was made; `cut`: its quality was limited by the bytes it was allowed. */
  noteFrame(cause: FrameCause, bytes: number, cut: boolean, atUs: number): void {
    this.#lastFrameAtUs = atUs;
    this.#lastWasCut = cut;
    if (cause === 'keyframe') {
      this.#keyframeWanted = false;
      this.#lastKeyframeAtUs = atUs;
      this.#startRefining(atUs); // it starts again from a coarser picture
    } else if (cause === 'refine') {
      if (!cut) this.#refinementsLeft--;
      if (bytes < REFINED_BELOW_BYTES) this.#finishRefinement();
    }
  }

  /** @param refineReadyAtUs when the budget has enough for a refinement. */
  decide(nowUs: number, refineReadyAtUs: number): Decision {
    if (!this.#watched) return { make: 'nothing', untilUs: Infinity };
    const due: { make: FrameCause; atUs: number }[] = [];
    if (this.#keyframeWanted) {
      due.push({ make: 'keyframe', atUs: this.#lastKeyframeAtUs + KEYFRAME_INTERVAL_US });
    }
    if (this.#changed) {
      const atUs = Math.max(this.#captureAllowedAtUs(nowUs), this.#rareAtUs);
      due.push({ make: 'change', atUs });
    } else if (!this.#keyframeWanted) {
      if (this.#refinementsLeft > 0 && nowUs < this.#refineUntilUs) {
        const spaced = Math.max(this.#lastFrameAtUs + REFINE_INTERVAL_US, this.#rareAtUs);
        const still = this.#lastWasCut ? spaced : this.#stillSinceUs + STILL_AFTER_US;
        due.push({ make: 'refine', atUs: Math.max(spaced, still, refineReadyAtUs) });
      }
      due.push({ make: 'repeat', atUs: this.#lastFrameAtUs + REPEAT_INTERVAL_US });
    }
    const ready = due.find(({ atUs }) => atUs <= nowUs);
    if (ready) return { make: ready.make };
    return { make: 'nothing', untilUs: Math.min(...due.map(({ atUs }) => atUs)) };
  }

  #startRefining(atUs: number): void {
    this.#refinementsLeft = MAX_REFINEMENTS;
    this.#refinement = 'refined';
    this.#refineUntilUs = atUs + MAX_REFINING_US;
  }

  /** Nothing was left to add: the last step begins, or the picture is as good as it gets. */
  #finishRefinement(): void {
    if (this.#refinement === 'finest') this.#refinementsLeft = 0;
    this.#refinement = 'finest';
  }

  /** The next frame of whatever kind, where each of them counts. */
  get #rareAtUs(): number {
    return this.#pacing === 'every_frame' ? this.#lastFrameAtUs + this.#intervalUs : 0;
  }

  #captureAllowedAtUs(nowUs: number): number {
    const boosted = nowUs - this.#inputAtUs < BOOST_AFTER_INPUT_US;
    const burst = boosted ? BOOSTED_BURST_FRAMES : BURST_FRAMES;
    return this.#paceUs - burst * this.#intervalUs;
  }
}
