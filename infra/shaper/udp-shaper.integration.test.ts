// The shaper measured against itself, over real sockets: it may not add what it was not asked for.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../stack/until.ts';
import { bothWays, type LinkSettings } from './link.ts';
import { UdpShaper } from './udp-shaper.ts';

const HOST = '127.0.0.1';
/** An ICE connectivity check, as a flow has to begin with. */
const CHECK = Buffer.from('000100002112a442000000000000000000000000', 'hex');
const PACKET_BYTES = 1200;

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function socket(): Promise<Socket> {
  const made = createSocket('udp4');
  made.bind(0, HOST);
  await once(made, 'listening');
  open.push(async () => {
    made.close();
    await once(made, 'close');
  });
  return made;
}

/** A client, the shaper, a server that answers each packet, and when each packet came where. */
async function path(settings: LinkSettings) {
  const server = await socket();
  const shaper = await UdpShaper.open({
    listen: { address: HOST, port: 0 },
    target: { address: HOST, port: server.address().port },
    links: { agent: settings },
    linkOf: () => 'agent',
  });
  open.push(() => shaper.close());
  const client = await socket();
  const there = new Map<number, number>();
  const back = new Map<number, number>();
  server.on('message', (packet, from) => {
    if (packet.length === CHECK.length) return;
    there.set(packet.readUInt32BE(0), performance.now());
    server.send(packet, from.port, from.address);
  });
  client.on('message', (packet) => back.set(packet.readUInt32BE(0), performance.now()));
  const { port } = shaper.address;
  client.send(CHECK, port, HOST);
  const sent: number[] = [];
  const send = (): void => {
    const packet = Buffer.alloc(PACKET_BYTES);
    packet.writeUInt32BE(sent.push(performance.now()) - 1);
    client.send(packet, port, HOST);
  };
  return { shaper, send, sent, there, back };
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function every(ms: number, count: number, act: () => void): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    act();
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

describe('the UDP shaper', () => {
  it('delays by what it was told, within two milliseconds at the median', async () => {
    const { send, sent, there, back } = await path(bothWays({ delayMs: 50 }));
    await every(5, 100, send);
    await until('all answers', () => back.size === 100);
    const oneWay = [...there].map(([n, atMs]) => atMs - (sent[n] ?? NaN));
    const roundTrip = [...back].map(([n, atMs]) => atMs - (sent[n] ?? NaN));
    expect(Math.min(...oneWay)).toBeGreaterThan(49);
    expect(median(oneWay)).toBeLessThan(52);
    expect(median(roundTrip)).toBeGreaterThan(99);
    expect(median(roundTrip)).toBeLessThan(104);
  });

  it.each([1e6, 20e6])('carries %d bit/s, within 3 percent', async (bps) => {
    const { send, there } = await path({ up: { bps, queueMs: 5000 } });
    const count = Math.round(bps / 8 / PACKET_BYTES); // a second's worth, brought in half of one
    for (let n = 0; n < count; n += 1) {
      send();
      if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until('all packets', () => there.size === count);
    const times = [...there.values()];
    const spanMs = Math.max(...times) - Math.min(...times);
    const measured = ((count - 1) * PACKET_BYTES * 8000) / spanMs;
    expect(measured / bps).toBeGreaterThan(0.97);
    expect(measured / bps).toBeLessThan(1.03);
  });

  it('keeps order, loses nothing, and takes orders while packets flow', async () => {
    const { shaper, send, there } = await path({ up: { delayMs: 10, jitterMs: 8 } });
    await every(1, 200, send);
    await until('all packets', () => there.size === 200);
    expect([...there.keys()]).toEqual([...there.keys()].sort((a, b) => a - b));
    shaper.change('agent', { up: { outage: true } });
    await every(1, 20, send);
    shaper.change('agent', { up: { outage: false } });
    send();
    await until('the network to be back', () => there.has(220));
    expect(there.size).toBe(201);
    expect(shaper.links.agent.up.counters.lost).toBe(20);
  });
});
