// Small live pictures of the monitors that are not being worked with: one <video> each, for the page
// to place where it likes. Owned by viewer.ts.

export class Thumbnails {
  readonly #document: Document;
  readonly #videos = new Map<number, HTMLVideoElement>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** Monitors that have one. */
  get monitorIds(): readonly number[] {
    return [...this.#videos.keys()];
  }

  /** @param track undefined: it is about to end. */
  set(monitorId: number, track: MediaStreamTrack | undefined): void {
    const known = this.#videos.get(monitorId);
    if (!track) {
      known?.remove();
      if (known) known.srcObject = null;
      this.#videos.delete(monitorId);
      return;
    }
    const video = known ?? this.#make(monitorId);
    video.srcObject = new MediaStream([track]);
  }

  /** The same element each time; a browser pauses what it takes out of the page, so it plays again. */
  element(monitorId: number): HTMLVideoElement | undefined {
    const video = this.#videos.get(monitorId);
    queueMicrotask(() => {
      if (video?.isConnected && video.paused) video.play().catch(() => undefined);
    });
    return video;
  }

  /** Idempotent. */
  clear(): void {
    for (const monitorId of this.monitorIds) this.set(monitorId, undefined);
  }

  #make(monitorId: number): HTMLVideoElement {
    const video = this.#document.createElement('video');
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.disableRemotePlayback = true;
    video.tabIndex = -1;
    video.dataset['thumbnail'] = String(monitorId);
    this.#videos.set(monitorId, video);
    return video;
  }
}
