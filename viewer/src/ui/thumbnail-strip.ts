// Small live pictures of the monitors that are not being worked with; a click goes there. Templates
// only; what is received is the viewer's affair.
import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Viewer, ViewerSnapshot } from '../index.ts';

/** Undefined where there is nothing to show: no other monitor, or all are shown already. */
export function thumbnailStrip(
  snapshot: ViewerSnapshot,
  viewer: Pick<Viewer, 'thumbnail'>,
  actions: { selectMonitor(monitorId: number): void },
): TemplateResult | undefined {
  const { layout, selectedMonitorId, state, topology } = snapshot;
  const live = state === 'live' || state === 'reconnecting';
  if (!live || layout === 'grid' || topology.monitors.length < 2) return undefined;
  const others = topology.monitors
    .map((monitor, index) => ({ ...monitor, label: `Monitor ${index + 1}` }))
    .filter(({ monitor_id }) => monitor_id !== selectedMonitorId);
  return html`
    <nav class="strip" aria-label="Other monitors">
      ${repeat(
        others,
        ({ monitor_id }) => monitor_id,
        ({ monitor_id, label, width, height }) => html`
          <button
            type="button"
            class="thumbnail"
            aria-label="Switch to ${label}"
            title="${label}, ${width} × ${height}"
            @click=${() => actions.selectMonitor(monitor_id)}
          >
            <svg class="shape" viewBox="0 0 ${width} ${height}" aria-hidden="true"></svg>
            ${viewer.thumbnail(monitor_id)}
            <span class="caption">${label}</span>
          </button>
        `,
      )}
    </nav>
  `;
}
