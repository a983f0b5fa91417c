// The header bytes of our RTP packets (RFC 3550 section 5.1, one-byte extensions of RFC 8285). Pure.
// A stream's packets differ in a few fields only, so they are copied from a template.

export const HEADER_EXTENSION_URIS = {
  /** Which m-line a packet belongs to (RFC 9143). */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** Numbers every packet of a transport; its feedback is what congestion control lives on. */
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** 0/0 on every packet: the receiver shows a frame when it is there, and never waits. */
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
} as const;
export type ExtensionName = keyof typeof HEADER_EXTENSION_URIS;

/** Ids as negotiated, 1 to 14; one that is absent was not, and is not sent. */
export type ExtensionIds = Partial<Record<ExtensionName, number>>;

export interface RtpStream {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly mid: string;
  readonly extensionIds: ExtensionIds;
}

const FIXED_BYTES = 12;
const EXTENSION_HEADER_BYTES = 4;
const ONE_BYTE_PROFILE = 0xbede;
const VERSION_2_WITH_EXTENSION = 0x90;
const MARKER = 0x80;
const PADDING = 0x20;
const PLAYOUT_DELAY_BYTES = 3; // 12 bits minimum, 12 bits maximum, 10 ms each
const TRANSPORT_SEQUENCE_BYTES = 2;
/** A one-byte header has four bits of length; longer ids of m-lines do not occur here. */
const MAX_MID_BYTES = 16;

export class RtpHeaderTemplate {
  readonly #template: Buffer;
  readonly #transportSequenceAt: number | undefined;

  constructor({ ssrc, payloadType, mid, extensionIds }: RtpStream) {
    const parts: Buffer[] = [];
    let at = FIXED_BYTES + EXTENSION_HEADER_BYTES;
    const add = (id: number | undefined, content: Buffer): number | undefined => {
      if (id === undefined || content.length === 0 || content.length > MAX_MID_BYTES)
        return undefined;
      parts.push(Buffer.of((id << 4) | (content.length - 1)), content);
      const contentAt = at + 1;
      at += 1 + content.length;
      return contentAt;
    };
    this.#transportSequenceAt = add(
      extensionIds.transportCc,
      Buffer.alloc(TRANSPORT_SEQUENCE_BYTES),
    );
    add(extensionIds.playoutDelay, Buffer.alloc(PLAYOUT_DELAY_BYTES));
    add(extensionIds.mid, Buffer.from(mid));

    const words = Math.ceil((at - FIXED_BYTES - EXTENSION_HEADER_BYTES) / 4);
    const template = Buffer.alloc(FIXED_BYTES + EXTENSION_HEADER_BYTES + words * 4);
    template[0] = VERSION_2_WITH_EXTENSION;
    template[1] = payloadType;
    template.writeUInt32BE(ssrc, 8);
    template.writeUInt16BE(ONE_BYTE_PROFILE, FIXED_BYTES);
    template.writeUInt16BE(words, FIXED_BYTES + 2);
    Buffer.concat(parts).copy(template, FIXED_BYTES + EXTENSION_HEADER_BYTES);
    this.#template = template;
  }

  get bytes(): number {
    return this.#template.length;
  }

  /** @param transportSequence of the whole transport, 16 bits. */
  write(
    sequenceNumber: number,
    timestamp90kHz: number,
    marker: boolean,
    transportSequence: number,
  ): Buffer {
    const header = Buffer.from(this.#template);
    if (marker) header[1] = (header[1] ?? 0) | MARKER;
    header.writeUInt16BE(sequenceNumber, 2);
    header.writeUInt32BE(timestamp90kHz, 4);
    if (this.#transportSequenceAt !== undefined)
      header.writeUInt16BE(transportSequence, this.#transportSequenceAt);
    return header;
  }
}

/** The payload ends with padding, its last byte says how much (RFC 3550, section 5.1). */
export function markPadded(header: Buffer): void {
  header[0] = (header[0] ?? 0) | PADDING;
}
