// What an agent tells every viewer on its `facts` channel, beside the picture.
import type { ErrorCode } from '../errors.ts';
import type { Position } from '../input/input-event.ts';

/** Largest side of a cursor shape, pixels; larger ones are scaled down by the agent. */
export const MAX_CURSOR_PX = 256;

export type Fact =
  /** The shape the viewer draws as its own pointer: straight RGBA, hotspot from the top left. */
  | {
      readonly kind: 'cursor_shape';
      readonly width: number;
      readonly height: number;
      readonly hotspot_x: number;
      readonly hotspot_y: number;
      readonly rgba: Uint8Array;
    }
  /** The application hides the pointer. */
  | { readonly kind: 'cursor_hidden' }
  /** Where the pointer is, when it moved by something other than this session's input. */
  | { readonly kind: 'cursor_position'; readonly monitor_id: number; readonly position: Position }
  /** An input event was refused; `seq` is its number, so the viewer can say which and why. */
  | {
      readonly kind: 'input_refused';
      readonly viewer_id: string;
      readonly seq: number;
      readonly code: ErrorCode;
    }
  /**
   * Where the time of one frame went; joined by the viewer with the frame of that RTP timestamp
   * (mediasoup keeps it for simple consumers). Times in microseconds.
   */
  | {
      readonly kind: 'frame_trace';
      readonly monitor_id: number;
      readonly rtp_timestamp: number;
      /** Newest input applied before the picture was taken; 0 when none. */
      readonly last_input_seq: number;
      /** From that input's injection to the start of this capture; 0 when there is none. */
      readonly input_to_capture_us: number;
      /** From the system's word of the change to the start of this capture; the end of the former. */
      readonly wait_us: number;
      readonly capture_us: number;
      readonly convert_us: number;
      readonly encode_us: number;
      /** From the end of encoding to the last packet handed to the socket. */
      readonly send_us: number;
      readonly bytes: number;
    }
  /**
   * The answer to a viewer's `probe` (input/input-event.ts), given within the call that brought it, so
   * that the viewer can place the agent's times on its own clock (RFC 5905, section 8).
   */
  | {
      readonly kind: 'clock';
      readonly viewer_id: string;
      /** Of the probe. */
      readonly seq: number;
      /** The agent's monotonic clock, the one that RTP timestamps are made of; below 2^53. */
      readonly agent_time_us: number;
      /** Round trip between agent and media node as RTCP tells it; 0 while unknown. */
      readonly node_rtt_us: number;
    };

export type FactKind = Fact['kind'];
