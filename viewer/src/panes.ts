// Where monitors are shown: one at a time, or all at once as they lie on the desk, and besides in
// browser windows of their own. Each is a pane; this says which there are, gives each the video of its
// monitor, and knows which of them the page is about. Owned by viewer.ts.
import { GcError } from '@guruconnect/contract/errors';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import type { CursorFact } from './cursor/remote-cursor.ts';
import type { InputChannel } from './input/input-channel.ts';
import type { FrameTrace } from './media/frame-trace.ts';
import type { PathWatch } from './media/path-watch.ts';
import type { Scaling } from './media/picture-geometry.ts';
import { tiles } from './media/tiles.ts';
import { MonitorWindow } from './monitor-window.ts';
import { resizeObserver } from './own-window.ts';
import { Pane } from './pane.ts';

/** `single`: one monitor at a time. `grid`: all at once, as they lie on the desk. */
export type Layout = 'single' | 'grid';

export type PanesOptions = {
  readonly container: HTMLElement;
  readonly channel: InputChannel;
  readonly path: PathWatch;
  readonly newTrace: () => FrameTrace;
  /** What is shown, selected or fresh changed. */
  readonly onChanged: () => void;
  /** A new pane waits for a picture of this monitor. */
  readonly onPictureWanted: (monitorId: number) => void;
  readonly onLeave: () => void;
};

type Outside = { readonly window: MonitorWindow; readonly pane: Pane };

export class Panes {
  readonly #options: PanesOptions;
  readonly #tracks = new Map<number, MediaStreamTrack>();
  readonly #outside = new Map<number, Outside>();
  /** For panes that are made later. */
  readonly #lastCursor = new Map<'shape' | 'position', CursorFact>();
  readonly #resize: ResizeObserver;
  #layout: Layout = 'single';
  /** In the page: the one pane, or a tile for each monitor. */
  #inside: Pane[] = [];
  #main: Pane;
  #topology: Topology = { topology_epoch: 0, monitors: [] };
  #scaling: Scaling = 'fit';
  #mayControl = false;
  #painted = false;

  constructor(options: PanesOptions) {
    this.#options = options;
    this.#main = this.#pane(this.#box());
    this.#inside = [this.#main];
    this.#resize = resizeObserver(options.container, () => this.#place());
  }

  /** What the page is about: the monitor shown, or the tile that was acted on last. */
  get main(): Pane {
    return this.#main;
  }

  get layout(): Layout {
    return this.#layout;
  }

  /** Monitors that have a window of their own. */
  get windows(): readonly number[] {
    return [...this.#outside.keys()];
  }

  /** Monitors that have to be received to work with. */
  get watched(): ReadonlySet<number> {
    return new Set(this.#all.flatMap(({ view }) => [...view.watched]));
  }

  /** Does any pane show a track that still runs? */
  get showRunningTrack(): boolean {
    return this.#all.some(({ view }) => view.showsRunningTrack);
  }

  /** Was anything ever painted? */
  get painted(): boolean {
    this.#painted ||= this.#all.some(({ view }) => view.painted);
    return this.#painted;
  }

  set scaling(scaling: Scaling) {
    this.#scaling = scaling;
    if (this.#layout === 'single') this.#main.view.scaling = scaling;
  }

  setTopology(topology: Topology): void {
    // By content, as MonitorView: it is told again and again.
    if (JSON.stringify(topology) === JSON.stringify(this.#topology)) return;
    const before = this.#topology.monitors;
    this.#topology = topology;
    for (const id of this.windows) if (!this.#monitor(id)) this.closeWindow(id);
    if (this.#layout === 'grid' && !sameIds(before, topology.monitors)) this.#build();
    for (const pane of this.#all) pane.setTopology(topology);
    this.#place();
  }

  setLayout(layout: Layout): void {
    if (layout === this.#layout) return;
    this.#layout = layout;
    this.#build();
    this.#options.onChanged();
  }

  /** @throws GcError `invalid_request` for a monitor that is not part of the topology. */
  select(monitorId: number): void {
    this.#need(monitorId);
    if (this.#layout === 'single') return this.#main.view.select(monitorId);
    const tile = this.#inside.find(({ only }) => only === monitorId);
    if (tile) this.#activate(tile);
  }

  /**
   * Shows the monitor in a browser window of its own, or brings that to the front. To be called for
   * a click or a key press: browsers open no window otherwise.
   * @throws GcError `invalid_request`: no such monitor, or the browser did not allow it.
   */
  openWindow(monitorId: number, title: string): void {
    const monitor = this.#need(monitorId);
    const known = this.#outside.get(monitorId);
    if (known) return known.window.focus();
    const opener = this.#options.container.ownerDocument.defaultView;
    if (!opener) throw new GcError('invalid_request', 'This page is shown nowhere');
    const window = new MonitorWindow(opener, monitor, title, () => this.closeWindow(monitorId));
    const pane = this.#pane(window.container, monitorId);
    this.#outside.set(monitorId, { window, pane });
    this.#fill(pane);
    this.#options.onChanged();
  }

  closeWindow(monitorId: number): void {
    const outside = this.#outside.get(monitorId);
    if (!outside) return;
    this.#outside.delete(monitorId);
    outside.pane.releaseAll();
    outside.pane.close();
    outside.window.close();
    this.#options.channel.aim(this.#main.aim);
    this.#options.onChanged();
  }

  /** A monitor's video is here (again). */
  addTrack(monitorId: number, track: MediaStreamTrack): void {
    this.#tracks.set(monitorId, track);
    for (const { only, view } of this.#all)
      if (only === undefined || only === monitorId) view.addTrack(monitorId, track);
  }

  /** It is about to end; its last picture stays where it is shown. */
  dropTrack(monitorId: number): void {
    this.#tracks.delete(monitorId);
    for (const { view } of this.#all) view.dropTrack(monitorId);
  }

  allowInput(mayControl: boolean): void {
    this.#mayControl = mayControl;
    for (const pane of this.#all) pane.allowInput(mayControl);
  }

  releaseAll(): void {
    for (const pane of this.#all) pane.releaseAll();
  }

  onCursor(fact: CursorFact): void {
    this.#lastCursor.set(fact.kind === 'cursor_position' ? 'position' : 'shape', fact);
    for (const pane of this.#all) pane.onCursor(fact);
  }

  /** Each pane that shows this monitor wants to know where the time of its frames goes. */
  tracesOf(monitorId: number): FrameTrace[] {
    return this.#all.flatMap(({ view, trace }) => (view.shownId === monitorId ? [trace] : []));
  }

  /** Looks at the clock. @returns monitors that need a key frame. @param expected as MonitorView. */
  tick(nowMs: number, expected: boolean): Set<number> {
    const needy = this.#all.map(({ view, visibleSinceMs }) =>
      view.tick(nowMs, visibleSinceMs, expected),
    );
    return new Set(needy.filter((id) => id !== undefined));
  }

  /** The session is over: nothing of it stays on any screen. */
  clear(): void {
    for (const id of this.windows) this.closeWindow(id);
    this.#tracks.clear();
    for (const { view } of this.#inside) view.clear();
  }

  /** Idempotent. */
  close(): void {
    this.clear();
    this.#resize.disconnect();
    for (const pane of this.#inside) discard(pane);
    this.#inside = [];
  }

  get #all(): Pane[] {
    return [...this.#inside, ...[...this.#outside.values()].map(({ pane }) => pane)];
  }

  /** The panes of the layout, in place of those before; the monitor that was worked with stays it. */
  #build(): void {
    const before = this.#inside;
    const selected = this.#main.view.selectedId;
    this.releaseAll();
    const ids = this.#topology.monitors.map(({ monitor_id }) => monitor_id);
    const only = this.#layout === 'grid' && ids.length > 0 ? ids : [undefined];
    const inside = only.map((id) => this.#pane(this.#box(), id));
    this.#inside = inside;
    this.#painted = this.painted;
    for (const pane of before) discard(pane);
    this.#main = inside.find((pane) => pane.only === selected) ?? inside[0] ?? this.#main;
    this.#options.channel.aim(this.#main.aim);
    for (const pane of this.#inside) this.#fill(pane);
    if (this.#layout === 'single') {
      this.#main.view.scaling = this.#scaling;
      if (selected !== undefined) this.#main.view.select(selected);
    }
    this.#place();
  }

  /** What a pane that is made now has missed. */
  #fill(pane: Pane): void {
    pane.setTopology(this.#topology);
    for (const [monitorId, track] of this.#tracks)
      if (pane.only === undefined || pane.only === monitorId) pane.view.addTrack(monitorId, track);
    for (const fact of this.#lastCursor.values()) pane.onCursor(fact);
    pane.allowInput(this.#mayControl);
    // A still screen sends its next picture in a second; a track that runs already begins with none.
    const wanted = pane.view.selectedId;
    if (wanted !== undefined) this.#options.onPictureWanted(wanted);
  }

  #box(): HTMLElement {
    const { container } = this.#options;
    const box = container.ownerDocument.createElement('div');
    Object.assign(box.style, { position: 'absolute', inset: '0', background: 'inherit' });
    container.append(box);
    return box;
  }

  #pane(container: HTMLElement, only?: number): Pane {
    const { channel, newTrace, onChanged, onLeave, path } = this.#options;
    return new Pane({
      container,
      ...(only === undefined ? {} : { only }),
      channel,
      trace: newTrace(),
      path,
      onChanged,
      onActive: (pane) => {
        if (this.#inside.includes(pane)) this.#activate(pane);
      },
      onLeave,
    });
  }

  #activate(main: Pane): void {
    if (main === this.#main) return;
    this.#main = main;
    this.#mark();
    this.#options.onChanged();
  }

  /** Tiles lie where their monitors lie; which one is acted on can be seen. */
  #place(): void {
    if (this.#layout !== 'grid') return;
    const { clientWidth: width, clientHeight: height } = this.#options.container;
    const places = tiles(this.#topology.monitors, { width, height });
    this.#topology.monitors.forEach(({ monitor_id }, index) => {
      const tile = this.#inside.find(({ only }) => only === monitor_id);
      const rect = places.get(monitor_id);
      if (!tile || !rect) return;
      const { style } = tile.container;
      style.inset = 'auto';
      for (const [name, length] of Object.entries({
        left: rect.x,
        top: rect.y,
        width: rect.width,
        height: rect.height,
      }))
        style.setProperty(name, `${length}px`);
      tile.container.setAttribute('role', 'group');
      tile.container.setAttribute('aria-label', `Picture of Monitor ${index + 1}`);
      tile.container.dataset['tile'] = String(monitor_id);
    });
    this.#mark();
  }

  #mark(): void {
    for (const { container } of this.#inside) {
      const isMain = this.#layout === 'grid' && container === this.#main.container;
      container.style.outline = isMain ? '2px solid var(--accent, #6aa8ff)' : '';
    }
  }

  #monitor(monitorId: number): Monitor | undefined {
    return this.#topology.monitors.find(({ monitor_id }) => monitor_id === monitorId);
  }

  #need(monitorId: number): Monitor {
    const monitor = this.#monitor(monitorId);
    if (!monitor) throw new GcError('invalid_request', `The machine has no monitor ${monitorId}`);
    return monitor;
  }
}

function discard(pane: Pane): void {
  pane.close();
  pane.container.remove();
}

const sameIds = (a: readonly Monitor[], b: readonly Monitor[]): boolean =>
  a.map(({ monitor_id }) => monitor_id).join() === b.map(({ monitor_id }) => monitor_id).join();
