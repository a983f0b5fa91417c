// What one session's viewers are told beside the picture: pointer, refused input, where a frame's time
// went. One for each session, owned by AgentSession; the channel comes and goes with its placement.
import type { ErrorCode } from '@guruconnect/contract/errors';
import { encodeFact } from '@guruconnect/contract/facts/fact-codec';
import type { Fact } from '@guruconnect/contract/facts/fact';
import { COORDINATE_MAX } from '@guruconnect/contract/input/input-event';
import type { Topology } from '@guruconnect/contract/monitor';
import type { CursorPosition, CursorShape } from '../cursor/cursor.ts';
import type { EncodedFrame } from '../media/frame.ts';

/** @returns false when it was not sent. */
export type FactsChannel = { send(bytes: Uint8Array): boolean };

export interface Pointer {
  readonly shape: () => CursorShape | undefined;
  readonly position: () => CursorPosition | undefined;
  readonly topology: () => Topology;
}

/** How long every frame is traced after a viewer asked: it asks again while it looks. */
export const TRACED_AFTER_PROBE_US = 3_000_000;
/** Unasked, one changed picture in so long is traced: for viewers that have no way to ask. */
export const SAMPLE_INTERVAL_US = 1_000_000;

export class FactsSender {
  readonly #pointer: Pointer;
  #channel: FactsChannel | undefined;
  /** Its shape did not fit into the channel: the next fact that does brings it along. */
  #shapeOwed = false;
  #probedAtUs = -Infinity;
  #tracedAtUs = -Infinity;

  constructor(pointer: Pointer) {
    this.#pointer = pointer;
  }

  /** The channel of the present placement; undefined when there is none. */
  attach(channel: FactsChannel | undefined): void {
    this.#channel = channel;
    this.tellPointer();
  }

  /** For a viewer that has heard nothing yet: facts are told once, and to those who listen then. */
  tellPointer(): void {
    this.shapeChanged();
    const position = this.#pointer.position();
    if (position) this.positionChanged(position);
  }

  shapeChanged(): void {
    this.#shapeOwed = !this.#send(shapeFact(this.#pointer.shape()));
  }

  /** The pointer moved by something other than us. */
  positionChanged(position: CursorPosition): void {
    const fact = positionFact(position, this.#pointer.topology());
    if (fact) this.#tell(fact);
  }

  inputRefused(viewer_id: string, seq: number, code: ErrorCode): void {
    this.#tell({ kind: 'input_refused', viewer_id, seq, code });
  }

  /** @param atUs `nowUs()`. @param nodeRttMs between agent and media node; undefined while unknown. */
  probed(viewer_id: string, seq: number, atUs: number, nodeRttMs: number | undefined): void {
    this.#probedAtUs = atUs;
    this.#tell({
      kind: 'clock',
      viewer_id,
      seq,
      agent_time_us: atUs,
      node_rtt_us: (nodeRttMs ?? 0) * 1000,
    });
  }

  /** The frame's last packet was given to the socket at `sentAtUs`. */
  frameSent(monitor_id: number, frame: EncodedFrame, sentAtUs: number): void {
    // Nobody asks where the time of a thumbnail went.
    if (frame.rendition === 'thumbnail') return;
    const isAsked = sentAtUs - this.#probedAtUs < TRACED_AFTER_PROBE_US;
    const isSample = frame.cause === 'change' && sentAtUs - this.#tracedAtUs >= SAMPLE_INTERVAL_US;
    if (!isAsked && !isSample) return;
    this.#tracedAtUs = sentAtUs;
    const { captureTimeUs, captureUs, convertUs, encodeUs } = frame;
    this.#tell({
      kind: 'frame_trace',
      monitor_id,
      rtp_timestamp: frame.timestamp90kHz,
      last_input_seq: frame.lastInputSeq,
      input_to_capture_us: frame.inputToCaptureUs,
      wait_us: frame.waitUs,
      capture_us: captureUs,
      convert_us: convertUs,
      encode_us: encodeUs,
      send_us: sentAtUs - (captureTimeUs + captureUs + convertUs + encodeUs),
      bytes: frame.data.length,
    });
  }

  #tell(fact: Fact): void {
    if (this.#shapeOwed) this.shapeChanged();
    this.#send(fact);
  }

  #send(fact: Fact): boolean {
    return this.#channel?.send(encodeFact(fact)) ?? false;
  }
}

function shapeFact(shape: CursorShape | undefined): Fact {
  if (!shape?.visible) return { kind: 'cursor_hidden' };
  const { width, height, hotspotX, hotspotY, rgba } = shape;
  return { kind: 'cursor_shape', width, height, hotspot_x: hotspotX, hotspot_y: hotspotY, rgba };
}

/** Undefined where no monitor shows the place, as between monitors of different size. */
function positionFact({ xPx, yPx }: CursorPosition, { monitors }: Topology): Fact | undefined {
  const monitor = monitors.find(
    ({ x, y, width, height }) => xPx >= x && yPx >= y && xPx < x + width && yPx < y + height,
  );
  if (!monitor) return undefined;
  const axis = (at: number, pixels: number): number =>
    pixels <= 1 ? 0 : Math.round((at * COORDINATE_MAX) / (pixels - 1));
  return {
    kind: 'cursor_position',
    monitor_id: monitor.monitor_id,
    position: {
      x: axis(xPx - monitor.x, monitor.width),
      y: axis(yPx - monitor.y, monitor.height),
    },
  };
}
