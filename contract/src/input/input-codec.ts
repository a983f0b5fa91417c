// Bytes <-> InputEvent. One codec for both ends; golden bytes in contract/test/fixtures/input.
//
//  0      version (1)          all numbers big-endian
//  1      kind
//  2-3    monitor_id
//  4-7    topology_epoch
//  8-11   seq
//  12-    move   x u16, y u16
//         button x u16, y u16, button u8, down u8
//         wheel  x u16, y u16, dx i16, dy i16
//         key    usage u16, down u8
//         text   UTF-8, 1..1024 bytes
//         release_all, probe  nothing
//
// A message of another length, version or kind, or with a value out of range, is refused whole.
import { GcError } from '../errors.ts';
import { MAX_TEXT_BYTES, type InputEvent, type InputKind } from './input-event.ts';

export const INPUT_VERSION = 1;
export const INPUT_HEADER_BYTES = 12;
export const MAX_INPUT_BYTES = INPUT_HEADER_BYTES + MAX_TEXT_BYTES;

const KINDS = {
  move: 1,
  button: 2,
  wheel: 3,
  key: 4,
  text: 5,
  release_all: 6,
  probe: 7,
} as const satisfies Record<InputKind, number>;

/** Bytes after the header; text is the one that varies. */
const BODY_BYTES = { move: 4, button: 6, wheel: 8, key: 3, release_all: 0, probe: 0 } as const;

const KIND_OF = new Map<number, InputKind>(
  Object.entries(KINDS).map(([kind, code]) => [code, kind as InputKind]),
);

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

const refuse = (why: string): never => {
  throw new GcError('invalid_request', `input message refused: ${why}`);
};

/** @throws GcError `invalid_request` for text that is empty or longer than MAX_TEXT_BYTES. */
export function encodeInput(event: InputEvent): Uint8Array<ArrayBuffer> {
  const text = event.kind === 'text' ? utf8.encode(event.text) : undefined;
  if (text && (text.length === 0 || text.length > MAX_TEXT_BYTES))
    refuse(`text of ${text.length} bytes`);
  const body = event.kind === 'text' ? (text?.length ?? 0) : BODY_BYTES[event.kind];
  const bytes = new Uint8Array(INPUT_HEADER_BYTES + body);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, INPUT_VERSION);
  view.setUint8(1, KINDS[event.kind]);
  view.setUint16(2, event.monitor_id);
  view.setUint32(4, event.topology_epoch);
  view.setUint32(8, event.seq);
  if (event.kind === 'move' || event.kind === 'button' || event.kind === 'wheel') {
    view.setUint16(12, event.position.x);
    view.setUint16(14, event.position.y);
  }
  if (event.kind === 'button') {
    view.setUint8(16, event.button);
    view.setUint8(17, event.down ? 1 : 0);
  } else if (event.kind === 'wheel') {
    view.setInt16(16, event.dx);
    view.setInt16(18, event.dy);
  } else if (event.kind === 'key') {
    view.setUint16(12, event.usage);
    view.setUint8(14, event.down ? 1 : 0);
  } else if (text) {
    bytes.set(text, INPUT_HEADER_BYTES);
  }
  return bytes;
}

/** @throws GcError `invalid_request`, never anything else, whatever the bytes are. */
export function decodeInput(bytes: Uint8Array): InputEvent {
  if (bytes.length < INPUT_HEADER_BYTES || bytes.length > MAX_INPUT_BYTES)
    return refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== INPUT_VERSION) return refuse(`version ${view.getUint8(0)}`);
  const kind = KIND_OF.get(view.getUint8(1));
  if (!kind) return refuse(`kind ${view.getUint8(1)}`);
  const body = bytes.length - INPUT_HEADER_BYTES;
  if (kind === 'text' ? body < 1 : body !== BODY_BYTES[kind])
    return refuse(`${kind} with ${body} bytes`);
  const stamp = {
    monitor_id: view.getUint16(2),
    topology_epoch: view.getUint32(4),
    seq: view.getUint32(8),
  };
  if (stamp.monitor_id === 0) return refuse('monitor 0');

  if (kind === 'release_all' || kind === 'probe') return { ...stamp, kind };
  if (kind === 'text')
    return { ...stamp, kind, text: decodeText(bytes.subarray(INPUT_HEADER_BYTES)) };
  if (kind === 'key')
    return { ...stamp, kind, usage: view.getUint16(12), down: flag(view.getUint8(14)) };

  const position = { x: view.getUint16(12), y: view.getUint16(14) };
  if (kind === 'move') return { ...stamp, kind, position };
  if (kind === 'wheel')
    return { ...stamp, kind, position, dx: view.getInt16(16), dy: view.getInt16(18) };
  const button = view.getUint8(16);
  if (button > 4) return refuse(`button ${button}`);
  return { ...stamp, kind, position, button, down: flag(view.getUint8(17)) };
}

function flag(value: number): boolean {
  return value <= 1 ? value === 1 : refuse(`flag ${value}`);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return refuse('text is not UTF-8');
  }
}
