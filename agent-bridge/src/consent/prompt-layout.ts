// The look of the consent prompt. Pure: wording, measures and state in, a drawing and the places of
// the buttons out. A card read from top to bottom: what is asked, by whom, for what, why; then time
// left and the two buttons.
import {
  COLOURS,
  type Drawing,
  type DrawnBox,
  type DrawnText,
  type Rect,
  type TextMeasure,
  type TextStyle,
} from './drawing.ts';
import type { PromptButton } from './prompt-interaction.ts';
import type { PromptWording } from './prompt-wording.ts';
import { fitLine, wrapText } from './text-wrap.ts';

const WIDTH = 500;
const PADDING = 28;
const BADGE = 44;
const BADGE_GAP = 14;
const BULLET_INDENT = 20;
const PANEL_PADDING = 14;
const MAX_REASON_LINES = 4;
const MAX_NAME_LINES = 2;
const BUTTON_WIDTH = 104;
const BUTTON_HEIGHT = 36;
const BUTTON_GAP = 12;
const BUTTON_RADIUS = 6;
const FOOTER_PADDING = 20;
/** Line height as a multiple of ascent + descent. */
const LEADING = 1.18;

export interface PromptView {
  readonly focused: PromptButton;
  readonly hovered: PromptButton | undefined;
  readonly pressed: PromptButton | undefined;
  readonly armed: boolean;
  readonly countdown: string;
}

export interface PromptLayout {
  readonly drawing: Drawing;
  readonly buttons: Readonly<Record<PromptButton, Rect>>;
  /** The part that the countdown and the buttons change. */
  readonly footer: Rect;
}

/** @param scale pixels for each unit above; @param maxWidth pixels the screen leaves. */
export function layoutPrompt(
  wording: PromptWording,
  view: PromptView,
  measure: TextMeasure,
  scale: number,
  maxWidth: number,
): PromptLayout {
  const px = (units: number): number => Math.round(units * scale);
  const width = Math.min(px(WIDTH), maxWidth);
  const inner = width - 2 * px(PADDING);
  const boxes: DrawnBox[] = [];
  const texts: DrawnText[] = [];
  let y = px(PADDING) - px(4);

  const lineHeight = (style: TextStyle): number =>
    Math.round((measure.ascentOf(style) + measure.descentOf(style)) * LEADING);
  const line = (text: string, style: TextStyle, x: number, colour: number): void => {
    texts.push({ text, style, x, baselineY: y + measure.ascentOf(style), colour });
    y += lineHeight(style);
  };
  const paragraph = (
    text: string,
    style: TextStyle,
    x: number,
    textWidth: number,
    maxLines: number,
    colour: number,
  ): void => {
    const widthOf = (part: string): number => measure.widthOf(part, style);
    for (const part of wrapText(text, textWidth, maxLines, widthOf)) line(part, style, x, colour);
  };

  const left = px(PADDING);
  paragraph(wording.heading, 'heading', left, inner, 2, COLOURS.ink);
  y += px(16);

  // Who: a badge, the name, the organisation.
  const nameX = left + px(BADGE) + px(BADGE_GAP);
  const nameWidth = width - nameX - px(PADDING);
  const whoTop = y;
  const nameLines = wrapText(wording.name, nameWidth, MAX_NAME_LINES, (part) =>
    measure.widthOf(part, 'name'),
  );
  const whoHeight =
    nameLines.length * lineHeight('name') + (wording.organization ? lineHeight('body') : 0);
  y += Math.max(0, Math.round((px(BADGE) - whoHeight) / 2));
  for (const part of nameLines) line(part, 'name', nameX, COLOURS.ink);
  if (wording.organization) {
    const widthOf = (part: string): number => measure.widthOf(part, 'body');
    line(fitLine(wording.organization, nameWidth, widthOf), 'body', nameX, COLOURS.muted);
  }
  const badge = { x: left, y: whoTop, width: px(BADGE), height: px(BADGE) };
  boxes.push({ ...badge, radius: px(BADGE) / 2, fill: COLOURS.accent });
  texts.push(centred(wording.initials, 'initials', badge, COLOURS.onAccent, measure));
  y = Math.max(y, whoTop + px(BADGE)) + px(16);

  // For what.
  paragraph(wording.lead, 'body', left, inner, 3, COLOURS.ink);
  y += px(8);
  for (const ask of wording.asks) {
    const dot = px(6);
    const middle = y + Math.round(measure.ascentOf('body') * 0.64);
    boxes.push({
      x: left + px(3),
      y: middle - Math.round(dot / 2),
      width: dot,
      height: dot,
      radius: dot / 2,
      fill: COLOURS.accent,
    });
    paragraph(ask, 'name', left + px(BULLET_INDENT), inner - px(BULLET_INDENT), 2, COLOURS.ink);
    y += px(4);
  }

  // Why.
  if (wording.reason) {
    y += px(10);
    const panelTop = y;
    const panelIndex = boxes.length;
    y += px(PANEL_PADDING) - px(2);
    line('Reason given', 'small', left + px(PANEL_PADDING), COLOURS.muted);
    y += px(2);
    const panelInner = inner - 2 * px(PANEL_PADDING);
    const x = left + px(PANEL_PADDING);
    paragraph(wording.reason, 'body', x, panelInner, MAX_REASON_LINES, COLOURS.ink);
    y += px(PANEL_PADDING) - px(4);
    boxes.splice(panelIndex, 0, {
      x: left,
      y: panelTop,
      width: inner,
      height: y - panelTop,
      radius: px(6),
      fill: COLOURS.panel,
    });
  }
  y += px(14);
  for (const advice of wording.advice) paragraph(advice, 'small', left, inner, 2, COLOURS.muted);
  y += px(16);

  // Time left and the buttons.
  const footerTop = y;
  const height = footerTop + 2 * px(FOOTER_PADDING) + px(BUTTON_HEIGHT) - px(2);
  const footer = { x: 0, y: footerTop, width, height: height - footerTop };
  boxes.unshift({ ...footer, radius: 0, fill: COLOURS.panel });
  boxes.push({
    x: 0,
    y: footerTop,
    width,
    height: Math.max(1, px(1)),
    radius: 0,
    fill: COLOURS.line,
  });
  const buttonTop = footerTop + Math.round((footer.height - px(BUTTON_HEIGHT)) / 2);
  const buttonAt = (fromRight: number): Rect => ({
    x: width - px(PADDING) - fromRight * (px(BUTTON_WIDTH) + px(BUTTON_GAP)) - px(BUTTON_WIDTH),
    y: buttonTop,
    width: px(BUTTON_WIDTH),
    height: px(BUTTON_HEIGHT),
  });
  const buttons = { deny: buttonAt(1), allow: buttonAt(0) };
  const button: ButtonDrawing = { measure, px, view };
  drawDeny(wording.deny, buttons.deny, button, boxes, texts);
  drawAllow(wording.allow, buttons.allow, button, boxes, texts);
  const countdownY = buttonTop + Math.round((px(BUTTON_HEIGHT) + capHeight('small', measure)) / 2);
  const countdownWidth = buttons.deny.x - left - px(BUTTON_GAP);
  texts.push({
    text: fitLine(view.countdown, countdownWidth, (part) => measure.widthOf(part, 'small')),
    style: 'small',
    x: left,
    baselineY: countdownY,
    colour: COLOURS.muted,
  });

  return { drawing: { width, height, boxes, texts }, buttons, footer };
}

interface ButtonDrawing {
  readonly measure: TextMeasure;
  readonly px: (units: number) => number;
  readonly view: PromptView;
}

/** The safe choice carries the accent. */
function drawDeny(
  label: string,
  rect: Rect,
  { measure, px, view }: ButtonDrawing,
  boxes: DrawnBox[],
  texts: DrawnText[],
): void {
  const active = view.pressed === 'deny' || view.hovered === 'deny';
  if (view.focused === 'deny') boxes.push(focusRing(rect, px));
  boxes.push({
    ...rect,
    radius: px(BUTTON_RADIUS),
    fill: active ? COLOURS.accentDark : COLOURS.accent,
  });
  texts.push(centred(label, 'button', rect, COLOURS.onAccent, measure));
}

/** Pale until it may be clicked. */
function drawAllow(
  label: string,
  rect: Rect,
  { measure, px, view }: ButtonDrawing,
  boxes: DrawnBox[],
  texts: DrawnText[],
): void {
  const active = view.armed && (view.pressed === 'allow' || view.hovered === 'allow');
  if (view.focused === 'allow') boxes.push(focusRing(rect, px));
  boxes.push({
    ...rect,
    radius: px(BUTTON_RADIUS),
    fill: active ? COLOURS.line : COLOURS.ground,
    stroke: { colour: view.armed ? COLOURS.muted : COLOURS.line, thickness: Math.max(1, px(1)) },
  });
  const colour = view.armed ? COLOURS.ink : COLOURS.disabled;
  texts.push(centred(label, 'button', rect, colour, measure));
}

function focusRing(rect: Rect, px: (units: number) => number): DrawnBox {
  const gap = px(3);
  return {
    x: rect.x - gap,
    y: rect.y - gap,
    width: rect.width + 2 * gap,
    height: rect.height + 2 * gap,
    radius: px(BUTTON_RADIUS) + gap,
    stroke: { colour: COLOURS.accent, thickness: Math.max(1, px(1.5)) },
  };
}

/** Height of capital letters, which is what looks centred; about 0.73 of most fonts' ascent. */
function capHeight(style: TextStyle, measure: TextMeasure): number {
  return Math.round(measure.ascentOf(style) * 0.78);
}

export function centred(
  text: string,
  style: TextStyle,
  rect: Rect,
  colour: number,
  measure: TextMeasure,
): DrawnText {
  return {
    text,
    style,
    x: rect.x + Math.round((rect.width - measure.widthOf(text, style)) / 2),
    baselineY: rect.y + Math.round((rect.height + capHeight(style, measure)) / 2),
    colour,
  };
}
