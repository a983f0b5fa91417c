// One monitor's <video>. No filter, opacity or rounded corner ever touches it: the browser may then
// hand its frames to the screen without composing them. Owned by picture.ts.

import { atOurClock } from '../own-window.ts';

export type SurfaceFrame = {
  readonly metadata: VideoFrameCallbackMetadata;
  /** Time origin of performance.now(), of the callback. */
  readonly nowMs: number;
};

const LAID_OVER = {
  position: 'absolute',
  left: '0',
  top: '0',
  width: '100%',
  height: '100%',
  pointerEvents: 'none',
} as const;

export class VideoSurface {
  readonly monitorId: number;
  readonly element: HTMLVideoElement;
  /** The last picture, on top of a video whose track ended: a browser turns that black. */
  #still: HTMLCanvasElement | undefined;
  readonly #onFrame: (surface: VideoSurface, frame: SurfaceFrame) => void;
  #handle: number | undefined;
  #rtpTimestamp: number | undefined;
  #painted = false;

  constructor(
    document: Document,
    monitorId: number,
    track: MediaStreamTrack,
    onFrame: (surface: VideoSurface, frame: SurfaceFrame) => void,
  ) {
    this.monitorId = monitorId;
    this.#onFrame = onFrame;
    const video = document.createElement('video');
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.disableRemotePlayback = true;
    video.tabIndex = -1;
    Object.assign(video.style, LAID_OVER, { objectFit: 'fill' });
    // A stream of its own: nothing else can be in its sync group.
    video.srcObject = new MediaStream([track]);
    this.element = video;
    this.#listen();
  }

  /** Has this surface ever shown a frame? */
  get painted(): boolean {
    return this.#painted;
  }

  get videoSize(): { width: number; height: number } {
    return { width: this.element.videoWidth, height: this.element.videoHeight };
  }

  /** Into the page, below everything that is there. Plays: a browser pauses what it takes out. */
  attachBelow(parent: HTMLElement): void {
    parent.prepend(this.element);
    // Rejected when it is taken out again before it began, or the track ended: both are fine.
    this.element.play().catch(() => undefined);
  }

  detach(): void {
    this.element.remove();
    this.#still?.remove();
  }

  /** @param factor of the parent's size: a padded video is a little larger than its monitor. */
  size(factor: { readonly x: number; readonly y: number }): void {
    for (const layer of [this.element, this.#still]) {
      if (!layer) continue;
      layer.style.width = `${factor.x * 100}%`;
      layer.style.height = `${factor.y * 100}%`;
    }
  }

  /** Call before the track ends: what is shown stays as it is, and no frame comes any more. */
  freeze(): void {
    if (this.#still || this.element.videoWidth === 0) return;
    this.#stopListening();
    const still = this.element.ownerDocument.createElement('canvas');
    still.width = this.element.videoWidth;
    still.height = this.element.videoHeight;
    still.getContext('2d')?.drawImage(this.element, 0, 0);
    const { width, height } = this.element.style;
    Object.assign(still.style, LAID_OVER, { width, height });
    this.element.after(still);
    this.#still = still;
  }

  /** Idempotent. */
  close(): void {
    this.#stopListening();
    this.detach();
    this.element.srcObject = null;
  }

  #stopListening(): void {
    if (this.#handle !== undefined) this.element.cancelVideoFrameCallback(this.#handle);
    this.#handle = undefined;
  }

  #listen(): void {
    this.#handle = this.element.requestVideoFrameCallback((calledAtMs, metadata) => {
      this.#listen();
      // Putting an element back into the page shows its last frame once more: that is no news.
      if (metadata.rtpTimestamp !== undefined && metadata.rtpTimestamp === this.#rtpTimestamp)
        return;
      this.#rtpTimestamp = metadata.rtpTimestamp;
      this.#painted = true;
      this.#onFrame(this, { metadata, nowMs: atOurClock(calledAtMs, this.element) });
    });
  }
}
