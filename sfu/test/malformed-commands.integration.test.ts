// Nothing that arrives on the control socket crashes the node or its worker: every command, spoiled
// in every place, is answered; what is refused carries a code. Real worker.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ErrorCode } from '@guruconnect/contract/errors';
import { newId } from '@guruconnect/contract/ids';
import { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import { ASession } from './a-session.ts';
import type { CommandName, ControlClient } from './control-client.ts';
import { NO_MESSAGES, spoiled } from './malformed.ts';
import { browserCapabilities, dtlsParameters, videoParameters } from './rtc-parameters.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
let control: ControlClient;
let workerPid: number | undefined;

beforeAll(async () => {
  testNode = await startTestNode();
  control = await testNode.connect();
  workerPid = testNode.node.workerPids[0];
});
afterAll(() => testNode.close());

const Ack = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: z.object({ code: ErrorCode, detail: z.string() }) }),
]);
type Ack = z.output<typeof Ack>;

/** Sends it as it is and checks that the answer is one of the two kinds there are. */
async function answerTo(name: string, ...args: unknown[]): Promise<Ack> {
  return Ack.parse(await control.askRaw(name, ...args));
}

const codeOf = (ack: Ack): string => (ack.ok ? 'ok' : ack.error.code);

/** The node still does its work, with the very worker it had. */
async function expectUnharmed(): Promise<void> {
  expect(testNode.node.workerPids).toEqual([workerPid]);
  const session = await new ASession(control).openWithAgent();
  const viewer = await session.openViewer();
  await session.publish(1);
  await session.watch(viewer, 1);
  await session.ask('session.close', { reason: 'test' });
}

describe('every command, spoiled in every place', () => {
  let session: ASession;
  let commands: Record<CommandName, object>;

  beforeEach(async () => {
    session = await new ASession(control).openWithAgent();
    const { fence } = session;
    const viewer = await session.openViewer();
    await session.publish(1);
    const { consumer_id } = await session.watch(viewer, 1);
    const facts = await session.openFacts();
    const transport_id = (await session.describe()).endpoints[0]?.transports[0]?.transport_id;
    const of = (endpoint_id: string): object => ({ ...fence, endpoint_id });
    commands = {
      'node.hello': { wire_version: 1 },
      'session.open': fence,
      'session.close': { ...fence, reason: 'x' },
      'session.gate': { ...fence, open: true },
      'session.describe': { session_id: session.sessionId },
      'session.stats': fence,
      'endpoint.open': { ...of(newId('vwr')), may_send_input: true },
      'endpoint.close': { ...of(newId('vwr')), reason: 'x' },
      'endpoint.allow_input': { ...of(viewer), allowed: true },
      'transport.connect': { ...of('agent'), transport_id, dtls_parameters: dtlsParameters() },
      'transport.restart_ice': { ...of('agent'), transport_id },
      'video.produce': { ...fence, monitor_id: 2, rtp_parameters: videoParameters(2) },
      'video.withdraw': { ...fence, monitor_id: 2 },
      'video.consume': {
        ...of(viewer),
        monitor_id: 1,
        rtp_capabilities: browserCapabilities(),
      },
      'video.set_paused': { ...of(viewer), consumer_id, paused: false },
      'video.restart': { ...of(viewer), consumer_id },
      'video.keyframe': { ...of(viewer), consumer_id },
      'data.produce': {
        ...of(viewer),
        label: 'input.moves',
        sctp_stream_parameters: { streamId: 2, ordered: false, maxRetransmits: 0 },
      },
      'data.consume': { ...of(viewer), data_producer_id: facts },
    };
  });

  it.each(Object.keys(SIGNALING_TO_NODE) as CommandName[])('%s', async (name) => {
    const good = commands[name];
    expect(codeOf(await answerTo(name, good))).toBe('ok');
    for (const nothing of NO_MESSAGES)
      expect(codeOf(await answerTo(name, nothing)), `instead of a message`).toBe('invalid_request');
    expect(codeOf(await answerTo(name))).toBe('invalid_request');

    const codes = new Map<string, number>();
    for (const message of spoiled(good)) {
      const code = codeOf(await answerTo(name, message));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes.get('internal') ?? 0, 'a refusal that nobody thought of').toBe(0);
    expect(codes.get('invalid_request') ?? 0).toBeGreaterThan(0);
    await expectUnharmed();
  });

  it('unknown names are refused, also those every object has', async () => {
    for (const name of ['session.opem', 'constructor', '__proto__', 'toString', 'x'.repeat(2000)])
      expect(codeOf(await answerTo(name, {}))).toBe('unknown_message');
    control.tell('session.open'); // nobody asked for an answer: nothing may break on that
    control.tell('video.produce', { rtp_parameters: null });
    await expectUnharmed();
  });
});

/** Parameters that fit the schema and still mean nothing: what only the worker can judge. */
describe('parameters that fit the schema but not each other', () => {
  const runs = { numRuns: 150 };
  const payloadType = fc.constantFrom(96, 97, 100, 101, 127, 0);
  const ssrc = fc.constantFrom(1, 1001, 1002, 0xffffffff);
  const profile = fc.constantFrom('42e01f', '4d0032', 'f4001f', '640032', '', 'zzzzzz', '42e0');
  const codec = fc.record(
    {
      mimeType: fc.constantFrom('video/H264', 'video/rtx', 'video/VP8', 'audio/opus', 'video/h264'),
      payloadType,
      clockRate: fc.constantFrom(90_000, 48_000, 1),
      channels: fc.constantFrom(1, 2),
      parameters: fc.record(
        {
          'packetization-mode': fc.constantFrom(0, 1, '1', null),
          'profile-level-id': profile,
          apt: fc.oneof(payloadType, fc.constantFrom('96', null)),
        },
        { requiredKeys: [] },
      ),
      rtcpFeedback: fc.array(fc.record({ type: fc.constantFrom('nack', 'ccm', 'x') }), {
        maxLength: 3,
      }),
    },
    { requiredKeys: ['mimeType', 'payloadType', 'clockRate'] },
  );
  const uri = fc.constantFrom(
    'urn:ietf:params:rtp-hdrext:sdes:mid',
    'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
    'urn:mediasoup:params:rtp-hdrext:packet-id',
    'urn:nobody:knows',
  );
  const rtpParameters = fc.record(
    {
      mid: fc.constantFrom('', '0', 'x'.repeat(32)),
      codecs: fc.array(codec, { minLength: 1, maxLength: 4 }),
      headerExtensions: fc.array(fc.record({ uri, id: fc.integer({ min: 1, max: 14 }) }), {
        maxLength: 4,
      }),
      encodings: fc.array(
        fc.record(
          {
            ssrc,
            rid: fc.constantFrom('', 'r0'),
            codecPayloadType: payloadType,
            rtx: fc.record({ ssrc }),
            scalabilityMode: fc.constantFrom('L1T1', 'L3T3', 'S3T3_KEY'),
            maxBitrate: fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
          },
          { requiredKeys: [] },
        ),
        { minLength: 1, maxLength: 4 },
      ),
    },
    { requiredKeys: ['codecs'] },
  );

  it('video.produce', async () => {
    const session = await new ASession(control).openWithAgent();
    await fc.assert(
      fc.asyncProperty(rtpParameters, fc.integer({ min: 1, max: 3 }), async (rtp, monitor_id) => {
        const ack = await answerTo('video.produce', {
          ...session.fence,
          monitor_id,
          rtp_parameters: rtp,
        });
        expect(['ok', 'invalid_request', 'media_failed']).toContain(codeOf(ack));
      }),
      runs,
    );
    await expectUnharmed();
  });

  it('video.consume', async () => {
    const session = await new ASession(control).openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    const capabilities = fc.record(
      {
        codecs: fc.array(
          codec.map(({ payloadType: preferredPayloadType, ...rest }) => ({
            ...rest,
            preferredPayloadType,
            kind: rest.mimeType.startsWith('audio') ? 'audio' : 'video',
          })),
          { maxLength: 5 },
        ),
        headerExtensions: fc.array(
          fc.record({
            kind: fc.constantFrom('audio', 'video'),
            uri,
            preferredId: fc.integer({ min: 1, max: 255 }),
          }),
          { maxLength: 5 },
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(capabilities, async (rtp_capabilities) => {
        const ack = await answerTo('video.consume', {
          ...session.fence,
          endpoint_id: viewer,
          monitor_id: 1,
          rtp_capabilities,
        });
        expect(['ok', 'invalid_request']).toContain(codeOf(ack));
        // Consuming again would give the same one, whatever the capabilities.
        if (ack.ok) await session.publish(1);
      }),
      runs,
    );
    await expectUnharmed();
  });

  it('data.produce', async () => {
    const session = await new ASession(control).openWithAgent();
    const viewer = await session.openViewer();
    const stream = fc.record(
      {
        streamId: fc.constantFrom(0, 1, 65_534),
        ordered: fc.boolean(),
        maxRetransmits: fc.constantFrom(0, 1, 65_535),
        maxPacketLifeTime: fc.constantFrom(1, 65_535),
      },
      { requiredKeys: ['streamId'] },
    );
    await fc.assert(
      fc.asyncProperty(
        stream,
        fc.constantFrom('facts', 'input.actions', 'input.moves'),
        fc.constantFrom('agent', viewer),
        async (sctp_stream_parameters, label, endpoint_id) => {
          const ack = await answerTo('data.produce', {
            ...session.fence,
            endpoint_id,
            label,
            sctp_stream_parameters,
          });
          expect(['ok', 'invalid_request']).toContain(codeOf(ack));
        },
      ),
      runs,
    );
    await expectUnharmed();
  });

  it('transport.connect', async () => {
    const session = await new ASession(control).openWithAgent();
    const fingerprint = fc.constantFrom(
      ...([
        ['sha-1', 20],
        ['sha-256', 32],
        ['sha-512', 64],
      ] as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fingerprint, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('auto', 'client', 'server'),
        async (fingerprints, role) => {
          const { recv_transport } = await session.ask('endpoint.open', {
            endpoint_id: 'agent',
            may_send_input: false,
          });
          const ack = await answerTo('transport.connect', {
            ...session.fence,
            endpoint_id: 'agent',
            transport_id: recv_transport.id,
            dtls_parameters: {
              role,
              fingerprints: fingerprints.map(([algorithm, bytes]) => ({
                algorithm,
                value: Array<string>(bytes).fill('0f').join(':'),
              })),
            },
          });
          expect(['ok', 'invalid_request']).toContain(codeOf(ack));
        },
      ),
      { numRuns: 40 },
    );
    await expectUnharmed();
  });
});
