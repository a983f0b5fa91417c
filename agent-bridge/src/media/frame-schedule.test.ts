import { describe, expect, it } from 'vitest';
import {
  BOOST_AFTER_INPUT_US,
  FrameSchedule,
  KEYFRAME_INTERVAL_US,
  MAX_REFINEMENTS,
  MAX_REFINING_US,
  REFINE_INTERVAL_US,
  REPEAT_INTERVAL_US,
  STILL_AFTER_US,
} from './frame-schedule.ts';

const FPS = 50;
const INTERVAL_US = 1e6 / FPS;
const S = 1_000_000;

/** A watched schedule whose first key frame left at `atUs` and was refined to the end. */
function settled(atUs: number): FrameSchedule {
  const schedule = new FrameSchedule(FPS);
  schedule.setWatched(true);
  schedule.noteCaptured(atUs, true);
  schedule.noteFrame('keyframe', 20_000, false, atUs);
  schedule.noteFrame('refine', 80, false, atUs); // refined
  schedule.noteFrame('refine', 80, false, atUs); // finest
  return schedule;
}

/** Follows the schedule's decisions from `fromUs` to `toUs`; every frame takes no time. */
function play(
  schedule: FrameSchedule,
  fromUs: number,
  toUs: number,
  frame: { bytes?: number; cut?: boolean; different?: boolean } = {},
): { cause: string; atUs: number }[] {
  const made: { cause: string; atUs: number }[] = [];
  let atUs = fromUs;
  while (atUs < toUs) {
    const decision = schedule.decide(atUs, 0);
    if (decision.make === 'nothing') {
      atUs = Math.max(decision.untilUs, atUs + 1);
      continue;
    }
    if (decision.make === 'change' || decision.make === 'keyframe') {
      schedule.noteCaptured(atUs, frame.different ?? true);
      if (decision.make === 'change' && frame.different === false) continue;
    }
    schedule.noteFrame(decision.make, frame.bytes ?? 100, frame.cut ?? false, atUs);
    made.push({ cause: decision.make, atUs });
  }
  return made;
}

describe('nobody watches', () => {
  it('nothing is ever due, whatever happens', () => {
    const schedule = new FrameSchedule(FPS);
    schedule.noteChange();
    schedule.requestKeyframe();
    expect(schedule.decide(5 * S, 0)).toEqual({ make: 'nothing', untilUs: Infinity });
  });

  it('stops in the middle of refinement', () => {
    const schedule = settled(S);
    schedule.noteCaptured(S, true);
    schedule.setWatched(false);
    expect(schedule.decide(9 * S, 0)).toEqual({ make: 'nothing', untilUs: Infinity });
  });
});

describe('key frames', () => {
  it('the first frame for a watcher is one, at once', () => {
    const schedule = new FrameSchedule(FPS);
    schedule.setWatched(true);
    expect(schedule.decide(S, 0)).toEqual({ make: 'keyframe' });
  });

  it('are made at once on request, though nothing changed', () => {
    const schedule = settled(S);
    schedule.requestKeyframe();
    expect(schedule.decide(S + KEYFRAME_INTERVAL_US, 0)).toEqual({ make: 'keyframe' });
  });

  it('come before a change that is due too', () => {
    const schedule = settled(S);
    schedule.noteChange();
    schedule.requestKeyframe();
    expect(schedule.decide(2 * S, 0)).toEqual({ make: 'keyframe' });
  });

  it('keep a distance when requests come in a flood, and nothing else comes first', () => {
    const schedule = settled(S);
    schedule.noteCaptured(S, true);
    schedule.requestKeyframe();
    expect(play(schedule, S + 1, S + KEYFRAME_INTERVAL_US)).toEqual([]);
    expect(schedule.decide(S + 1000, 0)).toMatchObject({ untilUs: S + KEYFRAME_INTERVAL_US });
    expect(schedule.decide(S + KEYFRAME_INTERVAL_US, 0)).toEqual({ make: 'keyframe' });
  });
});

describe('changes', () => {
  it('are captured at once after a pause', () => {
    const schedule = settled(S);
    schedule.noteChange();
    expect(schedule.decide(3 * S, 0)).toEqual({ make: 'change' });
  });

  it('that never stop give the allowed frame rate and one frame more', () => {
    const schedule = settled(S);
    let frames = 0;
    for (let atUs = 3 * S; atUs < 4 * S; atUs += 1000) {
      schedule.noteChange();
      if (schedule.decide(atUs, 0).make === 'nothing') continue;
      schedule.noteCaptured(atUs, true);
      schedule.noteFrame('change', 500, false, atUs);
      frames++;
    }
    expect(frames).toBe(FPS + 1);
  });

  it('that come in two pieces after a pause do not wait for a whole interval', () => {
    const schedule = settled(S);
    schedule.noteChange();
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 500, false, 3 * S);
    schedule.noteChange();
    expect(schedule.decide(3 * S + 2000, 0)).toEqual({ make: 'change' });
    schedule.noteCaptured(3 * S + 2000, true);
    schedule.noteChange();
    expect(schedule.decide(3 * S + 4000, 0)).toEqual({
      make: 'nothing',
      untilUs: 3 * S + INTERVAL_US,
    });
  });

  it('that answer an input pass faster, for a moment', () => {
    const schedule = settled(S);
    schedule.noteInput(3 * S);
    const made = [0, 1, 2, 3, 4].filter((n) => {
      const atUs = 3 * S + n * 1000;
      schedule.noteChange();
      if (schedule.decide(atUs, 0).make !== 'change') return false;
      schedule.noteCaptured(atUs, true);
      return true;
    });
    expect(made).toEqual([0, 1, 2, 3]);
    schedule.noteChange();
    const later = 3 * S + BOOST_AFTER_INPUT_US + 1;
    expect(schedule.decide(later, 0)).toMatchObject({ make: 'nothing' });
  });

  it('follow a lower frame rate from the next capture on', () => {
    const schedule = settled(S);
    schedule.setMaxFps(5);
    const made: number[] = [];
    for (let atUs = 3 * S; atUs < 5 * S; atUs += 1000) {
      schedule.noteChange();
      if (schedule.decide(atUs, 0).make === 'nothing') continue;
      schedule.noteCaptured(atUs, true);
      made.push(atUs);
    }
    expect(made.length).toBe(11);
  });
});

describe('a picture that stands still', () => {
  it('is refined after a moment, until nothing is left to add, then repeated once a second', () => {
    const schedule = settled(S);
    schedule.noteChange();
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 5000, false, 3 * S);
    const bytes = [9000, 4000, 80, 3000, 80];
    const made: { cause: string; atUs: number }[] = [];
    const steps: string[] = [];
    for (let atUs = 3 * S; atUs < 6 * S;) {
      const decision = schedule.decide(atUs, 0);
      if (decision.make === 'nothing') {
        atUs = decision.untilUs;
        continue;
      }
      if (decision.make === 'refine') steps.push(schedule.refinement);
      schedule.noteFrame(decision.make, bytes.shift() ?? 80, false, atUs);
      made.push({ cause: decision.make, atUs });
    }
    const first = 3 * S + STILL_AFTER_US;
    const last = first + 4 * REFINE_INTERVAL_US;
    expect(steps).toEqual(['refined', 'refined', 'refined', 'finest', 'finest']);
    expect(made).toEqual([
      ...steps.map((_, n) => ({ cause: 'refine', atUs: first + n * REFINE_INTERVAL_US })),
      { cause: 'repeat', atUs: last + REPEAT_INTERVAL_US },
      { cause: 'repeat', atUs: last + 2 * REPEAT_INTERVAL_US },
    ]);
  });

  it('does not wait to get better when its last frame was cut short', () => {
    const schedule = settled(S);
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 50_000, true, 3 * S);
    expect(schedule.decide(3 * S, 0)).toEqual({
      make: 'nothing',
      untilUs: 3 * S + REFINE_INTERVAL_US,
    });
  });

  it('waits with refinement until the budget allows one', () => {
    const schedule = settled(S);
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 5000, false, 3 * S);
    expect(schedule.decide(3 * S + STILL_AFTER_US, 3 * S + 700_000)).toEqual({
      make: 'nothing',
      untilUs: 3 * S + 700_000,
    });
  });

  it('is refined a bounded number of times even if that never ends', () => {
    const schedule = settled(S);
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 5000, false, 3 * S);
    const made = play(schedule, 3 * S, 60 * S, { bytes: 5000 });
    expect(made.filter(({ cause }) => cause === 'refine')).toHaveLength(MAX_REFINEMENTS);
  });

  it('goes on as long as its bytes are limited: a slow link gets there too', () => {
    const schedule = settled(S);
    schedule.noteCaptured(3 * S, true);
    schedule.noteFrame('change', 5000, true, 3 * S);
    const made = play(schedule, 3 * S, 10 * S, { bytes: 5000, cut: true });
    const refinements = made.filter(({ cause }) => cause === 'refine');
    expect(refinements.length).toBeGreaterThan(MAX_REFINEMENTS * 4);
    const later = play(schedule, 10 * S, 60 * S, { bytes: 5000, cut: true });
    const last = later.filter(({ cause }) => cause === 'refine').at(-1);
    expect(last?.atUs).toBeLessThanOrEqual(3 * S + MAX_REFINING_US);
  });

  it('is not refined again when somebody painted the same pixels over it', () => {
    const schedule = settled(S);
    schedule.noteChange();
    const made = play(schedule, 3 * S, 3.9 * S, { different: false });
    expect(made.filter(({ cause }) => cause === 'refine')).toEqual([]);
  });

  it('is never silent for longer than the repeat interval', () => {
    const schedule = settled(S);
    const made = play(schedule, S, 20 * S, { bytes: 80 });
    let lastUs = S;
    for (const { atUs } of made) {
      expect(atUs - lastUs).toBeLessThanOrEqual(REPEAT_INTERVAL_US);
      lastUs = atUs;
    }
    expect(made.length).toBeLessThanOrEqual(19);
  });
});

describe('a rendition that is to be rare', () => {
  it('has no two frames closer than its rate, changes and refinements together', () => {
    const schedule = new FrameSchedule(2, 'every_frame');
    schedule.setWatched(true);
    const made: number[] = [];
    for (let atUs = 0; atUs < 20 * S; atUs += 700_000) {
      schedule.noteInput(atUs);
      schedule.noteChange();
      made.push(...play(schedule, atUs, atUs + 700_000, { bytes: 2_000 }).map((one) => one.atUs));
    }
    const gaps = made.slice(1).map((atUs, n) => atUs - (made[n] ?? 0));
    expect(made.length).toBeGreaterThan(20);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(S / 2 - 1);
  });

  it('has its key frame at once all the same', () => {
    const schedule = new FrameSchedule(2, 'every_frame');
    schedule.setWatched(true);
    play(schedule, 0, 100_000);
    schedule.requestKeyframe();
    expect(schedule.decide(100_000, 0)).toEqual({ make: 'keyframe' });
  });
});
