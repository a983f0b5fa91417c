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
      readonly capture_us: number;
      readonly convert_us: number;
      readonly encode_us: number;
      /** From the end of encoding to the last packet handed to the socket. */
      readonly send_us: number;
      readonly bytes: number;
    };

export type FactKind = Fact['kind'];
