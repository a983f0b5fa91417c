// A bad network between us and a UDP server, without the kernel's help: clients send to the shaper's
// address, it sends on to the server from a socket of its own for each of them, and back. A media
// node announces the shaper's address instead of its own (GC_RTC_ANNOUNCED_ADDRESS), same port.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { flowOwner, type FlowOwner } from './flow-owner.ts';
import { Link, type LinkSettings } from './link.ts';
import { Pump, type Delivery } from './pump.ts';
import { seededRandom } from './seeded-random.ts';

type Endpoint = { readonly address: string; readonly port: number };

export interface UdpShaperOptions<LinkName extends string> {
  readonly listen: Endpoint;
  readonly target: Endpoint;
  /** A link is one party's access to the network; its flows share it. */
  readonly links: Readonly<Record<LinkName, LinkSettings>>;
  /** Asked once for each new flow. */
  readonly linkOf: (owner: FlowOwner) => LinkName;
  readonly seed?: number;
}

/** A burst of a whole key frame must not be lost where nobody meant to lose it. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

type Flow = { readonly upstream: Socket; readonly link: Link<Delivery> };

export class UdpShaper<LinkName extends string> implements AsyncDisposable {
  readonly links: Readonly<Record<LinkName, Link<Delivery>>>;
  readonly #options: UdpShaperOptions<LinkName>;
  readonly #server: Socket;
  readonly #flows = new Map<string, Flow>();
  readonly #pump: Pump;
  #closed = false;

  private constructor(options: UdpShaperOptions<LinkName>) {
    this.#options = options;
    const random = seededRandom(options.seed ?? 1);
    const entries = Object.entries<LinkSettings>(options.links);
    this.links = Object.fromEntries(
      entries.map(([name, settings]) => [name, new Link<Delivery>(settings, random)]),
    ) as Record<LinkName, Link<Delivery>>;
    this.#pump = new Pump(Object.values<Link<Delivery>>(this.links));
    this.#server = newSocket(options.listen.address);
    this.#server.on('message', (packet, from) => this.#fromClient(packet, from));
  }

  /** @throws when the address cannot be listened on. */
  static async open<LinkName extends string>(
    options: UdpShaperOptions<LinkName>,
  ): Promise<UdpShaper<LinkName>> {
    const shaper = new UdpShaper(options);
    shaper.#server.bind({ ...options.listen, exclusive: true });
    await once(shaper.#server, 'listening');
    return shaper;
  }

  get address(): Endpoint {
    return this.#server.address();
  }

  change(link: LinkName, settings: LinkSettings): void {
    this.links[link].change(performance.now(), settings);
    this.#pump.arm();
  }

  /** Idempotent. What is under way is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#pump.close();
    const sockets = [this.#server, ...[...this.#flows.values()].map(({ upstream }) => upstream)];
    this.#flows.clear();
    await Promise.all(
      sockets.map(async (socket) => {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fromClient(packet: Buffer, from: RemoteInfo): void {
    const key = `${from.address}|${from.port}`;
    const flow = this.#flows.get(key) ?? this.#newFlow(key, packet, from);
    if (!flow) return;
    flow.link.up.push(performance.now(), packet.length, () => {
      if (!this.#closed) send(flow.upstream, packet, this.#options.target);
    });
    this.#pump.arm();
  }

  /** @returns undefined until it is known whose it is. */
  #newFlow(key: string, packet: Buffer, client: RemoteInfo): Flow | undefined {
    const owner = flowOwner(packet);
    if (!owner) return undefined;
    const upstream = newSocket(this.#options.target.address);
    const flow: Flow = { upstream, link: this.links[this.#options.linkOf(owner)] };
    upstream.on('message', (answer) => {
      flow.link.down.push(performance.now(), answer.length, () => {
        if (!this.#closed) send(this.#server, answer, client);
      });
      this.#pump.arm();
    });
    this.#flows.set(key, flow);
    return flow;
  }
}

function newSocket(address: string): Socket {
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
  });
  return socket;
}

/** Nobody there any more: a network does not say so either. */
const send = (socket: Socket, packet: Buffer, to: Endpoint): void => {
  socket.send(packet, to.port, to.address, () => undefined);
};
