// The look of the live indicator: a narrow dark strip, red dot, who does what, Stop. Pure.
import { COLOURS, type Drawing, type DrawnBox, type Rect, type TextMeasure } from './drawing.ts';
import { centred } from './prompt-layout.ts';
import { fitLine } from './text-wrap.ts';

const HEIGHT = 34;
const PADDING = 14;
const DOT = 9;
const DOT_GAP = 10;
const BUTTON_GAP = 16;
const BUTTON_WIDTH = 60;
const BUTTON_HEIGHT = 24;
const BUTTON_MARGIN = 5;
const MAX_WIDTH = 560;

export interface IndicatorLayout {
  readonly drawing: Drawing;
  readonly stopButton: Rect;
}

/** @param scale pixels for each unit above; @param maxWidth pixels the screen leaves. */
export function layoutIndicator(
  text: string,
  stopHovered: boolean,
  measure: TextMeasure,
  scale: number,
  maxWidth: number,
): IndicatorLayout {
  const px = (units: number): number => Math.round(units * scale);
  const aroundText =
    px(PADDING) + px(DOT) + px(DOT_GAP) + px(BUTTON_GAP) + px(BUTTON_WIDTH) + px(BUTTON_MARGIN);
  const textLimit = Math.max(0, Math.min(px(MAX_WIDTH), maxWidth) - aroundText);
  const line = fitLine(text, textLimit, (part) => measure.widthOf(part, 'indicator'));
  const height = px(HEIGHT);
  const width = aroundText + measure.widthOf(line, 'indicator');
  const stopButton = {
    x: width - px(BUTTON_MARGIN) - px(BUTTON_WIDTH),
    y: Math.round((height - px(BUTTON_HEIGHT)) / 2),
    width: px(BUTTON_WIDTH),
    height: px(BUTTON_HEIGHT),
  };
  const dot = {
    x: px(PADDING),
    y: Math.round((height - px(DOT)) / 2),
    width: px(DOT),
    height: px(DOT),
  };
  const boxes: DrawnBox[] = [
    {
      ...{ x: 0, y: 0, width, height, radius: 0, fill: COLOURS.dark },
      stroke: { colour: COLOURS.darkRaised, thickness: Math.max(1, px(1)) },
    },
    { ...dot, radius: dot.width / 2, fill: COLOURS.live },
    {
      ...stopButton,
      radius: px(5),
      fill: stopHovered ? COLOURS.live : COLOURS.darkRaised,
    },
  ];
  const textRect = {
    x: px(PADDING) + px(DOT) + px(DOT_GAP),
    y: 0,
    width: measure.widthOf(line, 'indicator'),
    height,
  };
  const texts = [
    centred(line, 'indicator', textRect, COLOURS.onDark, measure),
    centred('Stop', 'indicatorButton', stopButton, COLOURS.onDark, measure),
  ];
  return { drawing: { width, height, boxes, texts }, stopButton };
}
