// The media of a session over all its placements: joins, consumes, opens input, and makes new
// transports when the old ones are gone, one step at a time. What is known goes in by `reconcile`;
// it is cheap and may be called whenever anything changed.
import { Device, type types } from 'mediasoup-client';
import { GcError } from '@guruconnect/contract/errors';
import type { Fact } from '@guruconnect/contract/facts/fact';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { OfferedVideo } from '@guruconnect/contract/signal/viewer-messages';
import { MediaReceiver, type Ask, type InputSenders } from './media-receiver.ts';

export type SessionMediaOptions = {
  readonly ask: Ask;
  readonly onTrack: (video: VideoRef, track: MediaStreamTrack) => void;
  /** Just before the track ends, so that its last picture can be kept. */
  readonly onTrackEnding: (video: VideoRef) => void;
  /** The placement is given up; its tracks run on until `dropRetired`. */
  readonly onRetiring: () => void;
  readonly onFact: (fact: Fact) => void;
  readonly onChanged: () => void;
  readonly onTrouble: (what: string, error: GcError) => void;
};

/** What decides the next step. */
export type MediaFacts = {
  /** Signaling can be asked. */
  readonly linkUp: boolean;
  /** Epoch of the session's placement; 0 before it has one. */
  readonly epoch: number;
  readonly live: boolean;
  readonly mayControl: boolean;
};

/** A refused step is tried again after this; most clear up with the next journal event. */
const RETRY_MS = 1_500;

export class SessionMedia {
  readonly #options: SessionMediaOptions;
  #device: Device | undefined;
  #deviceLoadedWith = '';
  #receiver: MediaReceiver | undefined;
  /** The placement before, kept until the new one has painted. */
  #retired: MediaReceiver | undefined;
  #facts: MediaFacts = { linkUp: false, epoch: 0, live: false, mayControl: false };
  #busy = false;
  #notBeforeMs = 0;
  #closed = false;

  constructor(options: SessionMediaOptions) {
    this.#options = options;
  }

  /** Epoch of the transports that are held; undefined when there are none. */
  get heldEpoch(): number | undefined {
    return this.#receiver?.epoch;
  }

  get connection(): 'none' | 'connecting' | 'up' | 'lost' {
    return this.#receiver?.connection ?? 'none';
  }

  /** Everything the session offers is received (or paused on purpose). */
  get isReceiving(): boolean {
    return this.#facts.live && this.connection === 'up' && this.#receiver?.isCurrent === true;
  }

  /** Both input channels, once they were made; they may still be opening. */
  get input(): InputSenders | undefined {
    return this.#receiver?.input;
  }

  reconcile(facts: MediaFacts): void {
    if (this.#closed) return;
    const before = this.#facts;
    this.#facts = facts;
    // Something changed that may be what a refused step waited for.
    if (Object.entries(facts).some(([name, value]) => before[name as keyof MediaFacts] !== value))
      this.#notBeforeMs = 0;
    // A session that became live again may have other producers and another facts channel.
    if (facts.live && !before.live) this.#receiver?.expire();
    if (!facts.mayControl) this.#receiver?.closeInput();
    if (this.#receiver && this.#receiver.epoch < facts.epoch) this.retire();
    this.#step();
  }

  /** A step that was refused may be due again. Call now and then. */
  tick(): void {
    this.#step();
  }

  /** The socket was away: what was asked or told in between may not have been heard. */
  resync(): void {
    this.#receiver?.expire();
    this.#receiver?.forgetConfirmations();
  }

  /** These transports are of no use any more; new ones are made. Their picture stays meanwhile. */
  retire(): void {
    if (!this.#receiver) return;
    this.dropRetired();
    this.#retired = this.#receiver;
    this.#receiver = undefined;
    this.#options.onRetiring();
  }

  /** The new placement has painted: the old one has done its duty. */
  dropRetired(): void {
    this.#retired?.close();
    this.#retired = undefined;
  }

  async offer(epoch: number, video: OfferedVideo): Promise<void> {
    if (this.#receiver?.epoch === epoch) await this.#receiver.offer(video);
  }

  withdraw(epoch: number, video: VideoRef, consumerId: string): void {
    if (this.#receiver?.epoch === epoch) this.#receiver.withdraw(video, consumerId);
  }

  /** @param videoKeys all that is to be received. */
  watch(videoKeys: ReadonlySet<string>): void {
    this.#receiver?.watch(videoKeys);
  }

  keyframe(video: VideoRef): void {
    this.#receiver?.keyframe(video);
  }

  async stats(video: VideoRef): Promise<RTCStatsReport | undefined> {
    return this.#receiver?.stats(video);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.dropRetired();
    this.#receiver?.close();
    this.#receiver = undefined;
  }

  #step(): void {
    if (this.#closed || this.#busy || !this.#facts.linkUp) return;
    if (performance.now() < this.#notBeforeMs) return;
    const next = this.#next();
    if (!next) return;
    this.#busy = true;
    next()
      .catch((thrown: unknown) => {
        this.#notBeforeMs = performance.now() + RETRY_MS;
        if (!this.#closed) this.#options.onTrouble('media', GcError.from(thrown));
      })
      .finally(() => {
        this.#busy = false;
        if (!this.#closed) this.#options.onChanged();
      });
  }

  #next(): (() => Promise<void>) | undefined {
    const { epoch, live, mayControl } = this.#facts;
    const receiver = this.#receiver;
    if (!receiver) return epoch > 0 ? () => this.#join() : undefined;
    if (!live) return undefined;
    if (!receiver.isCurrent) return () => receiver.consume();
    if (mayControl && !receiver.hasInput) return () => receiver.openInput();
    return undefined;
  }

  /** Transports may be made before consent: they connect while the end user still thinks. */
  async #join(): Promise<void> {
    const { ask, onTrack, onTrackEnding, onFact, onChanged, onTrouble } = this.#options;
    const join = await ask('media.join', {});
    const device = await this.#loadedDevice(join.router_rtp_capabilities as types.RtpCapabilities);
    if (this.#closed) return;
    const isHeld = (): boolean => receiver === this.#receiver;
    const receiver: MediaReceiver = new MediaReceiver({
      ask,
      device,
      join,
      onVideo: (video, track) => {
        if (isHeld()) onTrack(video, track);
      },
      onVideoClosed: (video) => {
        if (isHeld()) onTrackEnding(video);
      },
      onFact: (fact) => {
        if (isHeld()) onFact(fact);
      },
      onChanged,
      onLost: () => {
        if (isHeld()) this.retire();
        onChanged();
      },
      onTrouble,
    });
    this.#receiver = receiver;
  }

  /** mediasoup-client loads a device once; another router may need another device. */
  async #loadedDevice(routerRtpCapabilities: types.RtpCapabilities): Promise<Device> {
    const wanted = JSON.stringify(routerRtpCapabilities);
    if (this.#device && this.#deviceLoadedWith === wanted) return this.#device;
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities });
    this.#device = device;
    this.#deviceLoadedWith = wanted;
    return device;
  }
}

/** A browser's first peer connection takes tens of milliseconds: pay while the code travels. */
export function wakeWebRtc(): void {
  const pc = new RTCPeerConnection();
  pc.addTransceiver('video', { direction: 'recvonly' });
  const close = (): void => pc.close();
  pc.createOffer().then(close, close);
}
