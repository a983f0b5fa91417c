// A monitor's video without a monitor: flat colours and a few rectangles, encoded by x264, cut into
// RTP packets with the playout-delay extension. Stands for the agent in the viewer's own tests.
import {
  AV_CODEC_ID_H264,
  AV_LOG_QUIET,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Frame, Log, Packet, Rational } from 'node-av/lib';

export type Colour = readonly [y: number, u: number, v: number];

export const PAYLOAD_TYPE = 102;
export const PLAYOUT_DELAY_ID = 5;
const MAX_PAYLOAD_BYTES = 1100;

/** x264, one frame in, one frame out. */
export class TestEncoder {
  readonly width: number;
  readonly height: number;
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  #count = 0n;

  /** Odd sizes are padded to even ones, as the agent does. */
  constructor(monitor: { readonly width: number; readonly height: number }) {
    this.width = monitor.width + (monitor.width % 2);
    this.height = monitor.height + (monitor.height % 2);
    Log.setLevel(AV_LOG_QUIET);
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw new Error('this build of FFmpeg has no libx264');
    const context = this.#context;
    context.allocContext3(codec);
    context.codecId = AV_CODEC_ID_H264;
    context.width = this.width;
    context.height = this.height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(1, 30);
    context.maxBFrames = 0;
    for (const [name, value] of [
      ['preset', 'ultrafast'],
      ['tune', 'zerolatency'],
      ['forced-idr', '1'],
      ['crf', '20'],
      ['x264-params', 'keyint=infinite:repeat-headers=1:annexb=1'],
    ] as const)
      FFmpegError.throwIfError(context.setOption(name, value), name);
    FFmpegError.throwIfError(context.open2Sync(codec, null), 'open libx264');
    this.#packet.alloc();
    this.#frame.alloc();
    this.#frame.format = AV_PIX_FMT_YUV420P;
    this.#frame.width = this.width;
    this.#frame.height = this.height;
    FFmpegError.throwIfError(this.#frame.getBuffer(), 'frame buffer');
  }

  fill(colour: Colour): void {
    this.rect(colour, { x: 0, y: 0, width: this.width, height: this.height });
  }

  rect([y, u, v]: Colour, area: { x: number; y: number; width: number; height: number }): void {
    const planes = this.#frame.data ?? [];
    [y, u, v].forEach((value, plane) => {
      const data = planes[plane];
      const stride = this.#frame.linesize[plane] ?? 0;
      const step = plane === 0 ? 1 : 2;
      for (let row = area.y / step; row < (area.y + area.height) / step; row += 1) {
        const at = Math.floor(row) * stride + Math.floor(area.x / step);
        data?.fill(value, at, at + Math.floor(area.width / step));
      }
    });
  }

  encode(keyframe: boolean): Uint8Array {
    this.#frame.pts = this.#count++;
    this.#frame.pictType = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    FFmpegError.throwIfError(this.#context.sendFrameSync(this.#frame), 'encode');
    FFmpegError.throwIfError(this.#context.receivePacketSync(this.#packet), 'encode');
    const data = new Uint8Array(this.#packet.data ?? []);
    this.#packet.unref();
    return data;
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#frame.free();
  }
}

/** RFC 6184, packetization mode 1: single NAL units and FU-A. */
export class TestPacketizer {
  readonly ssrc: number;
  #sequence = Math.floor(Math.random() * 1000);

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  packets(annexB: Uint8Array, rtpTimestamp: number): Buffer[] {
    const payloads = nalUnits(annexB).flatMap((nal) => fragments(nal));
    return payloads.map((payload, i) => {
      const header = Buffer.alloc(20);
      header[0] = 0x90; // version 2, with a header extension
      header[1] = PAYLOAD_TYPE | (i === payloads.length - 1 ? 0x80 : 0);
      header.writeUInt16BE(this.#sequence, 2);
      header.writeUInt32BE(rtpTimestamp >>> 0, 4);
      header.writeUInt32BE(this.ssrc, 8);
      header.writeUInt16BE(0xbede, 12); // one-byte header extensions (RFC 8285)
      header.writeUInt16BE(1, 14);
      header[16] = (PLAYOUT_DELAY_ID << 4) | 2; // three bytes of zeros: show it at once
      this.#sequence = (this.#sequence + 1) & 0xffff;
      return Buffer.concat([header, payload]);
    });
  }
}

function nalUnits(annexB: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let i = 0; i + 2 < annexB.length; i += 1)
    if (annexB[i] === 0 && annexB[i + 1] === 0 && annexB[i + 2] === 1) starts.push(i + 3);
  return starts.map((start, n) => {
    let end = (starts[n + 1] ?? annexB.length + 3) - 3;
    while (end > start && annexB[end - 1] === 0) end -= 1;
    return annexB.subarray(start, end);
  });
}

function fragments(nal: Uint8Array): Uint8Array[] {
  if (nal.length <= MAX_PAYLOAD_BYTES) return [nal];
  const type = (nal[0] ?? 0) & 0x1f;
  const indicator = ((nal[0] ?? 0) & 0xe0) | 28;
  const parts: Uint8Array[] = [];
  for (let at = 1; at < nal.length; at += MAX_PAYLOAD_BYTES) {
    const last = at + MAX_PAYLOAD_BYTES >= nal.length;
    const flags = (at === 1 ? 0x80 : 0) | (last ? 0x40 : 0);
    parts.push(
      Buffer.concat([
        Buffer.from([indicator, flags | type]),
        nal.subarray(at, at + MAX_PAYLOAD_BYTES),
      ]),
    );
  }
  return parts;
}
