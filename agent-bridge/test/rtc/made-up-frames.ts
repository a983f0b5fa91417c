// Access units that look like an encoder's to everyone who does not decode them.
import type { OutboundFrame } from '../../src/rtc/outbound-video.ts';

const START_CODE = Buffer.of(0, 0, 0, 1);
const SPS = Buffer.from('674d0032ab4028', 'hex');
const PPS = Buffer.from('68ee3c80', 'hex');

export interface MadeUpFrame extends OutboundFrame {
  readonly number: number;
}

/** `bytes` of slice; no two frames have the same content. */
export function madeUpFrame(number: number, keyframe: boolean, bytes = 200): MadeUpFrame {
  const slice = Buffer.alloc(bytes, 1 + (number % 250));
  slice[0] = keyframe ? 0x65 : 0x41;
  slice.writeUInt32BE(0x01010101 + number, 1);
  const units = keyframe ? [SPS, PPS, slice] : [slice];
  const data = new Uint8Array(Buffer.concat(units.flatMap((unit) => [START_CODE, unit])));
  return { number, keyframe, data, timestamp90kHz: number * 3000 };
}
