// A viewer without a browser: mediasoup-client over werift, which receives video as RTP packets and
// sends input bytes. For tests of what really goes over the wire.
import { Device, type types } from 'mediasoup-client';
import type { RtpPacket } from 'werift';
import { newId, type ViewerId } from '@guruconnect/contract/ids';
import { decodeFact } from '@guruconnect/contract/facts/fact-codec';
import type { Fact } from '@guruconnect/contract/facts/fact';
import type { Rendition } from '@guruconnect/contract/rendition';
import { INPUT_CHANNELS, type InputChannel } from '@guruconnect/contract/signal/channels';
import type {
  DataConsumer,
  SctpStreamParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import { installWebRtc } from '../../src/rtc/web-rtc.ts';
import { until } from '../deadline.ts';
import { reassembleH264, toAnnexB } from './h264-reassembly.ts';
import type { NodeSession } from './node-session.ts';

export interface ReceivedFrame {
  readonly timestamp90kHz: number;
  readonly accessUnit: Buffer;
  readonly packets: readonly RtpPacket[];
}

/** Puts the packets of a stream back into order and into frames, as a jitter buffer does. */
export class FrameCollector {
  readonly frames: ReceivedFrame[] = [];
  readonly #packets = new Map<number, RtpPacket[]>();

  add(packet: RtpPacket): void {
    const { timestamp, sequenceNumber } = packet.header;
    const packets = this.#packets.get(timestamp) ?? [];
    this.#packets.set(timestamp, packets);
    if (packets.some(({ header }) => header.sequenceNumber === sequenceNumber)) return;
    packets.push(packet);
    packets.sort((a, b) => ((a.header.sequenceNumber - b.header.sequenceNumber) << 16) >> 16);
    const first = packets[0]?.header.sequenceNumber ?? 0;
    const last = packets.at(-1)?.header;
    if (!last?.marker || ((last.sequenceNumber - first) & 0xffff) !== packets.length - 1) return;
    try {
      const units = reassembleH264(packets.map(({ payload }) => payload));
      this.#packets.delete(timestamp);
      this.frames.push({
        timestamp90kHz: timestamp,
        accessUnit: toAnnexB(units),
        packets,
      });
    } catch {
      // its first packets are still missing
    }
  }
}

export class TestViewer {
  readonly viewerId: ViewerId = newId('vwr');
  readonly facts: Fact[] = [];
  readonly #session: NodeSession;
  readonly #device: Device;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;

  private constructor(
    session: NodeSession,
    device: Device,
    options: { send: TransportOptions; recv: TransportOptions; viewerId: ViewerId },
  ) {
    this.#session = session;
    this.viewerId = options.viewerId;
    this.#device = device;
    this.#send = this.#bind(device.createSendTransport(settings(options.send)));
    this.#recv = this.#bind(device.createRecvTransport(settings(options.recv)));
  }

  static async join(session: NodeSession): Promise<TestViewer> {
    await installWebRtc();
    const viewerId = newId('vwr');
    const media = await session.openEndpoint(viewerId);
    const device = await Device.factory({ handlerName: 'Chrome111' });
    await device.load({
      routerRtpCapabilities: media.router_rtp_capabilities as types.RtpCapabilities,
    });
    return new TestViewer(session, device, {
      send: media.send_transport,
      recv: media.recv_transport,
      viewerId,
    });
  }

  /** Paused at first, as signaling offers it. */
  async consumeVideo(
    monitor_id: number,
    rendition: Rendition = 'standard',
  ): Promise<ConsumedVideo> {
    const offered = await this.#session.consumeVideo(
      this.viewerId,
      { monitor_id, rendition },
      this.#device.recvRtpCapabilities,
    );
    const consumer = await this.#recv.consume({
      id: offered.consumer_id,
      producerId: offered.producer_id,
      kind: 'video',
      rtpParameters: offered.rtp_parameters as types.RtpParameters,
    });
    await until('the receiving transport', () => this.#recv.connectionState === 'connected');
    return new ConsumedVideo(this.#session, this.viewerId, consumer);
  }

  async consumeFacts(): Promise<void> {
    const offered = await this.#session.consumeFacts(this.viewerId);
    const consumer = await this.#recv.consumeData(dataOptions(offered));
    consumer.on('message', (bytes: Uint8Array) => this.facts.push(decodeFact(bytes)));
    await until('the facts channel', () => consumer.readyState === 'open');
  }

  /** @returns the sending half, and what signaling tells the agent. */
  async openInput(channel: InputChannel): Promise<OpenedInput> {
    let agentConsumer: DataConsumer | undefined;
    this.#send.removeAllListeners('producedata');
    this.#send.on('producedata', ({ sctpStreamParameters }, callback, errback) => {
      this.#session
        .openInput(this.viewerId, channel, sctpStreamParameters as SctpStreamParameters)
        .then(({ producerId, agentConsumer: offered }) => {
          agentConsumer = offered;
          callback({ id: producerId });
        }, errback);
    });
    const producer = await this.#send.produceData({ label: channel, ...INPUT_CHANNELS[channel] });
    if (!agentConsumer) throw new Error('nothing was offered to the agent');
    await until('the input channel', () => producer.readyState === 'open');
    return { producer, agentConsumer };
  }

  close(): void {
    this.#send.close();
    this.#recv.close();
  }

  #bind(transport: types.Transport): types.Transport {
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      this.#session.connect(this.viewerId, transport.id, dtlsParameters).then(callback, errback);
    });
    return transport;
  }
}

export interface OpenedInput {
  readonly producer: types.DataProducer;
  readonly agentConsumer: DataConsumer;
}

export class ConsumedVideo {
  readonly rtpParameters: types.RtpParameters;
  readonly packets: RtpPacket[] = [];
  readonly #collector = new FrameCollector();
  readonly #session: NodeSession;
  readonly #viewerId: ViewerId;
  readonly #consumerId: string;

  constructor(session: NodeSession, viewerId: ViewerId, consumer: types.Consumer) {
    this.#session = session;
    this.#viewerId = viewerId;
    this.#consumerId = consumer.id;
    this.rtpParameters = consumer.rtpParameters;
    consumer.track.onReceiveRtp.subscribe((packet) => {
      this.packets.push(packet);
      this.#collector.add(packet);
    });
  }

  get frames(): readonly ReceivedFrame[] {
    return this.#collector.frames;
  }

  resume(): Promise<void> {
    return this.#session.setPaused(this.#viewerId, this.#consumerId, false);
  }

  requestKeyframe(): Promise<void> {
    return this.#session.requestKeyframe(this.#viewerId, this.#consumerId);
  }
}

const settings = (transport: TransportOptions): types.TransportOptions => ({
  ...(transport as types.TransportOptions),
  additionalSettings: {
    iceAdditionalHostAddresses: ['127.0.0.1'],
  } as types.TransportOptions['additionalSettings'] & object,
});

const dataOptions = (offered: DataConsumer): types.DataConsumerOptions => ({
  id: offered.data_consumer_id,
  dataProducerId: offered.data_producer_id,
  sctpStreamParameters: offered.sctp_stream_parameters as types.SctpStreamParameters,
  label: offered.label,
});
