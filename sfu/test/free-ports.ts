// Ports for tests: free for UDP and TCP at the moment of asking, out of a range the caller owns.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

export type PortRange = { readonly from: number; readonly to: number };

/** `count` ports in a row. Starts somewhere in the range, so that two runs rarely meet. */
export async function freePorts(range: PortRange, count: number): Promise<number> {
  const places = range.to - range.from + 1 - count;
  const offset = Math.floor(Math.random() * places);
  for (let i = 0; i <= places; i += 1) {
    const first = range.from + ((offset + i) % (places + 1));
    const free = await Promise.all(Array.from({ length: count }, (_, n) => isFree(first + n)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row between ${range.from} and ${range.to}`);
}

async function isFree(port: number): Promise<boolean> {
  const udp = createSocket('udp4');
  const tcp = createServer();
  try {
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    tcp.listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    udp.close();
    tcp.close();
  }
}
