// A media node and an agent in one, in the test's own process: a real mediasoup worker, monitors of
// painted rectangles, a facts channel, and a list of the input that arrived.
import { createWorker, type types } from 'mediasoup';
import { encodeFact } from '@guruconnect/contract/facts/fact-codec';
import type { Fact } from '@guruconnect/contract/facts/fact';
import { decodeInput } from '@guruconnect/contract/input/input-codec';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import type { Monitor } from '@guruconnect/contract/monitor';
import {
  PAYLOAD_TYPE,
  PLAYOUT_DELAY_ID,
  TestEncoder,
  TestPacketizer,
  type Colour,
} from './test-video.ts';

export const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

const H264 = {
  kind: 'video',
  mimeType: 'video/H264',
  clockRate: 90_000,
  parameters: {
    'packetization-mode': 1,
    'profile-level-id': '42e01f',
    'level-asymmetry-allowed': 1,
  },
} as const;

/** One published monitor. It paints itself again `fps` times a second while somebody watches. */
export class FakeMonitor {
  readonly monitor: Monitor;
  readonly producer: types.Producer;
  readonly encoder: TestEncoder;
  /** Called before each frame; paints with `encoder`. */
  paint: (encoder: TestEncoder, frame: number) => void = () => undefined;
  watched = false;
  silent = false;
  keyframesSent = 0;
  framesSent = 0;
  lastRtpTimestamp = 0;
  readonly #packetizer: TestPacketizer;
  #timer: NodeJS.Timeout | undefined;
  #needsKeyframe = true;

  constructor(monitor: Monitor, producer: types.Producer, ssrc: number, colour: Colour) {
    this.monitor = monitor;
    this.producer = producer;
    this.encoder = new TestEncoder(monitor);
    this.encoder.fill(colour);
    this.#packetizer = new TestPacketizer(ssrc);
    this.fps = 10;
  }

  set fps(fps: number) {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#send(), 1000 / fps);
  }

  keyframe(): void {
    this.#needsKeyframe = true;
    this.#send();
  }

  close(): void {
    clearInterval(this.#timer);
    this.producer.close();
    this.encoder.close();
  }

  #send(): void {
    if (!this.watched || this.silent) return;
    this.paint(this.encoder, this.framesSent);
    const annexB = this.encoder.encode(this.#needsKeyframe);
    if (this.#needsKeyframe) this.keyframesSent += 1;
    this.#needsKeyframe = false;
    this.framesSent += 1;
    this.lastRtpTimestamp = Math.round(performance.now() * 90) >>> 0;
    for (const packet of this.#packetizer.packets(annexB, this.lastRtpTimestamp))
      this.producer.send(packet);
  }
}

export class FakeMedia {
  readonly router: types.Router;
  readonly monitors = new Map<number, FakeMonitor>();
  /** What arrived from viewers, in order of arrival over both channels. */
  readonly input: InputEvent[] = [];
  readonly #worker: types.Worker;
  readonly #direct: types.DirectTransport;
  readonly facts: types.DataProducer;
  #ssrc = 1000;

  private constructor(
    worker: types.Worker,
    router: types.Router,
    direct: types.DirectTransport,
    facts: types.DataProducer,
  ) {
    this.#worker = worker;
    this.router = router;
    this.#direct = direct;
    this.facts = facts;
  }

  static async start(): Promise<FakeMedia> {
    const worker = await createWorker({ logLevel: 'none' });
    const router = await worker.createRouter({ mediaCodecs: [H264] });
    const direct = await router.createDirectTransport();
    return new FakeMedia(worker, router, direct, await direct.produceData({ label: 'facts' }));
  }

  async transport(ports: { min: number; max: number }): Promise<types.WebRtcTransport> {
    const listen = { ip: '127.0.0.1', portRange: ports };
    return this.router.createWebRtcTransport({
      listenInfos: [{ ...listen, protocol: 'udp' }],
      enableSctp: true,
      initialAvailableOutgoingBitrate: 10_000_000,
    });
  }

  async publish(monitor: Monitor, colour: Colour): Promise<FakeMonitor> {
    const ssrc = (this.#ssrc += 1);
    const producer = await this.#direct.produce({
      kind: 'video',
      rtpParameters: {
        codecs: [
          {
            mimeType: 'video/H264',
            payloadType: PAYLOAD_TYPE,
            clockRate: 90_000,
            parameters: H264.parameters,
            rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
          },
        ],
        headerExtensions: [{ uri: PLAYOUT_DELAY_URI, id: PLAYOUT_DELAY_ID }],
        encodings: [{ ssrc }],
        rtcp: { cname: 'fake' },
      },
    });
    const fake = new FakeMonitor(monitor, producer, ssrc, colour);
    this.monitors.set(monitor.monitor_id, fake);
    return fake;
  }

  withdraw(monitorId: number): void {
    this.monitors.get(monitorId)?.close();
    this.monitors.delete(monitorId);
  }

  tell(fact: Fact): void {
    this.facts.send(Buffer.from(encodeFact(fact)));
  }

  /** The agent begins to listen to a viewer's input channel. */
  async hear(dataProducerId: string): Promise<void> {
    const consumer = await this.#direct.consumeData({ dataProducerId });
    consumer.on('message', (message) => this.input.push(decodeInput(new Uint8Array(message))));
  }

  async close(): Promise<void> {
    for (const monitor of this.monitors.values()) monitor.close();
    const died = new Promise<void>((resolve) => {
      this.#worker.once('subprocessclose', () => resolve());
    });
    this.#worker.close();
    await died;
  }
}
