// Which monitor is selected, which is shown, which must be received for that; and what the
// technician therefore acts on. A switch is make-before-break: the old picture stays until the
// first new frame of the next one. Owned by viewer.ts.
import type { Rect, Size } from '@guruconnect/contract/input/coordinates';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import { KEYFRAME_EVERY_MS, isStale } from './freshness.ts';
import type { FrameTrace } from './frame-trace.ts';
import type { PathWatch } from './path-watch.ts';
import { Picture } from './picture.ts';
import type { Scaling } from './picture-geometry.ts';
import { onFrame, onTopology, type SeenTopology } from './seen-topology.ts';
import { VideoSurface, type SurfaceFrame } from './video-surface.ts';

export type MonitorViewOptions = {
  readonly container: HTMLElement;
  /** The only monitor it may show; without one, whichever is selected. */
  readonly only?: number | undefined;
  readonly trace: FrameTrace;
  readonly path: PathWatch;
  /** Selection, what is shown, or freshness changed. */
  readonly onChanged: () => void;
  /** The selected monitor is another one now (chosen, or because the other is gone). */
  readonly onSelected: () => void;
};

const NO_MONITORS: Topology = { topology_epoch: 0, monitors: [] };
/** A switch waits this long for its first frame before it asks for a key frame once more. */
const FIRST_FRAME_PATIENCE_MS = 700;

export class MonitorView {
  readonly picture: Picture;
  readonly #options: MonitorViewOptions;
  readonly #document: Document;
  readonly #surfaces = new Map<number, VideoSurface>();
  #topology: Topology = NO_MONITORS;
  #topologyAtMs = 0;
  #selectedId: number | undefined;
  #selectedName: string | undefined;
  #seen: SeenTopology | undefined;
  #lastFrameAtMs = 0;
  #askedKeyframeAtMs = 0;
  #videoWidth = 0;
  #videoHeight = 0;
  #painted = false;
  #stale = false;

  constructor(options: MonitorViewOptions) {
    this.#options = options;
    this.#document = options.container.ownerDocument;
    this.picture = new Picture(options.container);
  }

  get topology(): Topology {
    return this.#topology;
  }

  get selectedId(): number | undefined {
    return this.#selectedId;
  }

  /** The monitor on the screen; during a switch still the old one. */
  get shownId(): number | undefined {
    return this.picture.shown?.monitorId;
  }

  /** Does what is on the screen come from a track that still runs? */
  get showsRunningTrack(): boolean {
    const { shown } = this.picture;
    return shown !== undefined && this.#surfaces.get(shown.monitorId) === shown;
  }

  /** Was anything ever painted? */
  get painted(): boolean {
    return this.#painted;
  }

  get freshness(): 'none' | 'live' | 'stale' {
    if (!this.picture.shown) return 'none';
    return this.#stale ? 'stale' : 'live';
  }

  /** Monitors that have to be received: the selected one, and the shown one until it is replaced. */
  get watched(): ReadonlySet<number> {
    return new Set([this.#selectedId, this.shownId].filter((id) => id !== undefined));
  }

  /** What input is meant for: the topology and monitor on the screen. */
  get stamp(): { monitor_id: number; topology_epoch: number } | undefined {
    if (!this.picture.shown || !this.#seen) return undefined;
    const { topology_epoch, monitor } = this.#seen;
    return { monitor_id: monitor.monitor_id, topology_epoch };
  }

  get target(): { picture: Rect; monitor: Size } | undefined {
    const picture = this.picture.rect;
    return picture && this.#seen && { picture, monitor: this.#seen.monitor };
  }

  set scaling(scaling: Scaling) {
    this.picture.scaling = scaling;
  }

  setTopology(topology: Topology): void {
    // By content: an agent that was restarted counts its epochs from the beginning again.
    if (JSON.stringify(topology) === JSON.stringify(this.#topology)) return;
    this.#topology = topology;
    this.#topologyAtMs = performance.now();
    const shownId = this.shownId;
    if (shownId !== undefined) this.#seen = onTopology(this.#seen, topology, shownId);
    this.#keepSelection();
    this.#options.onChanged();
  }

  /** Nothing happens for a monitor that does not exist. */
  select(monitorId: number): void {
    const monitor = this.#topology.monitors.find(({ monitor_id }) => monitor_id === monitorId);
    if (!monitor || monitorId === this.#selectedId) return;
    this.#selectedId = monitorId;
    this.#selectedName = monitor.name;
    this.#options.onSelected();
    this.#aim();
    this.#options.onChanged();
  }

  /** A monitor's video is here (again). The old picture of it stays until the new one paints. */
  addTrack(monitorId: number, track: MediaStreamTrack): void {
    const old = this.#surfaces.get(monitorId);
    this.#surfaces.set(
      monitorId,
      new VideoSurface(this.#document, monitorId, track, (surface, frame) =>
        this.#onFrame(surface, frame),
      ),
    );
    if (old === this.picture.shown) old?.freeze();
    else if (old) this.#discard(old);
    this.#aim();
  }

  /** A monitor's video is about to end. Its last picture stays while it is on the screen. */
  dropTrack(monitorId: number): void {
    const surface = this.#surfaces.get(monitorId);
    if (!surface) return;
    this.#surfaces.delete(monitorId);
    if (surface === this.picture.shown) surface.freeze();
    else this.#discard(surface);
  }

  /** All videos are about to end (a new placement follows). The last picture stays on the screen. */
  dropAllTracks(): void {
    for (const monitorId of [...this.#surfaces.keys()]) this.dropTrack(monitorId);
  }

  /**
   * Looks at the clock. @returns the monitor that needs a key frame, if any.
   * @param visibleSinceMs undefined while the page is hidden.
   * @param expected frames should be coming now (the session is live and connected).
   */
  tick(nowMs: number, visibleSinceMs: number | undefined, expected: boolean): number | undefined {
    const waiting = this.picture.incoming;
    const stale =
      expected &&
      this.picture.shown !== undefined &&
      isStale({ lastFrameAtMs: this.#lastFrameAtMs, visibleSinceMs, nowMs });
    if (stale !== this.#stale) {
      this.#stale = stale;
      this.#options.onChanged();
    }
    if (!expected || visibleSinceMs === undefined) return undefined;
    const everyMs = waiting ? FIRST_FRAME_PATIENCE_MS : KEYFRAME_EVERY_MS;
    if (!waiting && !stale) return undefined;
    if (nowMs - this.#askedKeyframeAtMs < everyMs) return undefined;
    this.#askedKeyframeAtMs = nowMs;
    return this.#selectedId;
  }

  /** Removes the picture: the session is over, and what was on it is nobody's business any more. */
  clear(): void {
    for (const surface of this.#surfaces.values()) this.#discard(surface);
    this.#surfaces.clear();
    if (this.picture.shown) this.#discard(this.picture.shown);
    this.#seen = undefined;
  }

  /** Idempotent. */
  close(): void {
    this.clear();
    this.picture.close();
  }

  /** The selected monitor, or the one of that name, or the primary, or the first; or none. */
  #keepSelection(): void {
    const { monitors } = this.#topology;
    const { only } = this.#options;
    if (only !== undefined) return this.#choose(monitors.find((one) => one.monitor_id === only));
    this.#choose(
      monitors.find(({ monitor_id }) => monitor_id === this.#selectedId) ??
        monitors.find(({ name }) => name === this.#selectedName) ??
        monitors.find(({ primary }) => primary) ??
        monitors[0],
    );
  }

  #choose(next: Monitor | undefined): void {
    if (next) {
      this.select(next.monitor_id);
      return;
    }
    this.#selectedId = undefined;
    // The last monitor is gone. A picture of nothing would lie.
    if (this.picture.shown) this.#discard(this.picture.shown);
    this.#options.onSelected();
  }

  /** Puts the selected monitor's surface on its way to the screen. */
  #aim(): void {
    const wanted =
      this.#selectedId === undefined ? undefined : this.#surfaces.get(this.#selectedId);
    if (wanted && wanted === this.picture.incoming) return;
    this.#askedKeyframeAtMs = performance.now();
    if (wanted && !this.picture.shown) this.picture.fit(this.#sizeOf(wanted));
    this.picture.expect(wanted);
  }

  #onFrame(surface: VideoSurface, { metadata, nowMs }: SurfaceFrame): void {
    if (surface === this.picture.incoming) this.#swap(surface);
    if (surface !== this.picture.shown) return;
    this.#options.trace.onFrame({ ...metadata, renderedTime: nowMs });
    this.#options.path.onFrame(metadata.rtpTimestamp, metadata.receiveTime);
    const wasStale = this.#stale;
    this.#lastFrameAtMs = nowMs;
    this.#stale = false;
    if (this.#seen) {
      const before = this.#seen.monitor;
      const sinceTopologyMs = nowMs - this.#topologyAtMs;
      this.#seen = onFrame(this.#seen, this.#topology, surface.videoSize, sinceTopologyMs);
      const resized = metadata.width !== this.#videoWidth || metadata.height !== this.#videoHeight;
      if (resized || this.#seen.monitor !== before) this.picture.fit(this.#seen.monitor);
    }
    this.#videoWidth = metadata.width;
    this.#videoHeight = metadata.height;
    if (wasStale) this.#options.onChanged();
  }

  #swap(surface: VideoSurface): void {
    const size = this.#sizeOf(surface);
    const before = this.picture.swap(size);
    if (before && this.#surfaces.get(before.monitorId) !== before) before.close();
    const monitor = this.#topology.monitors.find((m) => m.monitor_id === surface.monitorId);
    if (monitor) this.#seen = { topology_epoch: this.#topology.topology_epoch, monitor };
    if (before?.monitorId !== surface.monitorId) this.#options.trace.reset();
    this.#painted = true;
    this.#options.onChanged();
  }

  #sizeOf(surface: VideoSurface): Size {
    const known = this.#topology.monitors.find((m) => m.monitor_id === surface.monitorId);
    return known ?? surface.videoSize;
  }

  #discard(surface: VideoSurface): void {
    this.picture.forget(surface);
    surface.close();
  }
}
