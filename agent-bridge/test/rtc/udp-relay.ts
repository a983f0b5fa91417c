// A path between the agent and the media node that a test can make lose packets: a UDP relay in
// front of the node's port. Userspace, so it works where the kernel cannot shape traffic.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TransportOptions } from '@guruconnect/contract/signal/rtc-parameters';

/** @returns true when the packet is lost. */
export type Loss = (packet: Buffer) => boolean;

export class UdpRelay {
  /** Both may be replaced at any time. */
  toNode: Loss = () => false;
  toAgent: Loss = () => false;
  #nodePort: number | undefined;
  readonly #front: Socket;
  /** One socket towards the node for each socket of the agent, as a NAT has. */
  readonly #backs = new Map<string, Socket>();

  private constructor(front: Socket) {
    this.#front = front;
    front.on('message', (packet, from) => this.#forward(packet, from));
  }

  static async open(): Promise<UdpRelay> {
    const front = createSocket('udp4');
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new UdpRelay(front);
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** The transport as it looks from behind the relay. */
  behind(transport: TransportOptions): TransportOptions {
    const [candidate] = transport.iceCandidates.filter(({ protocol }) => protocol === 'udp');
    if (!candidate) throw new Error('no UDP candidate');
    this.#nodePort = candidate.port;
    return { ...transport, iceCandidates: [{ ...candidate, port: this.port }] };
  }

  close(): void {
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
    this.#backs.clear();
  }

  #forward(packet: Buffer, from: RemoteInfo): void {
    if (this.#nodePort === undefined || this.toNode(packet)) return;
    this.#backOf(from).send(packet, this.#nodePort, '127.0.0.1');
  }

  #backOf(agent: RemoteInfo): Socket {
    const known = this.#backs.get(`${agent.address}:${agent.port}`);
    if (known) return known;
    const back = createSocket('udp4');
    back.bind(0, '127.0.0.1');
    back.on('message', (packet) => {
      if (!this.toAgent(packet)) this.#front.send(packet, agent.port, agent.address);
    });
    this.#backs.set(`${agent.address}:${agent.port}`, back);
    return back;
  }
}

/** RTP, by RFC 7983 and RFC 5761; undefined for everything else (RTCP, STUN, DTLS). */
export function rtpOf(packet: Buffer): { ssrc: number; sequenceNumber: number } | undefined {
  const first = packet[0] ?? 0;
  const type = packet[1] ?? 0;
  if (first < 128 || first > 191 || (type >= 192 && type <= 223)) return undefined;
  return { ssrc: packet.readUInt32BE(8), sequenceNumber: packet.readUInt16BE(2) };
}
