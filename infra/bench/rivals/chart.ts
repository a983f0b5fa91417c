// The comparison as a picture for the documents: medians as bars, 95th percentiles as thin lines. Plain
// SVG, readable on light and dark pages. Pure: results in, text out.
import type { Figures } from '../figures.ts';
import { SCENES, type SceneName } from '../scenes/scenes.ts';
import type { Comparison, Outcome } from './compare.ts';

export type ChartInput = {
  readonly labels: Readonly<Record<string, string>>;
  readonly latency_ms: Readonly<Record<string, Comparison>>;
};

const WIDTH_PX = 860;
const LABEL_PX = 250;
const NUMBER_PX = 110;
const ROW_PX = 20;
const BAR_PX = 12;
const PART_PX = 44;
const SCENE_PX = 30;
const BARS_PX = WIDTH_PX - LABEL_PX - NUMBER_PX;
const OURS = 'guruconnect';

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .part { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .bar { fill: #8c96a0 } .tail { stroke: #8c96a0; stroke-width: 2 }
  .ours .bar { fill: #1f6feb } .ours .tail { stroke: #1f6feb } .ours text { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 }
    .bar { fill: #656c76 } .tail { stroke: #656c76 }
    .ours .bar { fill: #4493f8 } .ours .tail { stroke: #4493f8 }
  }`;

/** How each part of the results is called. */
const PART_TITLES: Readonly<Record<string, string>> = {
  loopback_1280x720: 'Key press to picture, loopback, 1280 × 720',
  loopback_1920x1080: 'Key press to picture, loopback, 1920 × 1080',
  line_20_mbps_30_ms_1280x720: 'Input to picture over 20 Mbit/s with 30 ms round trip, 1280 × 720',
};

export function chart({ labels, latency_ms }: ChartInput): string {
  const rows: string[] = [];
  let y = 0;
  for (const [part, comparison] of Object.entries(latency_ms)) {
    y += PART_PX;
    rows.push(text(0, y - 12, PART_TITLES[part] ?? part, 'part'));
    const longest = Math.max(1, ...measured(comparison).map(({ p50 }) => p50));
    for (const [scene, outcomes] of Object.entries(comparison)) {
      y += SCENE_PX;
      rows.push(text(0, y - 8, SCENES[scene as SceneName].about, 'quiet'));
      for (const [name, outcome] of Object.entries(outcomes)) {
        rows.push(row(y, name, labels[name] ?? name, outcome, longest));
        y += ROW_PX;
      }
    }
  }
  const height = y + 36;
  const note = 'Bars: median. Thin lines: up to the 95th percentile. Milliseconds, less is better.';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH_PX} ${height}" role="img" aria-label="Latency of GuruConnect and of other remote desktops in a browser">
<style>${STYLE}
</style>
${rows.join('\n')}
${text(0, height - 10, note, 'quiet')}
</svg>
`;
}

function row(y: number, name: string, label: string, outcome: Outcome, longest: number): string {
  const kind = name === OURS ? ' class="ours"' : '';
  const middle = y + ROW_PX / 2;
  const shown = text(LABEL_PX - 8, middle + 4, label, '', 'end');
  if ('failed' in outcome)
    return `<g${kind}>${shown}${text(LABEL_PX, middle + 4, 'could not be measured', 'quiet')}</g>`;
  const px = (ms: number): number => Math.min(BARS_PX, Math.round((ms / longest) * BARS_PX * 0.75));
  const bar = `<rect class="bar" x="${LABEL_PX}" y="${middle - BAR_PX / 2}" width="${px(outcome.p50)}" height="${BAR_PX}" rx="2"/>`;
  const tail = `<path class="tail" d="M${LABEL_PX + px(outcome.p50)} ${middle}H${LABEL_PX + px(outcome.p95)}"/>`;
  const numbers = `${Math.round(outcome.p50)} / ${Math.round(outcome.p95)}`;
  return `<g${kind}>${shown}${bar}${tail}${text(WIDTH_PX, middle + 4, numbers, '', 'end')}</g>`;
}

const measured = (comparison: Comparison): Figures[] =>
  Object.values(comparison)
    .flatMap((outcomes) => Object.values(outcomes))
    .filter((outcome): outcome is Figures => !('failed' in outcome));

function text(x: number, y: number, words: string, kind: string, anchor = 'start'): string {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x}" y="${y}"${kind ? ` class="${kind}"` : ''} text-anchor="${anchor}">${escaped}</text>`;
}
