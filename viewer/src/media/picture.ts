// The picture: a box that shows one monitor's video, fitted or pixel for pixel, and changes to
// another monitor without a gap. Touches nothing of the page but the element it is given.
//
//   container
//     viewport            scrolls when the picture is larger than its box; receives the pointer
//       frame             exactly the monitor's rectangle; clips a padded video
//         <video> …       the shown one on top, the incoming one below it
import type { Rect, Size } from '@guruconnect/contract/input/coordinates';
import { resizeObserver } from '../own-window.ts';
import { padding, placePicture, type Scaling } from './picture-geometry.ts';
import type { VideoSurface } from './video-surface.ts';

export class Picture {
  readonly viewport: HTMLElement;
  readonly frame: HTMLElement;
  readonly #container: HTMLElement;
  readonly #resize: ResizeObserver;
  #scaling: Scaling = 'fit';
  /** Size of the shown monitor, physical pixels. */
  #monitor: Size | undefined;
  #shown: VideoSurface | undefined;
  #incoming: VideoSurface | undefined;

  constructor(container: HTMLElement) {
    this.#container = container;
    const document = container.ownerDocument;
    this.viewport = document.createElement('div');
    Object.assign(this.viewport.style, {
      position: 'absolute',
      inset: '0',
      overflow: 'auto',
      scrollbarWidth: 'thin',
      touchAction: 'none',
      userSelect: 'none',
      background: 'inherit',
    });
    this.frame = document.createElement('div');
    Object.assign(this.frame.style, { position: 'absolute', overflow: 'hidden' });
    this.viewport.append(this.frame);
    container.append(this.viewport);
    this.#resize = resizeObserver(container, () => this.#place());
  }

  get shown(): VideoSurface | undefined {
    return this.#shown;
  }

  get incoming(): VideoSurface | undefined {
    return this.#incoming;
  }

  set scaling(scaling: Scaling) {
    this.#scaling = scaling;
    this.#place();
  }

  /** Where the shown monitor lies on the page now, CSS pixels of the client area. */
  get rect(): Rect | undefined {
    if (!this.#monitor || !this.#shown) return undefined;
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    return { x: left, y: top, width, height };
  }

  /**
   * Makes `surface` the next to be shown: it is put below the shown one until its first new frame
   * (`swap`). Calling it again before that replaces the incoming one; undefined takes it back.
   */
  expect(surface: VideoSurface | undefined): void {
    if (this.#incoming && this.#incoming !== surface) this.#incoming.detach();
    this.#incoming = surface === this.#shown ? undefined : surface;
    if (!surface || !this.#incoming) return;
    surface.attachBelow(this.frame);
  }

  /** The incoming surface has painted: it is the shown one now. Returns the one it replaced. */
  swap(monitor: Size): VideoSurface | undefined {
    const before = this.#shown;
    if (!this.#incoming) return undefined;
    this.#shown = this.#incoming;
    this.#incoming = undefined;
    // For onlookers (styles, tests): of several videos in the page this is the one to look at.
    this.#shown.element.dataset['shown'] = 'true';
    if (before) delete before.element.dataset['shown'];
    before?.detach();
    this.fit(monitor);
    return before;
  }

  /** The shown monitor has this size now. */
  fit(monitor: Size): void {
    this.#monitor = monitor;
    this.#place();
  }

  /** A surface that is about to be closed leaves the picture; the page behind it shows instead. */
  forget(surface: VideoSurface): void {
    if (this.#shown === surface) this.#shown = undefined;
    if (this.#incoming === surface) this.#incoming = undefined;
    delete surface.element.dataset['shown'];
    surface.detach();
  }

  /** Idempotent. */
  close(): void {
    this.#resize.disconnect();
    this.viewport.remove();
  }

  #place(): void {
    if (!this.#monitor) return;
    const view = this.#container.ownerDocument.defaultView;
    const rect = placePicture({
      monitor: this.#monitor,
      box: { width: this.#container.clientWidth, height: this.#container.clientHeight },
      devicePixelRatio: view?.devicePixelRatio ?? 1,
      scaling: this.#scaling,
    });
    Object.assign(this.frame.style, {
      left: `${rect.x}px`,
      top: `${rect.y}px`,
      width: `${rect.width}px`,
      height: `${rect.height}px`,
    });
    const shown = this.#shown;
    if (!shown || shown.videoSize.width === 0) return;
    shown.size(padding(shown.videoSize, this.#monitor));
  }
}
