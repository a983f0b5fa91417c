// Who can reach the media port but has no part in a session: forged and malformed packets, handshakes
// out of turn, a certificate that is not the announced one. The real worker goes on.
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type ViewerId } from '@guruconnect/contract/ids';
import type { DtlsParameters, RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import { ASession } from './a-session.ts';
import type { ControlClient } from './control-client.ts';
import { eventually } from './eventually.ts';
import { RtcEndpoint, textOf, type PublishedMonitor } from './rtc-endpoint.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
let control: ControlClient;
let session: ASession;
let mediaPort: number;
let workerPid: number | undefined;
let stranger: Socket;
const endpoints: RtcEndpoint[] = [];

beforeEach(async () => {
  testNode = await startTestNode();
  control = await testNode.connect();
  workerPid = testNode.node.workerPids[0];
  session = new ASession(control);
  await session.ask('session.open', {});
  await session.ask('session.gate', { open: true });
  const { send_transport } = await session.ask('endpoint.open', {
    endpoint_id: newId('vwr'),
    may_send_input: false,
  });
  mediaPort = send_transport.iceCandidates[0]?.port ?? 0;
  stranger = createSocket('udp4');
});
afterEach(async () => {
  stranger.close();
  for (const endpoint of endpoints.splice(0)) endpoint.close();
  expect(testNode.node.workerPids).toEqual([workerPid]);
  await testNode.close();
});

const send = (datagram: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    stranger.send(datagram, mediaPort, '127.0.0.1', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });

const open = async (id: 'agent' | ViewerId, of = session): Promise<RtcEndpoint> => {
  const endpoint = await RtcEndpoint.open(of, id);
  endpoints.push(endpoint);
  return endpoint;
};

/** An agent's monitor and what a viewer gets of it. */
async function running() {
  const viewerId = newId('vwr');
  const [agent, viewer] = [await open('agent'), await open(viewerId)];
  const monitor = await agent.publish(1);
  const consumer = await session.ask('video.consume', {
    endpoint_id: viewerId,
    monitor_id: 1,
    rtp_capabilities: viewer.rtpCapabilities as RtpCapabilities,
  });
  const packets = await viewer.receive(consumer);
  const { consumer_id } = consumer;
  await session.ask('video.set_paused', { endpoint_id: viewerId, consumer_id, paused: false });
  return { monitor, packets };
}

type Running = Awaited<ReturnType<typeof running>>;

const seen = ({ monitor, packets }: Running, text: string): Promise<unknown> =>
  eventually(`a frame "${text}" arrived`, () => {
    monitor.sendFrame(monitor.keyframesAsked > 0 ? 'key' : 'delta', text);
    return packets.some((packet) => textOf(packet) === text);
  });

/** RTP with the SSRC and payload type of the agent's own stream, without its keys. */
function forged({ producer }: PublishedMonitor, sequence: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(producer.rtpParameters.codecs[0]?.payloadType ?? 96, 1);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(producer.rtpParameters.encodings?.[0]?.ssrc ?? 1, 8);
  return Buffer.concat([header, Buffer.from([0x67]), Buffer.from('forged')]);
}

const CLIENT_HELLO = Buffer.from(
  `16feff000000000000000000360100002a000000000000002afefd${'00'.repeat(32)}0000000200350100`,
  'hex',
);

describe('packets of a stranger', () => {
  it('in the name of an agent never reach a viewer, and its picture goes on', async () => {
    const session = await running();
    await seen(session, 'before');
    for (let i = 0; i < 2000; i += 1) await send(forged(session.monitor, i));
    await seen(session, 'after');
    expect(session.packets.map(textOf)).not.toContain('forged');
  });

  it('that are malformed, in a flood, leave the picture running', async () => {
    const session = await running();
    await seen(session, 'before');
    const starts = [0x00, 0x16, 0x80, 0x90, 0xff];
    for (let i = 0; i < 5000; i += 1)
      await send(Buffer.alloc(1 + ((i * 37) % 1200), starts[i % starts.length]));
    await seen(session, 'after');
  });

  it('that begin a DTLS handshake before the agent does, do not keep it out', async () => {
    for (let i = 0; i < 200; i += 1) await send(CLIENT_HELLO);
    const starting = running();
    for (let i = 0; i < 200; i += 1) await send(CLIENT_HELLO);
    await seen(await starting, 'in');
  });
});

describe('an endpoint', () => {
  it('whose certificate is not the announced one is not connected, and sends nothing', async () => {
    const liar: Pick<ASession, 'describe' | 'ask'> = {
      describe: () => session.describe(),
      ask: ((name: string, request: Record<string, unknown>) => {
        const told = request['dtls_parameters'] as DtlsParameters | undefined;
        if (name !== 'transport.connect' || !told)
          return session.ask(name as never, request as never);
        const fingerprints = told.fingerprints.map(({ algorithm, value }) => ({
          algorithm,
          value: value.replaceAll(/[0-9A-Fa-f]{2}/g, 'AB'),
        }));
        const dtls_parameters = { ...told, fingerprints };
        return session.ask('transport.connect', { ...request, dtls_parameters } as never);
      }) as ASession['ask'],
    };
    const agent = await open('agent', liar as ASession);
    const published = agent.publish(1);
    const { state } = await control.notice(
      'endpoint.connection',
      (fact) => fact.endpoint_id === 'agent',
    );
    expect(state).toBe('failed');
    const monitor = await published;
    monitor.sendFrame('key', 'x');
    const { endpoints: described } = await session.describe();
    const found = described.find(({ endpoint_id }) => endpoint_id === 'agent');
    expect(found?.transports.some(({ connected }) => connected)).toBe(false);
  });
});

it('a worker has a certificate of its own, made at its start', async () => {
  const fingerprintsOf = async (of: TestNode): Promise<string[]> => {
    const asked = new ASession(await of.connect());
    await asked.ask('session.open', {});
    const { send_transport } = await asked.ask('endpoint.open', {
      endpoint_id: 'agent',
      may_send_input: false,
    });
    return send_transport.dtlsParameters.fingerprints.map(({ value }) => value);
  };
  const other = await startTestNode();
  try {
    const [ours, theirs] = [await fingerprintsOf(testNode), await fingerprintsOf(other)];
    expect(ours.length).toBeGreaterThan(0);
    for (const fingerprint of ours) expect(theirs).not.toContain(fingerprint);
  } finally {
    await other.close();
  }
});
