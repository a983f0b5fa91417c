// The page's icons: one stroke, no fill, the text's colour.
import { svg, type SVGTemplateResult } from 'lit';

const icon = (paths: SVGTemplateResult): SVGTemplateResult => svg`
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${paths}</svg>`;

export const ICONS = {
  monitor: icon(svg`<rect x="2.5" y="3.5" width="15" height="10" rx="1.6"/><path d="M7 16.8h6"/>`),
  keyboard: icon(
    svg`<rect x="1.8" y="5" width="16.4" height="10" rx="1.8"/><path d="M5 8.3h.01M8.3 8.3h.01M11.7 8.3h.01M15 8.3h.01M6.5 11.8h7"/>`,
  ),
  keys: icon(
    svg`<path d="M6.2 6.2v7.6M6.2 6.2a2 2 0 1 0-2 2h11.6a2 2 0 1 0-2-2v7.6a2 2 0 1 0 2-2H4.2a2 2 0 1 0 2 2"/>`,
  ),
  fit: icon(
    svg`<path d="M7 3.5H4.5a1 1 0 0 0-1 1V7M13 3.5h2.5a1 1 0 0 1 1 1V7M7 16.5H4.5a1 1 0 0 1-1-1V13M13 16.5h2.5a1 1 0 0 0 1-1V13"/><rect x="7" y="7.6" width="6" height="4.8" rx=".8"/>`,
  ),
  fullscreen: icon(svg`<path d="M12 3.5h4.5V8M16.2 3.8 11.5 8.5M8 16.5H3.5V12M3.8 16.2l4.7-4.7"/>`),
  leaveFullscreen: icon(
    svg`<path d="M16.5 8H12V3.5M12.3 7.7l4.2-4.2M3.5 12H8v4.5M7.7 12.3l-4.2 4.2"/>`,
  ),
  grid: icon(
    svg`<rect x="2.5" y="4" width="6.6" height="5.2" rx="1"/><rect x="10.9" y="4" width="6.6" height="5.2" rx="1"/><rect x="2.5" y="10.8" width="6.6" height="5.2" rx="1"/><rect x="10.9" y="10.8" width="6.6" height="5.2" rx="1"/>`,
  ),
  strip: icon(
    svg`<rect x="2.5" y="3.5" width="15" height="7.6" rx="1.4"/><rect x="2.5" y="13.2" width="4" height="3.3" rx=".7"/><rect x="8" y="13.2" width="4" height="3.3" rx=".7"/><rect x="13.5" y="13.2" width="4" height="3.3" rx=".7"/>`,
  ),
  window: icon(
    svg`<path d="M8.5 4.5H4.3a1.3 1.3 0 0 0-1.3 1.3v8.4a1.3 1.3 0 0 0 1.3 1.3h9.4a1.3 1.3 0 0 0 1.3-1.3v-3.2M11.5 3.5h5v5M16.2 3.8l-6 6"/>`,
  ),
  statistics: icon(svg`<path d="M3.5 16.5h13M6 13.5V10M10 13.5V5M14 13.5V8"/>`),
  end: icon(svg`<path d="M10 3v6.5M5.9 5.6a6 6 0 1 0 8.2 0"/>`),
  inputOn: icon(svg`<path d="m5 3.2 10.2 5.5-4.5 1.2-2.2 4.2z"/><path d="m11.2 11.2 3.6 4.6"/>`),
  inputOff: icon(
    svg`<path d="M2 10s2.9-5 8-5 8 5 8 5-2.9 5-8 5-8-5-8-5z"/><circle cx="10" cy="10" r="2.3"/>`,
  ),
} as const;
