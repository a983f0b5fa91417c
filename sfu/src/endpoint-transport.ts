// One of an endpoint's two transports: how it is connected, what it is doing, and the facts of
// its ICE and DTLS. Owned by its Endpoint.
import type { types } from 'mediasoup';
import { GcError } from '@guruconnect/contract/errors';
import type { EndpointId } from '@guruconnect/contract/media-node/node-messages';
import type {
  DtlsParameters,
  IceParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import type { z } from 'zod';
import { isConnected, type TransportStates } from './connection-state.ts';
import { askWorker } from './media-errors.ts';
import { toTransportOptions } from './rtc-mapping.ts';
import { transportOptions, type Direction } from './transport-options.ts';

export class EndpointTransport {
  readonly direction: Direction;
  readonly transport: types.WebRtcTransport;
  #connectedWith: string | undefined;
  #wasConnected = false;

  private constructor(
    transport: types.WebRtcTransport,
    direction: Direction,
    onStateChange: () => void,
  ) {
    this.transport = transport;
    this.direction = direction;
    const changed = (): void => {
      this.#wasConnected ||= this.connected;
      onStateChange();
    };
    transport.on('icestatechange', changed);
    transport.on('dtlsstatechange', changed);
  }

  static async open(
    router: types.Router,
    webRtcServer: types.WebRtcServer,
    endpointId: EndpointId,
    direction: Direction,
    onStateChange: () => void,
  ): Promise<EndpointTransport> {
    const transport = await askWorker('create transport', () =>
      router.createWebRtcTransport(transportOptions(webRtcServer, endpointId, direction)),
    );
    return new EndpointTransport(transport, direction, onStateChange);
  }

  get id(): string {
    return this.transport.id;
  }

  get states(): TransportStates & { readonly wasConnected: boolean } {
    const { iceState, dtlsState } = this.transport;
    return { ice: iceState, dtls: dtlsState, wasConnected: this.#wasConnected };
  }

  get connected(): boolean {
    return isConnected({ ice: this.transport.iceState, dtls: this.transport.dtlsState });
  }

  get options(): TransportOptions {
    return toTransportOptions(this.transport);
  }

  /**
   * Repeating it with the same parameters is fine: the first acknowledgement may have been lost
   * with a socket. Other parameters would be another endpoint's handshake.
   */
  async connect(dtlsParameters: DtlsParameters): Promise<void> {
    const asked = JSON.stringify(dtlsParameters);
    if (this.#connectedWith === asked) return;
    if (this.#connectedWith !== undefined)
      throw new GcError(
        'illegal_transition',
        'this transport was connected with other DTLS parameters',
      );
    await askWorker('connect transport', () =>
      this.transport.connect({ dtlsParameters: dtlsParameters as types.DtlsParameters }),
    );
    this.#connectedWith = asked;
  }

  async restartIce(): Promise<z.output<typeof IceParameters>> {
    return await askWorker('restart ICE', () => this.transport.restartIce());
  }

  close(): void {
    this.transport.close();
  }
}
