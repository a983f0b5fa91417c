// The browser's way to a rival that speaks TCP, over a line of the shaper: rate and delay, no loss, and
// no slow start, as two kernels on one machine do not see the line. That is kind to the rivals: a real
// connection that was idle would need several round trips for what passes here in one.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Link, type LinkSettings } from '../../shaper/link.ts';
import type { Line } from '../../shaper/line.ts';
import { Pump, type Delivery } from '../../shaper/pump.ts';

const SEGMENT_BYTES = 1400;
/** More is not taken from a sender before some of it has left: its own buffers fill up, as they should. */
const HELD_BYTES = 64 * 1024;

/** One access link for all connections through it. */
export class ShapedTcp {
  readonly #link: Link<Delivery>;
  readonly #pump: Pump;
  readonly #closers: (() => void)[] = [];

  constructor(settings: LinkSettings) {
    const endless = { queueMs: 1e9 };
    this.#link = new Link<Delivery>(
      { up: { ...settings.up, ...endless }, down: { ...settings.down, ...endless } },
      Math.random,
    );
    this.#pump = new Pump([this.#link]);
  }

  /** @returns the port that leads to `port` over the line. */
  async reach(port: number): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (client) => {
      const target = connect({ port, host: '127.0.0.1', noDelay: true });
      for (const socket of [client, target]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => sockets.delete(socket));
      }
      this.#carry(client, target, this.#link.up);
      this.#carry(target, client, this.#link.down);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** Idempotent. */
  close(): void {
    this.#pump.close();
    for (const close of this.#closers.splice(0)) close();
  }

  #carry(from: Socket, to: Socket, line: Line<Delivery>): void {
    let heldBytes = 0;
    from.on('data', (data) => {
      for (let at = 0; at < data.length; at += SEGMENT_BYTES) {
        const segment = data.subarray(at, at + SEGMENT_BYTES);
        heldBytes += segment.length;
        line.push(performance.now(), segment.length, () => {
          heldBytes -= segment.length;
          if (heldBytes <= HELD_BYTES && from.isPaused()) from.resume();
          if (!to.destroyed) to.write(segment);
        });
      }
      if (heldBytes > HELD_BYTES) from.pause();
      this.#pump.arm();
    });
    // what is under way is written first
    from.on('close', () => {
      line.push(performance.now(), 1, () => to.end());
      this.#pump.arm();
    });
  }
}
