// One monitor's <video>. No filter, opacity or rounded corner ever touches it: the browser may then
// hand its frames to the screen without composing them. Owned by picture.ts.

export type SurfaceFrame = {
  readonly metadata: VideoFrameCallbackMetadata;
  /** Time origin of performance.now(), of the callback. */
  readonly nowMs: number;
};

export class VideoSurface {
  readonly monitorId: number;
  readonly element: HTMLVideoElement;
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
    Object.assign(video.style, {
      position: 'absolute',
      left: '0',
      top: '0',
      width: '100%',
      height: '100%',
      objectFit: 'fill',
      pointerEvents: 'none',
    });
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

  /** Call after putting the element into the page: a browser pauses what it takes out of one. */
  play(): void {
    // Rejected when it is taken out again before it began, or the track ended: both are fine.
    this.element.play().catch(() => undefined);
  }

  /** Idempotent. */
  close(): void {
    if (this.#handle !== undefined) this.element.cancelVideoFrameCallback(this.#handle);
    this.#handle = undefined;
    this.element.remove();
    this.element.srcObject = null;
  }

  #listen(): void {
    this.#handle = this.element.requestVideoFrameCallback((nowMs, metadata) => {
      this.#listen();
      // Putting an element back into the page shows its last frame once more: that is no news.
      if (metadata.rtpTimestamp !== undefined && metadata.rtpTimestamp === this.#rtpTimestamp)
        return;
      this.#rtpTimestamp = metadata.rtpTimestamp;
      this.#painted = true;
      this.#onFrame(this, { metadata, nowMs });
    });
  }
}
