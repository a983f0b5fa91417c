// The viewer's media of one placement (one epoch): two transports, one consumer per rendition, the
// facts channel, the two input channels. Asks signaling for what it needs and says what it got;
// which monitor is watched and when input is wanted is the conductor's affair (viewer.ts).
import type { Device, types } from 'mediasoup-client';
import type { Name, ReplyOf, RequestInput } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { Fact } from '@guruconnect/contract/facts/fact';
import { decodeFact } from '@guruconnect/contract/facts/fact-codec';
import { isFull, RENDITION_NAMES, videoKey, type VideoRef } from '@guruconnect/contract/rendition';
import { INPUT_CHANNELS, InputChannel as InputLabel } from '@guruconnect/contract/signal/channels';
import type {
  DataConsumer,
  RtpCapabilities,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import type {
  OfferedVideo,
  VIEWER_TO_SIGNALING,
} from '@guruconnect/contract/signal/viewer-messages';
import { careStep } from './connection-care.ts';

type Commands = typeof VIEWER_TO_SIGNALING;
export type Ask = <N extends Name<Commands>>(
  name: N,
  request: RequestInput<Commands, N>,
) => Promise<ReplyOf<Commands, N>>;

/** One of the two input channels, as its user needs it (input/input-channel.ts). */
export type DataSender = {
  readonly isOpen: boolean;
  readonly bufferedBytes: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
};

export type InputSenders = { readonly actions: DataSender; readonly moves: DataSender };

export type MediaReceiverOptions = {
  readonly ask: Ask;
  readonly device: Device;
  readonly join: ReplyOf<Commands, 'media.join'>;
  readonly onVideo: (video: VideoRef, track: MediaStreamTrack) => void;
  /** Just before the track ends. */
  readonly onVideoClosed: (video: VideoRef) => void;
  readonly onFact: (fact: Fact) => void;
  /** Connection or input channels changed; read `connection` and `input`. */
  readonly onChanged: () => void;
  /** Restarting did not help: these transports are lost for good, new ones are needed. */
  readonly onLost: () => void;
  /** Something was refused or malformed; nothing stops because of it. */
  readonly onTrouble: (what: string, error: GcError) => void;
};

type Offered = { readonly video: VideoRef; readonly consumerId: string };

type Video = {
  readonly consumer: types.Consumer;
  /** What the media node was last told, undefined while it has not confirmed. */
  paused: boolean | undefined;
};

type Direction = 'send' | 'recv';
type Care = {
  state: types.ConnectionState;
  sinceMs: number;
  restarts: number;
  lastRestartMs: number;
  busy: boolean;
};

const CARE_EVERY_MS = 250;

/**
 * A data channel nobody uses, so that ICE, DTLS and SCTP are up before the first real channel or
 * track is wanted: mediasoup-client connects a transport with the first thing on it. The media node
 * never hears of it. On the receiving side its stream must not be one the node gives out: those
 * count up from 0.
 */
const WARM_UP = { label: 'warm-up', recvStreamId: 1000 } as const;

export class MediaReceiver {
  readonly epoch: number;
  readonly #options: MediaReceiverOptions;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;
  readonly #care: Record<Direction, Care>;
  /**
   * Both by `videoKey`. The consumer each video has at the media node; `#videos` follows when the
   * browser has it.
   */
  readonly #offered = new Map<string, Offered>();
  readonly #videos = new Map<string, Video>();
  readonly #input = new Map<InputLabel, types.DataProducer>();
  readonly #careTimer: ReturnType<typeof setInterval>;
  #facts: types.DataConsumer | undefined;
  #senders: InputSenders | undefined;
  #isCurrent = false;
  #everConnected = false;
  #closed = false;

  /** Both transports begin to connect at once. */
  constructor(options: MediaReceiverOptions) {
    this.#options = options;
    this.epoch = options.join.epoch;
    const iceServers = options.join.ice_servers;
    this.#send = options.device.createSendTransport({
      ...transportOptions(options.join.send_transport),
      iceServers,
    });
    this.#recv = options.device.createRecvTransport({
      ...transportOptions(options.join.recv_transport),
      iceServers,
    });
    const fresh = (): Care => ({
      state: 'new',
      sinceMs: performance.now(),
      restarts: 0,
      lastRestartMs: 0,
      busy: false,
    });
    this.#care = { send: fresh(), recv: fresh() };
    this.#bind('send', this.#send);
    this.#bind('recv', this.#recv);
    this.#warmUp();
    this.#careTimer = setInterval(() => this.#takeCare(), CARE_EVERY_MS);
  }

  /** `lost` only after it was up once: a first connection takes the time it takes. */
  get connection(): 'connecting' | 'up' | 'lost' {
    const states = [this.#send.connectionState, this.#recv.connectionState];
    if (states.every((state) => state === 'connected')) return 'up';
    return this.#everConnected && states.some((s) => s === 'disconnected' || s === 'failed')
      ? 'lost'
      : 'connecting';
  }

  /** Both input channels, once both were made; the same object as long as they are. */
  get input(): InputSenders | undefined {
    return this.hasInput ? this.#senders : undefined;
  }

  get hasInput(): boolean {
    return this.#senders !== undefined && [...this.#input.values()].every((each) => !each.closed);
  }

  /** All that the session offers was taken since the last `expire`. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** What is offered may have changed without being told: `consume` is due again. */
  expire(): void {
    this.#isCurrent = false;
  }

  /**
   * All monitors' consumers, paused, and the facts channel; after consent. Called again whenever
   * the session becomes live: what is already here stays, what is new is added.
   */
  async consume(): Promise<void> {
    const { videos, facts } = await this.#options.ask('media.consume', {
      epoch: this.epoch,
      rtp_capabilities: this.#options.device.recvRtpCapabilities as RtpCapabilities,
      renditions: RENDITION_NAMES,
    });
    if (this.#closed) return;
    const offered = new Set(videos.map(({ consumer }) => consumer.consumer_id));
    for (const { video, consumerId } of [...this.#offered.values()])
      if (!offered.has(consumerId)) this.withdraw(video, consumerId);
    // Together: mediasoup-client makes one negotiation of all that is asked in one turn. What is not
    // worked with at first comes after it: no first picture waits for a thumbnail.
    const isFirst = ({ rendition }: OfferedVideo): boolean => isFull(rendition);
    const first = videos.filter(isFirst).map((video) => this.offer(video));
    await Promise.all([...first, this.#receiveFacts(facts)]);
    this.#isCurrent = true;
    const rest = videos.filter((video) => !isFirst(video)).map((video) => this.offer(video));
    Promise.all(rest).catch((thrown: unknown) => {
      if (!this.#closed) this.#options.onTrouble('media.consume', GcError.from(thrown));
    });
  }

  /** A monitor that was plugged in, or whose producer was made anew. */
  async offer({ monitor_id, rendition, consumer }: OfferedVideo): Promise<void> {
    const video = { monitor_id, rendition };
    const key = videoKey(video);
    const consumerId = consumer.consumer_id;
    if (this.#offered.get(key)?.consumerId === consumerId) return;
    this.#offered.set(key, { video, consumerId });
    const made = await this.#recv.consume({
      id: consumerId,
      producerId: consumer.producer_id,
      kind: 'video',
      rtpParameters: consumer.rtp_parameters as types.RtpParameters,
      // Its own stream: browsers keep tracks of one stream in step by delaying the faster one.
      streamId: consumerId,
    });
    if (this.#closed) return;
    // Withdrawn or offered anew while the browser was busy with it.
    if (this.#offered.get(key)?.consumerId !== consumerId) return made.close();
    const old = this.#videos.get(key);
    this.#videos.set(key, { consumer: made, paused: true });
    this.#options.onVideo(video, made.track);
    old?.consumer.close();
  }

  withdraw(video: VideoRef, consumerId: string): void {
    const key = videoKey(video);
    if (this.#offered.get(key)?.consumerId !== consumerId) return;
    this.#offered.delete(key);
    // Told before the track ends, so that its last picture can be kept.
    this.#options.onVideoClosed(video);
    this.#videos.get(key)?.consumer.close();
    this.#videos.delete(key);
  }

  /** The complete set of videos to receive (`videoKey`); all others are paused at the media node. */
  watch(videoKeys: ReadonlySet<string>): void {
    for (const [key, video] of this.#videos) {
      const paused = !videoKeys.has(key);
      if (video.paused !== paused) this.#setPaused(video, paused);
    }
  }

  /** The socket was away: what was asked in between may not have been heard. */
  forgetConfirmations(): void {
    for (const video of this.#videos.values()) video.paused = undefined;
  }

  /** The decoder may be waiting for one. A resume that was never confirmed is said again instead. */
  keyframe(ref: VideoRef): void {
    const video = this.#videos.get(videoKey(ref));
    if (!video) return;
    if (video.paused !== false) this.#setPaused(video, false);
    else this.#tell('video.keyframe', { epoch: this.epoch, consumer_id: video.consumer.id });
  }

  /** Opens both input channels; only with the grant, and only once the session is live. */
  async openInput(): Promise<void> {
    const [actions, moves] = await Promise.all([
      this.#openChannel('input.actions'),
      this.#openChannel('input.moves'),
    ]);
    if (this.#closed) return;
    this.#senders = { actions: dataSender(actions), moves: dataSender(moves) };
    this.#options.onChanged();
  }

  closeInput(): void {
    for (const producer of this.#input.values()) producer.close();
    this.#input.clear();
    this.#senders = undefined;
  }

  /** Undefined for a video that is not received. */
  async stats(ref: VideoRef): Promise<RTCStatsReport | undefined> {
    const video = this.#videos.get(videoKey(ref));
    return video && !video.consumer.closed ? await video.consumer.getStats() : undefined;
  }

  /** Idempotent. The tracks end; what was painted last stays where it is painted. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#careTimer);
    this.#input.clear();
    this.#senders = undefined;
    this.#videos.clear();
    this.#send.close();
    this.#recv.close();
  }

  // --- transports -----------------------------------------------------------------------------

  #bind(direction: Direction, transport: types.Transport): void {
    const care = this.#care[direction];
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.#options
        .ask('transport.connect', {
          epoch: this.epoch,
          transport_id: transport.id,
          dtls_parameters: dtlsParameters,
        })
        .then(done, failed);
    });
    transport.on('connectionstatechange', (state) => {
      if (this.#closed) return;
      care.state = state;
      care.sinceMs = performance.now();
      if (state === 'connected') care.restarts = 0;
      this.#everConnected ||= this.connection === 'up';
      this.#options.onChanged();
    });
    transport.on('producedata', ({ label, sctpStreamParameters }, done, failed) => {
      if (label === WARM_UP.label) return done({ id: WARM_UP.label });
      const channel = InputLabel.parse(label);
      this.#options
        .ask('input.open', {
          epoch: this.epoch,
          channel,
          sctp_stream_parameters: {
            ...sctpStreamParameters,
            streamId: sctpStreamParameters.streamId ?? 0,
          },
        })
        .then(({ data_producer_id }) => done({ id: data_producer_id }), failed);
    });
  }

  #warmUp(): void {
    const trouble = (thrown: unknown): void => {
      if (!this.#closed) this.#options.onTrouble('warm-up', GcError.from(thrown));
    };
    this.#send.produceData({ label: WARM_UP.label }).catch(trouble);
    this.#recv
      .consumeData({
        id: WARM_UP.label,
        dataProducerId: WARM_UP.label,
        label: WARM_UP.label,
        sctpStreamParameters: { streamId: WARM_UP.recvStreamId, ordered: true },
      })
      .catch(trouble);
  }

  #takeCare(): void {
    for (const direction of ['send', 'recv'] as const) {
      const care = this.#care[direction];
      if (care.busy) continue;
      const step = careStep({ ...care, nowMs: performance.now() });
      if (step === 'restart_ice') void this.#restartIce(direction, care);
      if (step === 'rejoin') {
        this.#giveUp();
        return;
      }
    }
  }

  #giveUp(): void {
    clearInterval(this.#careTimer);
    this.#options.onLost();
  }

  async #restartIce(direction: Direction, care: Care): Promise<void> {
    const transport = direction === 'send' ? this.#send : this.#recv;
    care.busy = true;
    try {
      const { ice_parameters, ice_servers } = await this.#options.ask('transport.restart_ice', {
        epoch: this.epoch,
        transport_id: transport.id,
      });
      care.restarts += 1;
      care.lastRestartMs = performance.now();
      if (ice_servers.length > 0) await transport.updateIceServers({ iceServers: ice_servers });
      await transport.restartIce({ iceParameters: ice_parameters });
    } catch (thrown) {
      if (this.#closed) return;
      const error = GcError.from(thrown);
      this.#options.onTrouble('transport.restart_ice', error);
      care.lastRestartMs = performance.now();
      // The media node knows nothing of this transport any more: no restart will bring it back.
      if (!error.retryable) this.#giveUp();
      // Without the socket nothing can be restarted: that does not count as an attempt.
      else if (error.code !== 'timeout') care.restarts += 1;
    } finally {
      care.busy = false;
    }
  }

  // --- what is received -----------------------------------------------------------------------

  async #receiveFacts(facts: DataConsumer): Promise<void> {
    if (this.#facts?.id === facts.data_consumer_id) return;
    const made = await this.#recv.consumeData({
      id: facts.data_consumer_id,
      dataProducerId: facts.data_producer_id,
      sctpStreamParameters: facts.sctp_stream_parameters,
      label: facts.label,
    });
    if (this.#closed) return;
    this.#facts?.close();
    this.#facts = made;
    made.binaryType = 'arraybuffer';
    made.on('message', (data: unknown) => {
      let fact: Fact;
      try {
        if (!(data instanceof ArrayBuffer)) throw new GcError('invalid_request', 'A fact is bytes');
        fact = decodeFact(new Uint8Array(data));
      } catch (thrown) {
        this.#options.onTrouble('facts', GcError.from(thrown));
        return;
      }
      this.#options.onFact(fact);
    });
  }

  async #openChannel(label: InputLabel): Promise<types.DataProducer> {
    const open = this.#input.get(label);
    if (open && !open.closed) return open;
    const made = await this.#send.produceData({ label, ...INPUT_CHANNELS[label] });
    this.#input.set(label, made);
    for (const event of ['open', 'close', 'transportclose'] as const)
      made.on(event, () => {
        if (!this.#closed) this.#options.onChanged();
      });
    return made;
  }

  #setPaused(video: Video, paused: boolean): void {
    video.paused = paused;
    const name = paused ? 'video.pause' : 'video.resume';
    this.#tell(name, { epoch: this.epoch, consumer_id: video.consumer.id }, () => {
      video.paused = undefined;
    });
  }

  #tell(
    name: 'video.pause' | 'video.resume' | 'video.keyframe',
    request: RequestInput<Commands, 'video.resume'>,
    onFailed?: () => void,
  ): void {
    this.#options.ask(name, request).catch((thrown: unknown) => {
      onFailed?.();
      if (!this.#closed) this.#options.onTrouble(name, GcError.from(thrown));
    });
  }
}

function dataSender(producer: types.DataProducer): DataSender {
  return {
    get isOpen() {
      return !producer.closed && producer.readyState === 'open';
    },
    get bufferedBytes() {
      return producer.bufferedAmount;
    },
    send: (bytes) => producer.send(bytes),
  };
}

/** Our wire's parameters as mediasoup-client wants them: it calls the size limits by newer names. */
function transportOptions(options: TransportOptions): types.TransportOptions {
  const { sctpParameters, ...rest } = options;
  if (!sctpParameters) return rest;
  const { maxMessageSize } = sctpParameters;
  return {
    ...rest,
    sctpParameters: {
      ...sctpParameters,
      maxSendMessageSize: sctpParameters.maxSendMessageSize ?? maxMessageSize,
      maxReceiveMessageSize: sctpParameters.maxReceiveMessageSize ?? maxMessageSize,
    },
  };
}
