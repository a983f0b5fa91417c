// Keeps a slow viewer from working with a video that a fast one needs larger: carries out what
// rendition-switch.ts decides, now and when its time has come. Owned by ViewerSide.
import type { ViewerId } from '@guruconnect/contract/ids';
import type { Logger } from '../logger.ts';
import type { MediaView } from '../media/media-view.ts';
import { RenditionSwitch, type Preference } from '../media/rendition-switch.ts';

export type ViewerRenditionsOptions = {
  readonly view: () => MediaView;
  /** Not heard when the viewer's socket is away; then `preferenceOf` says it when it is back. */
  readonly tell: (viewerId: ViewerId, preference: Preference) => void;
  readonly logger: Logger;
};

export class ViewerRenditions {
  readonly #options: ViewerRenditionsOptions;
  readonly #switch = new RenditionSwitch();
  readonly #preferences = new Map<ViewerId, Preference>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ViewerRenditionsOptions) {
    this.#options = options;
  }

  preferenceOf(viewerId: ViewerId): Preference {
    return this.#preferences.get(viewerId) ?? 'full';
  }

  /** This viewer's way does badly. */
  report(viewerId: ViewerId): void {
    this.#switch.report(viewerId, performance.now());
    this.look();
  }

  /** To be called when anybody begins or ends to look at anything. */
  look(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const view = this.#options.view();
    const watching = view.watchers.map((each) => ({
      ...each,
      canReduce: view.consumes(each.viewer_id, 'reduced'),
    }));
    const { changes, againAtMs } = this.#switch.decide(watching, nowMs);
    for (const { viewerId, to } of changes) {
      this.#preferences.set(viewerId, to);
      this.#options.logger.info(
        { viewer_id: viewerId, rendition: to },
        'a viewer changes rendition',
      );
      this.#options.tell(viewerId, to);
    }
    if (againAtMs === Infinity) return;
    this.#timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(againAtMs - nowMs)));
  }

  /** It is gone. */
  forget(viewerId: ViewerId): void {
    this.#preferences.delete(viewerId);
  }

  /** Idempotent. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
