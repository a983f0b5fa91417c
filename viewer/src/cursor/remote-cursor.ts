// The remote pointer. Its shape is not in the picture: the browser's own pointer wears it, so that
// it moves with the hand and not with the network. When somebody else moves it, or the viewer may
// only watch, it is drawn over the picture where the agent says it is.
import { COORDINATE_MAX } from '@guruconnect/contract/input/input-event';
import type { Fact } from '@guruconnect/contract/facts/fact';

export type CursorFact = Extract<
  Fact,
  { kind: 'cursor_shape' | 'cursor_hidden' | 'cursor_position' }
>;

type Shape = {
  readonly image: HTMLCanvasElement;
  readonly url: string;
  readonly hotspotX: number;
  readonly hotspotY: number;
};

/** Chromium and Firefox ignore larger cursors; the agent sends up to 256. */
const MAX_CSS_CURSOR_PX = 128;

export type RemoteCursorOptions = {
  /** Wears the shape; lies over the picture. */
  readonly surface: HTMLElement;
  /** Has the size and place of the picture; the drawn pointer is put into it. */
  readonly picture: HTMLElement;
};

export class RemoteCursor {
  readonly #options: RemoteCursorOptions;
  readonly #drawn: HTMLCanvasElement;
  #shape: Shape | 'hidden' | undefined;
  #at: { monitorId: number; x: number; y: number } | undefined;
  #shownMonitorId: number | undefined;
  #mayPoint = false;
  #hovering = false;

  constructor(options: RemoteCursorOptions) {
    this.#options = options;
    this.#drawn = options.surface.ownerDocument.createElement('canvas');
    Object.assign(this.#drawn.style, { position: 'absolute', pointerEvents: 'none', zIndex: '3' });
    this.#drawn.hidden = true;
    options.picture.append(this.#drawn);
  }

  on(fact: CursorFact): void {
    if (fact.kind === 'cursor_position') {
      const { x, y } = fact.position;
      this.#at = { monitorId: fact.monitor_id, x: x / COORDINATE_MAX, y: y / COORDINATE_MAX };
    } else {
      this.#shape = fact.kind === 'cursor_hidden' ? 'hidden' : this.#draw(fact);
    }
    this.#update();
  }

  /** @param mayPoint input is on: the local pointer is the remote one. */
  show(state: { mayPoint: boolean; monitorId: number | undefined }): void {
    this.#mayPoint = state.mayPoint;
    this.#shownMonitorId = state.monitorId;
    this.#update();
  }

  set hovering(hovering: boolean) {
    this.#hovering = hovering;
    this.#update();
  }

  close(): void {
    this.#drawn.remove();
    this.#options.surface.style.cursor = '';
  }

  #update(): void {
    const shape = this.#shape;
    const worn = this.#mayPoint && this.#hovering;
    this.#options.surface.style.cursor = worn ? cssCursor(shape) : '';

    const at = this.#at;
    const drawable = shape !== undefined && shape !== 'hidden' ? shape : undefined;
    const visible = drawable && at && at.monitorId === this.#shownMonitorId && !worn;
    this.#drawn.hidden = !visible;
    if (!visible) return;
    if (
      this.#drawn.width !== drawable.image.width ||
      this.#drawn.height !== drawable.image.height
    ) {
      this.#drawn.width = drawable.image.width;
      this.#drawn.height = drawable.image.height;
    }
    const context = this.#drawn.getContext('2d');
    context?.clearRect(0, 0, this.#drawn.width, this.#drawn.height);
    context?.drawImage(drawable.image, 0, 0);
    Object.assign(this.#drawn.style, {
      left: `calc(${at.x * 100}% - ${drawable.hotspotX}px)`,
      top: `calc(${at.y * 100}% - ${drawable.hotspotY}px)`,
    });
  }

  #draw(fact: Extract<CursorFact, { kind: 'cursor_shape' }>): Shape {
    const document = this.#drawn.ownerDocument;
    const full = document.createElement('canvas');
    full.width = fact.width;
    full.height = fact.height;
    const pixels = new ImageData(new Uint8ClampedArray(fact.rgba), fact.width, fact.height);
    full.getContext('2d')?.putImageData(pixels, 0, 0);

    const factor = Math.min(1, MAX_CSS_CURSOR_PX / Math.max(fact.width, fact.height));
    const image = factor === 1 ? full : document.createElement('canvas');
    if (image !== full) {
      image.width = Math.max(1, Math.round(fact.width * factor));
      image.height = Math.max(1, Math.round(fact.height * factor));
      image.getContext('2d')?.drawImage(full, 0, 0, image.width, image.height);
    }
    const spot = (at: number, length: number): number =>
      Math.min(length - 1, Math.max(0, Math.round(at * factor)));
    return {
      image,
      url: image.toDataURL('image/png'),
      hotspotX: spot(fact.hotspot_x, image.width),
      hotspotY: spot(fact.hotspot_y, image.height),
    };
  }
}

function cssCursor(shape: Shape | 'hidden' | undefined): string {
  if (shape === undefined) return 'default';
  if (shape === 'hidden') return 'none';
  return `url("${shape.url}") ${shape.hotspotX} ${shape.hotspotY}, default`;
}
