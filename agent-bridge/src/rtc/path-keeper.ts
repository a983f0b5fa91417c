// Keeps the path of one placement alive: looks now and then whether packets arrive, restarts ICE when
// they do not, and gives up when that does not help. Owned by RtcPeer.
import type { types } from 'mediasoup-client';
import type { IceServer } from '@guruconnect/contract/signal/rtc-parameters';
import type { Clock } from '../clock.ts';
import { PathWatch, type PathCounters } from './path-watch.ts';

/** The part of a mediasoup-client transport that is used here. */
export interface KeptTransport {
  readonly id: string;
  readonly connectionState: types.ConnectionState;
  updateIceServers(options: { iceServers: IceServer[] }): Promise<void>;
  restartIce(options: { iceParameters: types.IceParameters }): Promise<void>;
}

export interface PathKeeperOptions {
  readonly transports: readonly KeptTransport[];
  /** Undefined before anything was published. */
  readonly counters: () => PathCounters | undefined;
  readonly restartIce: (
    transportId: string,
  ) => Promise<{ ice_parameters: types.IceParameters; ice_servers: IceServer[] }>;
  readonly onRestarted: (transport: KeptTransport) => void;
  readonly onRefused: (transport: KeptTransport, error: unknown) => void;
  /** Once, after which it has stopped. */
  readonly onLost: (why: string) => void;
  readonly clock: Clock;
}

const LOOK_INTERVAL_MS = 500;
/** werift says so when ICE consent hangs; a moment of it happens on every wireless link. */
const DISCONNECTED_MS = 1000;
/** Restarts without a packet that arrives in between; then a new placement is asked for. */
const MAX_RESTARTS = 5;

export class PathKeeper {
  readonly #options: PathKeeperOptions;
  readonly #watch = new PathWatch();
  #cancelLook: (() => void) | undefined;
  #disconnectedSinceMs: number | undefined;
  #arrived = 0;
  #restarts = 0;
  #restarting = false;
  #closed = false;

  constructor(options: PathKeeperOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#cancelLook = this.#options.clock.after(LOOK_INTERVAL_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    if (!this.#isBroken() || this.#restarting) return;
    if (this.#restarts < MAX_RESTARTS) {
      void this.#restart();
      return;
    }
    this.close();
    this.#options.onLost('nothing arrives, also after ICE restarts');
  }

  #isBroken(): boolean {
    const { clock, counters, transports } = this.#options;
    const nowMs = clock.nowMs();
    const counted = counters();
    if (counted && counted.arrived !== this.#arrived) this.#restarts = 0;
    this.#arrived = counted?.arrived ?? 0;
    const arrives = !counted || this.#watch.observe(counted, nowMs);
    if (transports.some(({ connectionState }) => connectionState === 'disconnected'))
      this.#disconnectedSinceMs ??= nowMs;
    else this.#disconnectedSinceMs = undefined;
    const hangs =
      this.#disconnectedSinceMs !== undefined &&
      nowMs - this.#disconnectedSinceMs >= DISCONNECTED_MS;
    return !arrives || hangs;
  }

  /** New ICE credentials and candidates for both transports; DTLS, SRTP and SCTP go on. */
  async #restart(): Promise<void> {
    const { clock, onRefused, onRestarted, restartIce, transports } = this.#options;
    this.#restarting = true;
    let restarted = 0;
    for (const transport of transports) {
      try {
        const { ice_parameters, ice_servers } = await restartIce(transport.id);
        if (this.#closed) return;
        await transport.updateIceServers({ iceServers: ice_servers });
        await transport.restartIce({ iceParameters: ice_parameters });
        restarted += 1;
        onRestarted(transport);
      } catch (error) {
        // Signaling may be away as well: the next look tries again, for as long as that takes.
        if (!this.#closed) onRefused(transport, error);
      }
    }
    if (restarted === transports.length) this.#restarts += 1;
    this.#watch.mending(clock.nowMs());
    this.#disconnectedSinceMs = undefined;
    this.#restarting = false;
  }
}
