// How a session's media is doing, as a real worker counts it while real media flows.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId, type ViewerId } from '@guruconnect/contract/ids';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import { ASession } from './a-session.ts';
import { eventually } from './eventually.ts';
import { RtcEndpoint } from './rtc-endpoint.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
let session: ASession;
let agent: RtcEndpoint;
let viewer: RtcEndpoint;
let viewerId: ViewerId;

beforeEach(async () => {
  testNode = await startTestNode();
  session = new ASession(await testNode.connect());
  viewerId = newId('vwr');
  await session.ask('session.open', {});
  agent = await RtcEndpoint.open(session, 'agent');
  viewer = await RtcEndpoint.open(session, viewerId);
  await session.ask('session.gate', { open: true });
});
afterEach(async () => {
  agent.close();
  viewer.close();
  await testNode.close();
});

const stats = () => session.ask('session.stats', {});
const of = async (endpointId: string) =>
  (await stats()).endpoints.find(({ endpoint_id }) => endpoint_id === endpointId);

it('tells of each endpoint that it is not connected, then what flows through it', async () => {
  expect(await of('agent')).toEqual({
    endpoint_id: 'agent',
    connected: false,
    bitrate_bps: expect.any(Number) as number,
  });
  const monitor = await agent.publish(1);
  const consumer = await session.ask('video.consume', {
    endpoint_id: viewerId,
    monitor_id: 1,
    rtp_capabilities: viewer.rtpCapabilities as RtpCapabilities,
  });
  await viewer.receive(consumer);
  await session.ask('video.set_paused', {
    endpoint_id: viewerId,
    consumer_id: consumer.consumer_id,
    paused: false,
  });
  await eventually('both ways are seen to carry the picture', async () => {
    for (let i = 0; i < 10; i += 1) monitor.sendFrame('key', 'a picture');
    const { endpoints } = await stats();
    return endpoints.every(({ connected, bitrate_bps }) => connected && bitrate_bps > 10_000);
  });
  expect((await of(viewerId))?.loss_ratio ?? 0).toBeLessThan(0.5);
});

it('is read once a second at most, however often it is asked', async () => {
  const readings = await Promise.all(Array.from({ length: 20 }, stats));
  expect(new Set(readings.map(({ at_ms }) => at_ms)).size).toBe(1);
  await eventually('a new reading', async () => (await stats()).at_ms > (readings[0]?.at_ms ?? 0));
  expect((await stats()).at_ms - (readings[0]?.at_ms ?? 0)).toBeGreaterThanOrEqual(990);
});
