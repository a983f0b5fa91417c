// Opens the first encoder of the policy that works on this machine. A graphics card's encoder is used
// only after it gave a picture at once: drivers are missing, sessions run out, and some hold frames
// back. What failed is not tried again by this thread.
import { AV_LOG_ERROR, AV_LOG_QUIET } from 'node-av/constants';
import { Log, type Frame } from 'node-av/lib';
import { encoderOrder, type EncoderName, type HardwareEncoderName } from './encoder-choice.ts';
import { H264Encoder, type H264EncoderOptions } from './encoder.h264.ts';
import { HardwareEncoder } from './encoder.hardware.ts';
import type { VideoEncoder } from './encoder.ts';
import { RowBands } from './row-bands.ts';

export interface OpenedEncoder {
  readonly name: EncoderName;
  readonly encoder: VideoEncoder;
}

export class EncoderOpener {
  readonly #allowed: readonly EncoderName[];
  readonly #unavailable = new Set<EncoderName>();

  constructor(allowed: readonly EncoderName[]) {
    this.#allowed = allowed;
  }

  /** What could not be opened so far, or broke. */
  get unavailable(): ReadonlySet<EncoderName> {
    return this.#unavailable;
  }

  /** @param sample the converter's planes, for a first try; only read. @throws without libx264. */
  open(options: H264EncoderOptions, sample: Frame): OpenedEncoder {
    for (const name of encoderOrder(this.#allowed, options.chroma, this.#unavailable)) {
      if (name === 'x264') break;
      const encoder = this.#tryHardware(name, options, sample);
      if (encoder) return { name, encoder };
    }
    return { name: 'x264', encoder: new H264Encoder(options) };
  }

  /** It failed at work: the next `open` gives another one. */
  giveUp(name: EncoderName): void {
    this.#unavailable.add(name);
  }

  #tryHardware(
    name: HardwareEncoderName,
    options: H264EncoderOptions,
    sample: Frame,
  ): VideoEncoder | undefined {
    let encoder: VideoEncoder | undefined;
    Log.setLevel(AV_LOG_QUIET); // a missing driver is no error here
    try {
      encoder = new HardwareEncoder(name, options);
      const { maxBytes, codedHeightPx } = options;
      const changed = new RowBands(codedHeightPx);
      encoder.encode(sample, { keyframe: true, quality: 'change', changed, maxBytes });
      return encoder;
    } catch {
      // whatever is wrong with it, there is another one
      encoder?.close();
      this.#unavailable.add(name);
      return undefined;
    } finally {
      Log.setLevel(AV_LOG_ERROR);
    }
  }
}
