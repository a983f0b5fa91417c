// One endpoint of a session (the agent or a viewer): its pair of transports and everything that
// hangs on them. It builds and closes pipes and knows no rules: whether something may be opened,
// its SessionRouter has decided before. Calls of one session never overlap (serial queue).
import type { types } from 'mediasoup';
import { GcError } from '@guruconnect/contract/errors';
import type {
  EndpointDescription,
  EndpointId,
  EndpointStats,
} from '@guruconnect/contract/media-node/node-messages';
import { videoKey, type VideoRef } from '@guruconnect/contract/rendition';
import type { TransportOptions } from '@guruconnect/contract/signal/rtc-parameters';
import type { ChannelLabel } from './channel-rules.ts';
import { connectionState, type ConnectionState } from './connection-state.ts';
import { EndpointTransport } from './endpoint-transport.ts';
import { endpointStats } from './endpoint-stats.ts';
import { askWorker } from './media-errors.ts';
import { toDataConsumer, toVideoConsumer } from './rtc-mapping.ts';

export type EndpointFacts = {
  readonly onConnection: (state: NonNullable<ConnectionState>) => void;
  /** A consumer ended without its own endpoint ending: no more of that video until asked again. */
  readonly onVideoClosed: (video: VideoRef, consumerId: string) => void;
};

/** A stream and what it shows. */
type Video<Stream> = { readonly ref: VideoRef; readonly stream: Stream };

/** What can carry packets at this moment. */
export type FlowingMedia = {
  readonly transports: readonly types.WebRtcTransport[];
  readonly producers: readonly types.Producer[];
  readonly consumers: readonly types.Consumer[];
};

export type EndpointOptions = {
  readonly id: EndpointId;
  readonly router: types.Router;
  readonly webRtcServer: types.WebRtcServer;
  readonly maySendInput: boolean;
  readonly facts: EndpointFacts;
};

export class Endpoint {
  readonly id: EndpointId;
  /** As signaling said last; SessionRouter acts on it. */
  maySendInput: boolean;

  readonly #facts: EndpointFacts;
  readonly #transports = new Map<string, EndpointTransport>();
  /** Both by `videoKey`. */
  readonly #videos = new Map<string, Video<types.Producer>>();
  readonly #consumers = new Map<string, Video<types.Consumer>>();
  readonly #dataProducers = new Map<ChannelLabel, types.DataProducer>();
  /** By the id of the data producer. */
  readonly #dataConsumers = new Map<string, types.DataConsumer>();
  #connection: ConnectionState;
  #closed = false;

  private constructor(options: EndpointOptions) {
    this.id = options.id;
    this.maySendInput = options.maySendInput;
    this.#facts = options.facts;
  }

  /** @throws GcError `media_failed`; nothing is left behind then. */
  static async open(options: EndpointOptions): Promise<Endpoint> {
    const endpoint = new Endpoint(options);
    try {
      for (const direction of ['send', 'recv'] as const) {
        const transport = await EndpointTransport.open(
          options.router,
          options.webRtcServer,
          options.id,
          direction,
          () => endpoint.#connectionChanged(),
        );
        endpoint.#transports.set(transport.id, transport);
      }
      return endpoint;
    } catch (error) {
      endpoint.close();
      throw error;
    }
  }

  get transportOptions(): { send_transport: TransportOptions; recv_transport: TransportOptions } {
    return {
      send_transport: this.#transport('send').options,
      recv_transport: this.#transport('recv').options,
    };
  }

  get dataProducers(): ReadonlyMap<ChannelLabel, types.DataProducer> {
    return this.#dataProducers;
  }

  get videos(): VideoRef[] {
    return [...this.#videos.values()].map(({ ref }) => ref);
  }

  video(ref: VideoRef): types.Producer | undefined {
    return this.#videos.get(videoKey(ref))?.stream;
  }

  /** For the load sampler: connected transports, published videos, watched consumers. */
  get flowing(): FlowingMedia {
    return {
      transports: [...this.#transports.values()].flatMap(({ connected, transport }) =>
        connected ? [transport] : [],
      ),
      producers: [...this.#videos.values()].map(({ stream }) => stream),
      consumers: [...this.#consumers.values()].flatMap(({ stream }) =>
        stream.paused ? [] : [stream],
      ),
    };
  }

  /** @throws GcError `not_found`. */
  transportById(transportId: string): EndpointTransport {
    const transport = this.#transports.get(transportId);
    if (!transport) throw new GcError('not_found', `${this.id} has no such transport`);
    return transport;
  }

  /** A second one of a rendition replaces the first, whose consumers have to be closed before. */
  async produceVideo(ref: VideoRef, rtpParameters: types.RtpParameters): Promise<string> {
    this.withdrawVideo(ref);
    const producer = await askWorker('produce video', () =>
      this.#transport('send').transport.produce({
        kind: 'video',
        rtpParameters,
        appData: ref,
      }),
    );
    this.#videos.set(videoKey(ref), { ref, stream: producer });
    return producer.id;
  }

  withdrawVideo(ref: VideoRef): void {
    this.video(ref)?.close();
    this.#videos.delete(videoKey(ref));
  }

  /** Paused: the endpoint prepares its receiver first, resuming makes mediasoup ask for a key frame. */
  async consumeVideo(
    ref: VideoRef,
    producer: types.Producer,
    rtpCapabilities: types.RtpCapabilities,
  ): Promise<types.Consumer> {
    const running = this.#consumers.get(videoKey(ref))?.stream;
    if (running && !running.closed && running.producerId === producer.id) return running;
    this.closeVideoConsumer(ref);
    const consumer = await askWorker('consume video', () =>
      this.#transport('recv').transport.consume({
        producerId: producer.id,
        rtpCapabilities,
        paused: true,
        appData: ref,
      }),
    );
    this.#consumers.set(videoKey(ref), { ref, stream: consumer });
    return consumer;
  }

  /** @throws GcError `not_found`. */
  videoConsumer(consumerId: string): types.Consumer {
    for (const { stream } of this.#consumers.values())
      if (stream.id === consumerId && !stream.closed) return stream;
    throw new GcError('not_found', `${this.id} has no such consumer`);
  }

  closeVideoConsumer(ref: VideoRef): void {
    const consumer = this.#consumers.get(videoKey(ref))?.stream;
    if (!consumer) return;
    this.#consumers.delete(videoKey(ref));
    consumer.close();
    this.#facts.onVideoClosed(ref, consumer.id);
  }

  /** A second one with a label replaces the first, whose consumers have to be closed before. */
  async produceData(
    label: ChannelLabel,
    sctpStreamParameters: types.SctpStreamParameters,
  ): Promise<string> {
    this.closeDataProducer(label);
    const producer = await askWorker('produce data', () =>
      this.#transport('send').transport.produceData({ sctpStreamParameters, label }),
    );
    this.#dataProducers.set(label, producer);
    return producer.id;
  }

  closeDataProducer(label: ChannelLabel): void {
    this.#dataProducers.get(label)?.close();
    this.#dataProducers.delete(label);
  }

  /** Reliability is the producer's own; the stream number is this transport's next free one. */
  async consumeData(producer: types.DataProducer): Promise<types.DataConsumer> {
    const running = this.#dataConsumers.get(producer.id);
    if (running && (await this.#isAlive(running))) return running;
    this.closeDataConsumer(producer.id);
    const consumer = await askWorker('consume data', () =>
      this.#transport('recv').transport.consumeData({ dataProducerId: producer.id }),
    );
    this.#dataConsumers.set(producer.id, consumer);
    return consumer;
  }

  closeDataConsumer(dataProducerId: string): void {
    this.#dataConsumers.get(dataProducerId)?.close();
    this.#dataConsumers.delete(dataProducerId);
  }

  /** Everything it receives; what it sends goes on. */
  closeConsumers(): void {
    for (const { ref } of [...this.#consumers.values()]) this.closeVideoConsumer(ref);
    for (const producerId of [...this.#dataConsumers.keys()]) this.closeDataConsumer(producerId);
  }

  describe(): EndpointDescription {
    return {
      endpoint_id: this.id,
      may_send_input: this.maySendInput,
      transports: [...this.#transports.values()].map(({ id, direction, connected }) => ({
        transport_id: id,
        direction,
        connected,
      })),
      videos: [...this.#videos.values()].map(({ ref, stream }) => ({
        ...ref,
        producer_id: stream.id,
      })),
      consumers: [...this.#consumers.values()].map(({ ref, stream }) => ({
        ...ref,
        consumer: toVideoConsumer(stream),
        paused: stream.paused,
      })),
      data_producers: [...this.#dataProducers].map(([label, { id }]) => ({
        data_producer_id: id,
        label,
      })),
      data_consumers: [...this.#dataConsumers.values()].map(toDataConsumer),
    };
  }

  /** Of the way the picture takes: in from the agent, out to a viewer. */
  async stats(): Promise<EndpointStats> {
    const isAgent = this.id === 'agent';
    const { producers, consumers } = this.flowing;
    const { transport, connected } = this.#transport(isAgent ? 'send' : 'recv');
    const direction = isAgent ? 'inbound' : 'outbound';
    return await askWorker('read statistics', async () => {
      const [ofTransport, ...ofStreams] = await Promise.all([
        transport.getStats(),
        ...(isAgent ? producers : consumers).map(async (stream) =>
          // A consumer's statistics hold its producer's stream, too.
          (await stream.getStats()).filter(({ type }) => type === `${direction}-rtp`),
        ),
      ]);
      const leg = { endpointId: this.id, connected, direction } as const;
      return endpointStats(leg, ofTransport[0], ofStreams.flat());
    });
  }

  /** Idempotent; tells nobody: who closes an endpoint knows. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const transport of this.#transports.values()) transport.close();
    this.#transports.clear();
    this.#videos.clear();
    this.#consumers.clear();
    this.#dataProducers.clear();
    this.#dataConsumers.clear();
  }

  #transport(direction: 'send' | 'recv'): EndpointTransport {
    for (const transport of this.#transports.values())
      if (transport.direction === direction) return transport;
    throw new GcError('media_failed', `${this.id} is closed`);
  }

  /**
   * When the other end closes a data channel (RFC 8831, 6.7) the worker drops its consumer without
   * a word to us, so the object here cannot be trusted.
   */
  async #isAlive(consumer: types.DataConsumer): Promise<boolean> {
    if (consumer.closed) return false;
    return await consumer.getStats().then(
      () => true,
      () => false,
    );
  }

  #connectionChanged(): void {
    if (this.#closed) return;
    const state = connectionState([...this.#transports.values()].map(({ states }) => states));
    if (state === this.#connection) return;
    this.#connection = state;
    if (state) this.#facts.onConnection(state);
  }
}
