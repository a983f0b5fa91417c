// The bar above the picture: which machine, how it is doing, which monitor, and the few things a
// technician does. Templates only; shell.ts holds the state.
import { html, nothing, type TemplateResult } from 'lit';
import type { ViewerSnapshot } from '../index.ts';
import { ICONS } from './icons.ts';
import { INPUT_ON, INPUT_WORDS, KEY_COMBINATIONS, LAYOUT_WORDS, STATE_WORDS } from './strings.ts';

export type ToolbarModel = {
  readonly snapshot: ViewerSnapshot;
  readonly fullscreen: boolean;
  readonly mayFullscreen: boolean;
  readonly statistics: boolean;
  readonly thumbnails: boolean;
};

export type ToolbarActions = {
  selectMonitor(monitorId: number): void;
  toggleGrid(): void;
  toggleThumbnails(): void;
  openWindow(monitorId: number): void;
  sendKeys(codes: readonly string[]): void;
  toggleScaling(): void;
  toggleFullscreen(): void;
  toggleStatistics(): void;
  toggleOnScreenKeyboard(): void;
  askEnd(): void;
};

/** States in which there is a session to act on. */
const RUNNING = new Set(['waiting_agent', 'waiting_consent', 'connecting', 'live', 'reconnecting']);

export function toolbar(model: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { snapshot } = model;
  const running = RUNNING.has(snapshot.state);
  return html`
    <header class="toolbar">
      <div class="who">${status(snapshot)}${machine(snapshot)}</div>
      ${running && snapshot.topology.monitors.length > 0 ? monitors(model, actions) : nothing}
      <div class="tools">${running ? tools(model, actions) : nothing}</div>
    </header>
  `;
}

export function statusWords(snapshot: ViewerSnapshot): string {
  const words = STATE_WORDS[snapshot.state];
  if (snapshot.state !== 'live') return words;
  if (snapshot.link === 'down') return 'Live, server connection is being restored';
  return snapshot.picture === 'stale' ? 'Picture is stale' : words;
}

function status(snapshot: ViewerSnapshot): TemplateResult {
  const mood = snapshot.state === 'live' && snapshot.picture === 'stale' ? 'stale' : snapshot.state;
  return html`
    <span class="state" data-state=${mood}>
      <span class="dot"></span><span class="words" role="status">${statusWords(snapshot)}</span>
    </span>
  `;
}

function machine({ session }: ViewerSnapshot): TemplateResult | typeof nothing {
  if (!session) return nothing;
  return html`<span class="machine" title="Machine ${session.device_id}"
    >${session.device_id}</span
  >`;
}

function monitors(model: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { snapshot } = model;
  return html`
    <div class="monitors" role="group" aria-label="Monitors">
      ${snapshot.topology.monitors.map((monitor, index) => {
        const selected = monitor.monitor_id === snapshot.selectedMonitorId;
        const switching = selected && snapshot.shownMonitorId !== monitor.monitor_id;
        const primary = monitor.primary ? ', primary' : '';
        return html`<button
          type="button"
          class="monitor"
          aria-pressed=${selected ? 'true' : 'false'}
          aria-busy=${switching ? 'true' : 'false'}
          title="${monitor.name}, ${monitor.width} × ${monitor.height}${primary}"
          @click=${() => actions.selectMonitor(monitor.monitor_id)}
          .textContent=${`Monitor ${index + 1}`}
        ></button>`;
      })}
      ${snapshot.topology.monitors.length > 1 ? arrangement(model, actions) : nothing}
    </div>
  `;
}

/** How several monitors are shown. */
function arrangement(
  { snapshot, thumbnails }: ToolbarModel,
  actions: ToolbarActions,
): TemplateResult {
  const isGrid = snapshot.layout === 'grid';
  const selected = snapshot.selectedMonitorId;
  return html`
    <span class="divider"></span>
    <button
      type="button"
      class="arrange"
      title=${isGrid ? LAYOUT_WORDS.single : LAYOUT_WORDS.grid}
      aria-label="All monitors"
      aria-pressed=${isGrid ? 'true' : 'false'}
      @click=${actions.toggleGrid}
    >
      ${ICONS.grid}
    </button>
    <button
      type="button"
      class="arrange"
      title=${isGrid ? LAYOUT_WORDS.noStrip : LAYOUT_WORDS.strip}
      aria-label="Thumbnails"
      aria-pressed=${thumbnails && !isGrid ? 'true' : 'false'}
      ?disabled=${isGrid}
      @click=${actions.toggleThumbnails}
    >
      ${ICONS.strip}
    </button>
    <button
      type="button"
      class="arrange"
      title=${LAYOUT_WORDS.window}
      aria-label="Open in a window"
      ?disabled=${selected === undefined}
      @click=${() => {
        if (selected !== undefined) actions.openWindow(selected);
      }}
    >
      ${ICONS.window}
    </button>
  `;
}

function tools(model: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { snapshot } = model;
  const { input } = snapshot;
  const live = snapshot.state === 'live' || snapshot.state === 'reconnecting';
  const inputWords = input.enabled ? INPUT_ON : INPUT_WORDS[input.why];
  return html`
    ${
      live
        ? html`
            <span
              class="input"
              data-on=${input.enabled ? 'true' : 'false'}
              role="img"
              aria-label=${inputWords}
              title=${inputWords}
            >
              ${input.enabled ? ICONS.inputOn : ICONS.inputOff}
              <span class="label"
                >${input.enabled ? 'Control' : input.why === 'view_only' ? 'View only' : 'Input off'}</span
              >
            </span>
            ${keysMenu(input.enabled, actions)}
            <button
              type="button"
              class="tool touch-only"
              title="On-screen keyboard"
              aria-label="On-screen keyboard"
              ?disabled=${!input.enabled}
              @click=${actions.toggleOnScreenKeyboard}
            >
              ${ICONS.keyboard}
            </button>
            <button
              type="button"
              class="tool"
              title=${snapshot.scaling === 'fit' ? 'Show pixel for pixel (1:1)' : 'Fit to the window'}
              aria-label="Actual size"
              aria-pressed=${snapshot.scaling === 'native' ? 'true' : 'false'}
              ?disabled=${snapshot.layout === 'grid'}
              @click=${actions.toggleScaling}
            >
              ${snapshot.scaling === 'native' ? ICONS.fit : html`<span class="one-to-one" aria-hidden="true">1:1</span>`}
            </button>
            <button
              type="button"
              class="tool"
              title="Statistics"
              aria-label="Statistics"
              aria-pressed=${model.statistics ? 'true' : 'false'}
              @click=${actions.toggleStatistics}
            >
              ${ICONS.statistics}
            </button>
            <button
              type="button"
              class="tool"
              title=${model.mayFullscreen ? (model.fullscreen ? 'Leave full screen' : 'Full screen') : 'The embedding page does not allow full screen'}
              aria-label="Full screen"
              aria-pressed=${model.fullscreen ? 'true' : 'false'}
              ?disabled=${!model.mayFullscreen}
              @click=${actions.toggleFullscreen}
            >
              ${model.fullscreen ? ICONS.leaveFullscreen : ICONS.fullscreen}
            </button>
          `
        : nothing
    }
    <button
      type="button"
      class="tool end"
      title="End session"
      aria-label="End session"
      @click=${actions.askEnd}
    >
      ${ICONS.end}<span class="label">End</span>
    </button>
  `;
}

/** A native popover: it closes on Escape and on a click elsewhere without any code of ours. */
function keysMenu(enabled: boolean, actions: ToolbarActions): TemplateResult {
  return html`
    <button
      type="button"
      class="tool"
      popovertarget="keys"
      title="Send keys"
      aria-label="Send keys"
      ?disabled=${!enabled}
    >
      ${ICONS.keys}
    </button>
    <div id="keys" class="menu" popover aria-label="Send keys">
      ${KEY_COMBINATIONS.map(
        ({ name, codes }) =>
          html`<button
            type="button"
            popovertarget="keys"
            popovertargetaction="hide"
            @click=${() => actions.sendKeys(codes)}
          >
            ${name}
          </button>`,
      )}
      <p class="hint">Ctrl + Alt + Home moves the keyboard from the picture to this bar.</p>
    </div>
  `;
}
