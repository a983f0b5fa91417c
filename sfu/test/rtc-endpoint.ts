// A real endpoint of a session without a browser: mediasoup-client over werift, as the agent runs
// it. It negotiates, connects and exchanges real packets with a node; the commands that signaling
// would pass on for it go straight to the control socket.
import { Device, type types } from 'mediasoup-client';
import {
  MediaStreamTrack,
  RTCRtpHeaderExtensionParameters,
  RtpHeader,
  RtpPacket,
  useH264,
  useNACK,
  usePLI,
  useSdesMid,
  useTransportWideCC,
  useTWCC,
} from 'werift';
import { installPolyfill } from 'werift/polyfill';
import type { ReplyOf } from '@guruconnect/contract/base/conversation';
import type { ViewerId } from '@guruconnect/contract/ids';
import type { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import {
  AGENT_CHANNELS,
  INPUT_CHANNELS,
  type AgentChannel,
  type InputChannel,
} from '@guruconnect/contract/signal/channels';
import type { DtlsParameters } from '@guruconnect/contract/signal/rtc-parameters';
import { PLAYOUT_DELAY_URI } from '../src/media-codecs.ts';
import type { ASession } from './a-session.ts';

installPolyfill({
  mediaRegister: [],
  peerConnectionConfig: {
    codecs: {
      video: [
        useH264({
          parameters: 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1',
          rtcpFeedback: [useNACK(), usePLI(), useTWCC()],
        }),
      ],
    },
    headerExtensions: {
      video: [
        useSdesMid(),
        useTransportWideCC(),
        new RTCRtpHeaderExtensionParameters({ uri: PLAYOUT_DELAY_URI }),
      ],
    },
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
  },
});

/** mediasoup, mediasoup-client and werift each describe the same WebRTC objects in own types. */
const foreign = <T = never>(value: unknown): T => value as T;

/** 90 kHz ticks between two frames at 30 frames a second. */
const TICKS_PER_FRAME = 3000;
/** NAL unit type 7, a sequence parameter set: what mediasoup takes for the start of a key frame. */
const KEY_NAL = 0x67;
/** NAL unit type 1, a slice of any other frame. */
const DELTA_NAL = 0x41;

export type RtcEndpointOptions = {
  readonly maySendInput?: boolean;
  /** Does not keep to the message size it was told: what somebody's own program could do. */
  readonly sendsHugeMessages?: boolean;
};

/** As `max-message-size` in SDP (RFC 8841, 6.1). */
const UNLIMITED = 0;

export class RtcEndpoint {
  readonly id: 'agent' | ViewerId;
  readonly #session: ASession;
  readonly #device: Device;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;

  private constructor(
    session: ASession,
    id: 'agent' | ViewerId,
    device: Device,
    send: types.Transport,
    recv: types.Transport,
  ) {
    this.#session = session;
    this.id = id;
    this.#device = device;
    this.#send = send;
    this.#recv = recv;
  }

  static async open(
    session: ASession,
    id: 'agent' | ViewerId,
    options: RtcEndpointOptions = {},
  ): Promise<RtcEndpoint> {
    const { router_rtp_capabilities } = await session.describe();
    const device = new Device({ handlerName: 'Chrome111' });
    await device.load({ routerRtpCapabilities: foreign(router_rtp_capabilities) });
    const opened = await session.ask('endpoint.open', {
      endpoint_id: id,
      may_send_input: options.maySendInput ?? false,
    });
    if (options.sendsHugeMessages)
      Object.assign(opened.send_transport.sctpParameters ?? {}, {
        maxMessageSize: UNLIMITED,
        maxReceiveMessageSize: UNLIMITED,
      });
    const send = device.createSendTransport(foreign(opened.send_transport));
    const recv = device.createRecvTransport(foreign(opened.recv_transport));
    for (const transport of [send, recv])
      transport.on('connect', ({ dtlsParameters }, done, failed) => {
        session
          .ask('transport.connect', {
            endpoint_id: id,
            transport_id: transport.id,
            dtls_parameters: foreign<DtlsParameters>(dtlsParameters),
          })
          .then(done, failed);
      });
    send.on('produce', ({ rtpParameters, appData }, done, failed) => {
      session
        .ask('video.produce', {
          monitor_id: appData['monitorId'] as number,
          rtp_parameters: foreign(rtpParameters),
        })
        .then(({ producer_id }) => done({ id: producer_id }), failed);
    });
    send.on('producedata', ({ sctpStreamParameters, label }, done, failed) => {
      session
        .ask('data.produce', {
          endpoint_id: id,
          label: label as InputChannel | AgentChannel,
          sctp_stream_parameters: foreign(sctpStreamParameters),
        })
        .then(({ data_producer_id }) => done({ id: data_producer_id }), failed);
    });
    return new RtcEndpoint(session, id, device, send, recv);
  }

  get rtpCapabilities(): types.RtpCapabilities {
    return this.#device.recvRtpCapabilities;
  }

  async publish(monitorId: number): Promise<PublishedMonitor> {
    const track = new MediaStreamTrack({ kind: 'video' });
    const producer = await this.#send.produce({ track: foreign(track), appData: { monitorId } });
    return new PublishedMonitor(track, producer);
  }

  async openChannel(label: InputChannel | AgentChannel): Promise<types.DataProducer> {
    const channels = { ...INPUT_CHANNELS, ...AGENT_CHANNELS };
    const producer = await this.#send.produceData({ ...channels[label], label });
    await opened(foreign<Channel>(producer));
    return producer;
  }

  /** Takes part in a consumer the node has made for it. @returns the packets that arrive. */
  async receive(
    consumer: ReplyOf<typeof SIGNALING_TO_NODE, 'video.consume'>,
  ): Promise<RtpPacket[]> {
    const { track } = await this.#recv.consume({
      id: consumer.consumer_id,
      producerId: consumer.producer_id,
      kind: 'video',
      rtpParameters: foreign(consumer.rtp_parameters),
    });
    const packets: RtpPacket[] = [];
    foreign<MediaStreamTrack>(track).onReceiveRtp.subscribe((packet) => packets.push(packet));
    return packets;
  }

  async consumeChannel(dataProducerId: string): Promise<ReceivedChannel> {
    const made = await this.#session.ask('data.consume', {
      endpoint_id: this.id,
      data_producer_id: dataProducerId,
    });
    const consumer = await this.#recv.consumeData({
      id: made.data_consumer_id,
      dataProducerId: made.data_producer_id,
      sctpStreamParameters: foreign(made.sctp_stream_parameters),
      label: made.label,
    });
    const channel = new ReceivedChannel(consumer);
    await opened(foreign<Channel>(consumer));
    return channel;
  }

  close(): void {
    this.#send.close();
    this.#recv.close();
  }
}

export class PublishedMonitor {
  readonly producer: types.Producer;
  /** Picture losses told by the node, one each. */
  keyframesAsked = 0;
  readonly #track: MediaStreamTrack;
  readonly #playoutDelayId: number | undefined;
  #sequenceNumber = 0;

  constructor(track: MediaStreamTrack, producer: types.Producer) {
    this.#track = track;
    this.producer = producer;
    const extensions = producer.rtpParameters.headerExtensions ?? [];
    this.#playoutDelayId = extensions.find(({ uri }) => uri === PLAYOUT_DELAY_URI)?.id;
    foreign<{ onPictureLossIndication: { subscribe: (told: () => void) => void } }>(
      producer.rtpSender,
    ).onPictureLossIndication.subscribe(() => {
      this.keyframesAsked += 1;
    });
  }

  /** One packet that is one frame, with the playout-delay extension 0/0 on it. */
  sendFrame(kind: 'key' | 'delta', text: string): void {
    this.#sequenceNumber += 1;
    const header = new RtpHeader({
      payloadType: this.producer.rtpParameters.codecs[0]?.payloadType ?? 96,
      sequenceNumber: this.#sequenceNumber,
      timestamp: this.#sequenceNumber * TICKS_PER_FRAME,
      marker: true,
      extension: true,
      extensions:
        this.#playoutDelayId === undefined
          ? []
          : [{ id: this.#playoutDelayId, payload: Buffer.from([0, 0, 0]) }],
    });
    const nal = kind === 'key' ? KEY_NAL : DELTA_NAL;
    this.#track.writeRtp(new RtpPacket(header, Buffer.from([nal, ...Buffer.from(text)])));
  }
}

export class ReceivedChannel {
  readonly consumer: types.DataConsumer;
  readonly messages: string[] = [];
  closed = false;

  constructor(consumer: types.DataConsumer) {
    this.consumer = consumer;
    consumer.on('message', (data) => this.messages.push(Buffer.from(data).toString()));
    consumer.on('close', () => {
      this.closed = true;
    });
  }
}

type Channel = Pick<types.DataConsumer, 'readyState' | 'label'> & {
  on(event: 'open' | 'close', listener: () => void): unknown;
};

/** The SCTP stream is usable. */
async function opened(channel: Channel): Promise<void> {
  if (channel.readyState === 'open') return;
  await new Promise<void>((resolve, reject) => {
    channel.on('open', resolve);
    channel.on('close', () => reject(new Error(`the channel ${channel.label} closed`)));
  });
}

/** What a frame carries, as it arrived. */
export const textOf = (packet: RtpPacket): string => packet.payload.subarray(1).toString();
