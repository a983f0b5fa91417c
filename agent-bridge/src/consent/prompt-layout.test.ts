import { describe, expect, it } from 'vitest';
import type { Rect, TextMeasure } from './drawing.ts';
import { TEXT_STYLES } from './drawing.ts';
import { layoutIndicator } from './indicator-layout.ts';
import { layoutPrompt, type PromptView } from './prompt-layout.ts';
import { promptWording } from './prompt-wording.ts';

/** Every letter as wide as half its size. */
const measureAt = (scale: number): TextMeasure => ({
  widthOf: (text, style) => Math.ceil([...text].length * TEXT_STYLES[style].sizePx * scale * 0.5),
  ascentOf: (style) => Math.round(TEXT_STYLES[style].sizePx * scale * 0.93),
  descentOf: (style) => Math.round(TEXT_STYLES[style].sizePx * scale * 0.24),
});

const VIEW: PromptView = {
  focused: 'deny',
  hovered: undefined,
  pressed: undefined,
  armed: true,
  countdown: 'Denied automatically in 30 s',
};

const LONG = promptWording({
  technician: { name: 'N'.repeat(500), organization: 'O '.repeat(300) },
  reason: 'R'.repeat(400) + ' word'.repeat(400),
  grants: ['view', 'control'],
  timeoutMs: 1,
});

const isInside = (inner: Rect, outer: { width: number; height: number }): boolean =>
  inner.x >= 0 &&
  inner.y >= 0 &&
  inner.x + inner.width <= outer.width &&
  inner.y + inner.height <= outer.height;

describe('the prompt', () => {
  it.each([
    [1, 1280, 720],
    [1, 800, 600],
    [1.5, 1280, 900],
    [2, 1920, 1200],
  ])(
    'at scale %d keeps all words and both buttons inside, and fits %ix%i, whatever it is told',
    (scale, screenWidth, screenHeight) => {
      const measure = measureAt(scale);
      const { drawing, buttons } = layoutPrompt(LONG, VIEW, measure, scale, screenWidth - 48);
      expect(drawing.width).toBeLessThanOrEqual(screenWidth);
      expect(drawing.height).toBeLessThanOrEqual(screenHeight);
      expect(isInside(buttons.deny, drawing) && isInside(buttons.allow, drawing)).toBe(true);
      for (const { text, style, x, baselineY } of drawing.texts)
        expect(
          isInside(
            {
              x,
              y: baselineY - measure.ascentOf(style),
              width: measure.widthOf(text, style),
              height: 1,
            },
            drawing,
          ),
        ).toBe(true);
    },
  );

  it('changes nothing but its footer while it counts down', () => {
    const measure = measureAt(1);
    const before = layoutPrompt(LONG, VIEW, measure, 1, 1280);
    const after = layoutPrompt(
      LONG,
      { ...VIEW, countdown: 'Denied automatically in 9 s', armed: false },
      measure,
      1,
      1280,
    );
    expect(after.footer).toEqual(before.footer);
    const above = ({ drawing, footer }: typeof before) => [
      drawing.boxes.filter((box) => box.y < footer.y),
      drawing.texts.filter((text) => text.baselineY < footer.y),
    ];
    expect(above(after)).toEqual(above(before));
  });

  it('shows the focus on one button, and Allow pale while it does not count', () => {
    const rings = (view: PromptView) =>
      layoutPrompt(LONG, view, measureAt(1), 1, 1280).drawing.boxes.filter(
        (box) => box.stroke && box.fill === undefined,
      );
    expect(rings(VIEW)).toHaveLength(1);
    const colourOfAllow = (armed: boolean) =>
      layoutPrompt(LONG, { ...VIEW, armed }, measureAt(1), 1, 1280).drawing.texts.find(
        ({ text }) => text === 'Allow',
      )!.colour;
    expect(colourOfAllow(true)).not.toBe(colourOfAllow(false));
  });
});

it('the indicator stays small and keeps its Stop button, whatever the name', () => {
  const { drawing, stopButton } = layoutIndicator('W'.repeat(400), false, measureAt(1), 1, 640);
  expect(drawing.width).toBeLessThanOrEqual(560);
  expect(drawing.height).toBeLessThanOrEqual(40);
  expect(isInside(stopButton, drawing)).toBe(true);
});
