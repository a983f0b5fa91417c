// The last step before the socket: werift's DTLS transport, which encrypts and sends. Everything we
// know of werift's inside about sending is on this page.
import { RtcpSrPacket, RtcpSenderInfo, type RTCDtlsTransport, type RtpHeader } from 'werift';

export interface SenderReport {
  readonly ssrc: number;
  readonly ntpTimestamp: bigint;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
}

export interface RtpWire {
  readonly connected: boolean;
  sendRtp(header: Buffer, payload: Buffer): void;
  sendReport(report: SenderReport): void;
}

const SEQUENCE_AT = 2;
const SSRC_AT = 8;

export class WeriftWire implements RtpWire {
  readonly #transport: RTCDtlsTransport;

  constructor(transport: RTCDtlsTransport) {
    this.#transport = transport;
  }

  get connected(): boolean {
    return this.#transport.state === 'connected';
  }

  /** Encrypted and given to the socket before this returns; a full socket buffer drops, as UDP may. */
  sendRtp(header: Buffer, payload: Buffer): void {
    // All that werift's SRTP reads of its header class (srtp/cipher): our bytes are ready already.
    const prepared: Pick<RtpHeader, 'ssrc' | 'sequenceNumber' | 'serializeSize' | 'serialize'> = {
      ssrc: header.readUInt32BE(SSRC_AT),
      sequenceNumber: header.readUInt16BE(SEQUENCE_AT),
      serializeSize: header.length,
      serialize: () => header as Buffer<ArrayBuffer>,
    };
    // It never rejects: a failed send is logged and counted as lost.
    void this.#transport.sendRtp(payload, prepared as RtpHeader);
  }

  sendReport(report: SenderReport): void {
    const { ssrc, ...info } = report;
    const packet = new RtcpSrPacket({ ssrc, senderInfo: new RtcpSenderInfo(info) });
    // It rejects when the session has no keys any more: then there is nobody to report to.
    this.#transport.sendRtcp([packet]).catch(() => undefined);
  }
}
