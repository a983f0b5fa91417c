// Which encoder settings this machine can afford. Pure: encode times in, a rung out.
//
// The thorough rung is the fastest one for typing and scrolling; the others win only while the whole
// picture keeps changing, or on a slow machine (numbers in encoder.h264.ts).

/** From cheap to thorough; the meaning of each is in encoder.h264.ts. */
export const RUNGS = ['least', 'plain', 'thorough'] as const;
export type Rung = (typeof RUNGS)[number];

/** Down when the recent encode time takes more than this share of a frame interval… */
const TOO_SLOW_SHARE = 0.6;
/** …for this many frames with new content in a row. */
const SLOW_FRAMES = 30;
/** Up when it takes less than this share for so many frames: far apart, so it does not swing. */
const EASY_SHARE = 0.2;
const EASY_FRAMES = 600;
/** Weight of the newest frame in the running mean. */
const NEWEST_WEIGHT = 0.1;
/** A rung that proved too slow is not tried again before this many frames more each time. */
const RETRY_FACTOR = 2;

export class PresetLadder {
  #rung: Rung = 'thorough';
  #meanUs = 0;
  #slowFrames = 0;
  #easyFrames = 0;
  #easyFramesWanted = EASY_FRAMES;

  get rung(): Rung {
    return this.#rung;
  }

  /**
   * Tells the time one frame with new content took to encode. True when the rung changed: the
   * encoder has to be opened anew, which costs a key frame.
   */
  note(encodeUs: number, maxFps: number): boolean {
    const intervalUs = 1e6 / maxFps;
    this.#meanUs += (encodeUs - this.#meanUs) * NEWEST_WEIGHT;
    this.#slowFrames = this.#meanUs > intervalUs * TOO_SLOW_SHARE ? this.#slowFrames + 1 : 0;
    this.#easyFrames = this.#meanUs < intervalUs * EASY_SHARE ? this.#easyFrames + 1 : 0;
    if (this.#slowFrames >= SLOW_FRAMES) {
      this.#easyFramesWanted *= RETRY_FACTOR;
      return this.#step(-1);
    }
    if (this.#easyFrames >= this.#easyFramesWanted) return this.#step(+1);
    return false;
  }

  #step(by: 1 | -1): boolean {
    this.#slowFrames = 0;
    this.#easyFrames = 0;
    const next = RUNGS[RUNGS.indexOf(this.#rung) + by];
    if (!next) return false;
    this.#rung = next;
    this.#meanUs = 0;
    return true;
  }
}
