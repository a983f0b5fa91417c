// Bytes <-> Fact. Version byte, kind byte, then fixed fields, big-endian; variable parts last.
import { ERRORS, GcError, type ErrorCode } from '../errors.ts';
import { MAX_CURSOR_PX, type Fact, type FactKind } from './fact.ts';

export const FACT_VERSION = 1;

const KINDS = {
  cursor_shape: 1,
  cursor_hidden: 2,
  cursor_position: 3,
  input_refused: 4,
  frame_trace: 5,
  clock: 6,
} as const satisfies Record<FactKind, number>;

const VIEWER_ID_BYTES = 30;
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

const refuse = (why: string): never => {
  throw new GcError('invalid_request', `fact refused: ${why}`);
};

const start = (
  kind: FactKind,
  bodyBytes: number,
): { bytes: Uint8Array<ArrayBuffer>; view: DataView } => {
  const bytes = new Uint8Array(2 + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FACT_VERSION);
  view.setUint8(1, KINDS[kind]);
  return { bytes, view };
};

export function encodeFact(fact: Fact): Uint8Array<ArrayBuffer> {
  switch (fact.kind) {
    case 'cursor_shape': {
      const { bytes, view } = start(fact.kind, 8 + fact.rgba.length);
      view.setUint16(2, fact.width);
      view.setUint16(4, fact.height);
      view.setUint16(6, fact.hotspot_x);
      view.setUint16(8, fact.hotspot_y);
      bytes.set(fact.rgba, 10);
      return bytes;
    }
    case 'cursor_hidden':
      return start(fact.kind, 0).bytes;
    case 'cursor_position': {
      const { bytes, view } = start(fact.kind, 6);
      view.setUint16(2, fact.monitor_id);
      view.setUint16(4, fact.position.x);
      view.setUint16(6, fact.position.y);
      return bytes;
    }
    case 'input_refused': {
      const code = utf8.encode(fact.code);
      const { bytes, view } = start(fact.kind, 4 + VIEWER_ID_BYTES + code.length);
      view.setUint32(2, fact.seq);
      bytes.set(utf8.encode(fact.viewer_id).subarray(0, VIEWER_ID_BYTES), 6);
      bytes.set(code, 6 + VIEWER_ID_BYTES);
      return bytes;
    }
    case 'frame_trace': {
      const { bytes, view } = start(fact.kind, 38);
      view.setUint16(2, fact.monitor_id);
      const rest = [
        fact.rtp_timestamp,
        fact.last_input_seq,
        fact.input_to_capture_us,
        fact.wait_us,
        fact.capture_us,
        fact.convert_us,
        fact.encode_us,
        fact.send_us,
        fact.bytes,
      ];
      rest.forEach((value, i) => {
        view.setUint32(4 + i * 4, toUint32(value));
      });
      return bytes;
    }
    case 'clock': {
      const { bytes, view } = start(fact.kind, 16 + VIEWER_ID_BYTES);
      view.setUint32(2, fact.seq);
      view.setBigUint64(6, BigInt(Math.round(fact.agent_time_us)));
      view.setUint32(14, toUint32(fact.node_rtt_us));
      bytes.set(utf8.encode(fact.viewer_id).subarray(0, VIEWER_ID_BYTES), 18);
      return bytes;
    }
  }
}

/** @throws GcError `invalid_request`, never anything else, whatever the bytes are. */
export function decodeFact(bytes: Uint8Array): Fact {
  if (bytes.length < 2) return refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== FACT_VERSION) return refuse(`version ${view.getUint8(0)}`);
  switch (view.getUint8(1)) {
    case KINDS.cursor_shape: {
      if (bytes.length < 10) return refuse('short cursor shape');
      const width = view.getUint16(2);
      const height = view.getUint16(4);
      const hotspot_x = view.getUint16(6);
      const hotspot_y = view.getUint16(8);
      if (width < 1 || height < 1 || width > MAX_CURSOR_PX || height > MAX_CURSOR_PX)
        return refuse('cursor size');
      if (bytes.length !== 10 + width * height * 4) return refuse('cursor bytes');
      return { kind: 'cursor_shape', width, height, hotspot_x, hotspot_y, rgba: bytes.slice(10) };
    }
    case KINDS.cursor_hidden:
      if (bytes.length !== 2) return refuse('cursor_hidden bytes');
      return { kind: 'cursor_hidden' };
    case KINDS.cursor_position:
      if (bytes.length !== 8) return refuse('cursor_position bytes');
      return {
        kind: 'cursor_position',
        monitor_id: view.getUint16(2),
        position: { x: view.getUint16(4), y: view.getUint16(6) },
      };
    case KINDS.input_refused: {
      const codeAt = 6 + VIEWER_ID_BYTES;
      if (bytes.length <= codeAt || bytes.length > codeAt + 64)
        return refuse('input_refused bytes');
      const code = text(bytes.subarray(codeAt));
      // A newer agent may know more codes than this viewer: the refusal still counts.
      const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal';
      return {
        kind: 'input_refused',
        viewer_id: text(bytes.subarray(6, codeAt)),
        seq: view.getUint32(2),
        code: known,
      };
    }
    case KINDS.frame_trace: {
      if (bytes.length !== 40) return refuse('frame_trace bytes');
      const at = (i: number): number => view.getUint32(4 + i * 4);
      return {
        kind: 'frame_trace',
        monitor_id: view.getUint16(2),
        rtp_timestamp: at(0),
        last_input_seq: at(1),
        input_to_capture_us: at(2),
        wait_us: at(3),
        capture_us: at(4),
        convert_us: at(5),
        encode_us: at(6),
        send_us: at(7),
        bytes: at(8),
      };
    }
    case KINDS.clock: {
      if (bytes.length !== 18 + VIEWER_ID_BYTES) return refuse('clock bytes');
      const agent_time_us = Number(view.getBigUint64(6));
      if (!Number.isSafeInteger(agent_time_us)) return refuse('clock out of range');
      return {
        kind: 'clock',
        viewer_id: text(bytes.subarray(18)),
        seq: view.getUint32(2),
        agent_time_us,
        node_rtt_us: view.getUint32(14),
      };
    }
    default:
      return refuse(`kind ${view.getUint8(1)}`);
  }
}

function toUint32(value: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.round(value)));
}

function text(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return refuse('not UTF-8');
  }
}
