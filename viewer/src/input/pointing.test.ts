import { describe, expect, it } from 'vitest';
import { buttonChanges, locate } from './pointer.ts';
import {
  LONG_PRESS_MS,
  TouchGestures,
  type TouchAction,
  type TouchFact,
} from './touch-gestures.ts';
import { Wheel } from './wheel.ts';

describe('buttons', () => {
  it('are told from the mask of each event, chords included', () => {
    expect(buttonChanges(0, 1)).toEqual([{ button: 0, down: true }]);
    expect(buttonChanges(1, 3)).toEqual([{ button: 2, down: true }]);
    expect(buttonChanges(3, 2)).toEqual([{ button: 0, down: false }]);
    expect(
      buttonChanges(0, 31)
        .map(({ button }) => button)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4]);
  });

  it('heal when a release was missed: it comes first', () => {
    expect(buttonChanges(1, 2)).toEqual([
      { button: 0, down: false },
      { button: 2, down: true },
    ]);
  });
});

describe('a point of the page', () => {
  const picture = { x: 100, y: 50, width: 640, height: 360 };
  const monitor = { width: 1280, height: 720 };

  it('is a pixel of the monitor, first to last', () => {
    expect(locate({ x: 100, y: 50 }, picture, monitor)).toEqual({
      position: { x: 0, y: 0 },
      on: true,
    });
    expect(locate({ x: 739.9, y: 409.9 }, picture, monitor)).toEqual({
      position: { x: 0xffff, y: 0xffff },
      on: true,
    });
  });

  it('beside the picture is not on it, and clings to its edge for drags', () => {
    expect(locate({ x: 0, y: 0 }, picture, monitor)).toEqual({
      position: { x: 0, y: 0 },
      on: false,
    });
  });
});

describe('the wheel', () => {
  it('turns one notch per click, whatever a system makes of it in pixels', () => {
    for (const deltaY of [53, 100, 120, 4.000244140625]) {
      const fact = { deltaX: 0, deltaY, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 };
      expect(new Wheel().on(fact)).toEqual({ dx: 0, dy: 120 });
    }
  });

  it('speaks pixels, lines and pages', () => {
    expect(new Wheel().on({ deltaX: 0, deltaY: 50, deltaMode: 0 })).toEqual({ dx: 0, dy: 60 });
    expect(new Wheel().on({ deltaX: 0, deltaY: -3, deltaMode: 1 })).toEqual({ dx: 0, dy: -120 });
    expect(new Wheel().on({ deltaX: 1, deltaY: 0, deltaMode: 2 })).toEqual({ dx: 120, dy: 0 });
  });

  it('adds up slow movements instead of losing them', () => {
    const wheel = new Wheel();
    const steps = Array.from({ length: 8 }, () =>
      wheel.on({ deltaX: 0, deltaY: 0.625, deltaMode: 0 }),
    );
    expect(steps.reduce((sum, step) => sum + (step?.dy ?? 0), 0)).toBe(6);
    expect(steps[0]).toBeUndefined();
  });

  it('stays within what the wire can carry', () => {
    expect(new Wheel().on({ deltaX: 0, deltaY: 1e9, deltaMode: 0 })).toEqual({ dx: 0, dy: 32767 });
  });
});

describe('fingers', () => {
  const touch = (
    type: TouchFact['type'],
    id: number,
    x: number,
    y: number,
    atMs = 0,
  ): TouchFact => ({
    type,
    id,
    point: { x, y },
    atMs,
  });
  const kinds = (actions: readonly TouchAction[]): string[] =>
    actions.map((action) =>
      action.kind === 'button' ? `${action.down ? '+' : '-'}${action.button}` : action.kind,
    );
  const play = (...facts: TouchFact[]): string[] => {
    const gestures = new TouchGestures();
    return kinds(facts.flatMap((fact) => gestures.on(fact)));
  };

  it('tap: a click where the finger was, trembling included', () => {
    expect(
      play(touch('down', 1, 10, 10), touch('move', 1, 13, 12), touch('up', 1, 13, 12)),
    ).toEqual(['move', '+0', '-0']);
  });

  it('held still: a right click, and no click when it lifts', () => {
    const gestures = new TouchGestures();
    gestures.on(touch('down', 1, 10, 10, 1_000));
    expect(gestures.holdAtMs).toBe(1_000 + LONG_PRESS_MS);
    expect(gestures.hold(1_000 + LONG_PRESS_MS - 1)).toEqual([]);
    expect(kinds(gestures.hold(1_000 + LONG_PRESS_MS))).toEqual(['move', '+2', '-2']);
    expect(gestures.on(touch('up', 1, 10, 10))).toEqual([]);
  });

  it('moved: a drag from where it went down', () => {
    const gestures = new TouchGestures();
    gestures.on(touch('down', 1, 10, 10));
    const begun = gestures.on(touch('move', 1, 40, 10));
    expect(kinds(begun)).toEqual(['+0', 'move']);
    expect(begun[0]).toMatchObject({ point: { x: 10, y: 10 } });
    expect(gestures.holdAtMs).toBeUndefined();
    expect(kinds(gestures.on(touch('up', 1, 60, 10)))).toEqual(['-0']);
  });

  it('two, moved: a wheel that follows the content, and no click after', () => {
    const gestures = new TouchGestures();
    gestures.on(touch('down', 1, 10, 100));
    gestures.on(touch('down', 2, 60, 100));
    const both = [
      ...gestures.on(touch('move', 1, 10, 60)),
      ...gestures.on(touch('move', 2, 60, 60)),
    ];
    const dy = both.reduce((sum, action) => sum + (action.kind === 'wheel' ? action.dy : 0), 0);
    expect(dy).toBe(120);
    expect(gestures.on(touch('up', 1, 10, 60))).toEqual([]);
    expect(gestures.on(touch('up', 2, 60, 60))).toEqual([]);
  });

  it('a second finger during a drag does not let go of the button', () => {
    expect(
      play(
        touch('down', 1, 10, 10),
        touch('move', 1, 40, 10),
        touch('down', 2, 90, 90),
        touch('up', 2, 90, 90),
        touch('up', 1, 40, 10),
      ).filter((word) => word !== 'move'),
    ).toEqual(['+0', '-0']);
  });

  it('cancelled: a drag lets go, a tap never was', () => {
    expect(play(touch('down', 1, 10, 10), touch('cancel', 1, 10, 10))).toEqual([]);
    expect(
      play(touch('down', 1, 10, 10), touch('move', 1, 50, 10), touch('cancel', 1, 50, 10)),
    ).toEqual(['+0', 'move', '-0']);
  });
});
