// The statistics panel: rates of the shown monitor, and where the time of its frames goes. Reads
// once a second, only while it is on the page.
import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { HOPS, type Hop, type Viewer, type ViewerStatistics } from '../index.ts';

const EVERY_MS = 1_000;

const NOTHING_YET = { media: undefined, agentRttMs: undefined, hops: {} } as const;

const ms = (value: number | undefined): string => {
  if (value === undefined) return '–';
  return value < 10 ? value.toFixed(1) : Math.round(value).toString();
};

export class StatsPanel extends LitElement {
  static override properties = { viewer: { attribute: false }, _statistics: { state: true } };
  declare viewer: Viewer | undefined;
  declare _statistics: ViewerStatistics | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const read = (): void => {
      // The receiver may close while it is asked: then the next reading tells.
      this.viewer?.statistics().then(
        (statistics) => {
          this._statistics = statistics;
        },
        () => undefined,
      );
    };
    read();
    this.#timer = setInterval(read, EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): TemplateResult {
    const { media, agentRttMs, hops } = this._statistics ?? NOTHING_YET;
    return html`
      <aside class="stats" aria-label="Statistics">
        <dl>
          ${row('Picture', media ? `${media.width} × ${media.height}` : '–')}
          ${row('Codec', media?.codec ?? '–')}
          ${row('Frames', media ? `${media.fps.toFixed(media.fps < 10 ? 1 : 0)} /s` : '–')}
          ${row('Received', media ? `${kbits(media.kbps)} kbit/s` : '–')}
          ${row('Decode', `${ms(media?.decodeMs)} ms`)}
          ${row('Jitter buffer', `${ms(media?.jitterBufferMs)} ms`)}
          ${row('Round trip, viewer', `${ms(media?.rttMs)} ms`)}
          ${row('Round trip, agent', `${ms(agentRttMs)} ms`)}
          ${row('Loss', media ? `${media.lossPercent.toFixed(1)} %` : '–')}
          ${row('Path', media?.path ?? '–')}
        </dl>
        ${Object.keys(hops).length === 0 ? nothing : hopTable(hops)}
      </aside>
    `;
  }
}

const kbits = (kbps: number): string =>
  kbps < 100 ? kbps.toFixed(1) : Math.round(kbps).toString();

const row = (name: string, value: string): TemplateResult =>
  html`<dt>${name}</dt>
    <dd>${value}</dd>`;

function hopTable(hops: ViewerStatistics['hops']): TemplateResult {
  return html`
    <table>
      <thead>
        <tr>
          <th scope="col">Where the time goes</th>
          <th scope="col">p50</th>
          <th scope="col">p95 ms</th>
        </tr>
      </thead>
      <tbody>
        ${(Object.keys(HOPS) as Hop[]).map((hop) => {
          const figures = hops[hop];
          return figures
            ? html`<tr data-hop=${hop}>
                <th scope="row">${HOPS[hop]}</th>
                <td>${ms(figures.p50Ms)}</td>
                <td>${ms(figures.p95Ms)}</td>
              </tr>`
            : nothing;
        })}
      </tbody>
    </table>
  `;
}

customElements.define('gc-stats-panel', StatsPanel);
