// The whole agent, without a screen: test patterns go in, and a real media node, a real receiver and
// a recording injector say what comes out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeInput } from '@guruconnect/contract/input/input-codec';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import { RENDITION_NAMES, VideoRef } from '@guruconnect/contract/rendition';
import { startTestNode, type TestNode } from '../../sfu/test/start-test-node.ts';
import type { ControlClient } from '../../sfu/test/control-client.ts';
import { Agent } from '../src/agent.ts';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import { HEADER_EXTENSION_URIS } from '../src/rtc/rtp-header.ts';
import { RecordingDesktop } from '../src/platform.ts';
import { until, watchFor } from './deadline.ts';
import { FakeSignaling } from './fake-signaling.ts';
import { H264Decoder, nalTypes } from './h264-decoder.ts';
import { TestViewer } from './rtc/test-viewer.ts';
import type { NodeSession } from './rtc/node-session.ts';

let node: TestNode;
let control: ControlClient;
let signaling: FakeSignaling;
let stateDir: string;
let desktop: RecordingDesktop;
let agent: Agent | undefined;
let opened: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  node = await startTestNode({ ports: { from: 16_850, to: 16_899 } });
  control = await node.connect();
});
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'gc-agent-'));
  signaling = await FakeSignaling.start(control);
});
afterEach(async () => {
  for (const close of opened.reverse()) await close();
  opened = [];
  await agent?.close('test_over');
  agent = undefined;
  await signaling.stop();
  rmSync(stateDir, { recursive: true, force: true });
});
afterAll(() => node?.close());

async function startAgent(env: Record<string, string> = {}): Promise<Agent> {
  desktop = new RecordingDesktop();
  const config = readConfig({
    GC_SIGNALING_URL: signaling.url,
    GC_DEVICE_ID: 'pc-1',
    GC_ENROLMENT_TOKEN: signaling.token,
    GC_STATE_DIR: stateDir,
    ...env,
  });
  agent = await Agent.start(config, {
    logger: createLogger(process.env['GC_LOG_LEVEL'] ?? 'silent'),
    openDesktop: () => desktop,
  });
  return agent;
}

/** Connected to signaling, nothing offered yet. */
async function readyAgent(env: Record<string, string> = {}): Promise<Agent> {
  const started = await startAgent(env);
  await until('the link', () => started.connected);
  return started;
}

async function joinViewer(session: NodeSession, grants = ['control', 'view'] as const) {
  const viewer = await TestViewer.join(session);
  opened.push(() => viewer.close());
  await signaling.order('viewer.joined', {
    session_id: session.sessionId,
    viewer: {
      viewer_id: viewer.viewerId,
      technician: { id: 'tech-1', name: 'Ada Example' },
      grants: [...grants],
    },
  });
  return viewer;
}

/** As a viewer that shows this monitor: consumed, resumed, and the agent told of it. */
async function watch(session: NodeSession, viewer: TestViewer, monitorId: number) {
  const video = await viewer.consumeVideo(monitorId);
  await video.resume();
  await signaling.order('video.watch', { ...session.fence, monitor_ids: [monitorId] });
  return video;
}

const topologyEpoch = (): number => desktop.displays.current().topology_epoch;

function input(event: object): Buffer {
  const stamp = { monitor_id: 1, topology_epoch: topologyEpoch(), seq: 1 };
  return Buffer.from(encodeInput({ ...stamp, ...event } as InputEvent));
}

async function openInput(
  session: NodeSession,
  viewer: TestViewer,
  channel: 'input.actions' | 'input.moves' = 'input.actions',
) {
  const { producer, agentConsumer } = await viewer.openInput(channel);
  await signaling.order('input.consume', {
    ...session.fence,
    viewer_id: viewer.viewerId,
    channel,
    data_consumer: agentConsumer,
  });
  return producer;
}

describe('identity', () => {
  it('is enrolled once, and the same after a restart without a token', async () => {
    await readyAgent();
    const key = signaling.publicKey;
    await agent?.close('restart');
    await readyAgent({ GC_ENROLMENT_TOKEN: '' });
    expect(signaling.publicKey).toEqual(key);
    const boots = signaling.heard.flatMap((word) =>
      word.name === 'agent.hello' ? [word.request.boot_id] : [],
    );
    expect(new Set(boots).size).toBe(2);
  });

  it('that cannot be had ends the agent with its own code', async () => {
    const started = await startAgent({ GC_ENROLMENT_TOKEN: 'not-the-right-token' });
    await expect(started.ended).resolves.toBe('enrolment_refused');
  });

  it.each([
    ['credential_revoked', 'revoked'],
    ['machine_quarantined', 'quarantined'],
  ] as const)('that is refused as %s ends it as %s', async (code, end) => {
    signaling.refusing = code;
    const started = await startAgent();
    await expect(started.ended).resolves.toBe(end);
  });

  it('that is refused for a reason that may pass is tried again', async () => {
    signaling.refusing = 'shutting_down';
    const started = await startAgent();
    await watchFor(300);
    signaling.refusing = undefined;
    await until('the link', () => started.connected);
  });
});

describe('a session', () => {
  it('shows what the monitor shows: decodable frames, to be shown without delay', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 1);
    await until('frames', () => video.frames.length >= 5);
    const decoder = new H264Decoder();
    opened.push(() => decoder.close());
    expect(nalTypes(video.frames[0]?.accessUnit ?? Buffer.of())).toEqual(
      expect.arrayContaining([7, 8, 5]),
    );
    for (const { accessUnit } of video.frames) {
      const picture = decoder.decode(accessUnit);
      expect([picture.widthPx, picture.heightPx]).toEqual([640, 360]);
    }
    const id = video.rtpParameters.headerExtensions?.find(
      ({ uri }) => uri === HEADER_EXTENSION_URIS.playoutDelay,
    )?.id;
    for (const { header } of video.packets)
      expect(header.extensions.find((one) => one.id === id)?.payload.toString('hex')).toBe(
        '000000',
      );
  });

  it('is published before it is called ready: facts, then every monitor to work with', async () => {
    await readyAgent();
    await signaling.liveSession();
    const produced = () => signaling.heard.filter(({ name }) => name === 'video.produce');
    await until('all renditions', () => produced().length === 8);
    const names = signaling.heard.map(({ name }) => name);
    const order = names.filter((name) =>
      ['consent.answer', 'data.produce', 'video.produce', 'media.ready'].includes(name),
    );
    expect(order).toEqual([
      'consent.answer',
      'data.produce',
      ...['video.produce', 'video.produce', 'video.produce', 'video.produce'],
      'media.ready',
      ...['video.produce', 'video.produce', 'video.produce', 'video.produce'],
    ]);
    expect(produced().map(({ request }) => VideoRef.parse(request))).toEqual(
      RENDITION_NAMES.flatMap((rendition) =>
        [1, 2].map((monitor_id) => ({ monitor_id, rendition })),
      ),
    );
  });

  it('answers a lost picture with a key frame', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 1);
    await until('delta frames', () => video.frames.length >= 4);
    const before = video.frames.length;
    await video.requestKeyframe();
    const isKey = ({ accessUnit }: { accessUnit: Buffer }): boolean =>
      nalTypes(accessUnit).includes(5);
    await until('the key frame', () => video.frames.slice(before).some(isKey));
    // at most what was already on its way, and the one that answers
    expect(video.frames.slice(before).findIndex(isKey)).toBeLessThanOrEqual(2);
  });

  it('tells where the time of frames goes', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    await viewer.consumeFacts();
    const video = await watch(session, viewer, 1);
    await until(
      'traces',
      () => viewer.facts.filter(({ kind }) => kind === 'frame_trace').length > 1,
    );
    const shown = new Set(video.frames.map(({ timestamp90kHz }) => timestamp90kHz));
    const traces = viewer.facts.flatMap((fact) => (fact.kind === 'frame_trace' ? [fact] : []));
    expect(traces.some(({ rtp_timestamp }) => shown.has(rtp_timestamp))).toBe(true);
    for (const trace of traces) {
      expect(trace.encode_us).toBeGreaterThan(0);
      expect(trace.send_us).toBeLessThan(1_000_000);
    }
  });

  it('sends nothing of a monitor that nobody watches', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const one = await watch(session, viewer, 1);
    const two = await viewer.consumeVideo(2);
    await two.resume();
    await until('frames of the first', () => one.frames.length >= 3);
    expect(two.packets).toEqual([]);
    await signaling.order('video.watch', { ...session.fence, monitor_ids: [2] });
    await until('frames of the second', () => two.frames.length >= 3);
    const seen = one.packets.length;
    await until('more frames of the second', () => two.frames.length >= 8);
    expect(one.packets.length - seen).toBeLessThanOrEqual(1);
  });

  it('shares one encoder with another session', async () => {
    await readyAgent();
    const first = await signaling.liveSession();
    const second = await signaling.liveSession();
    const [one, two] = [
      await watch(first, await joinViewer(first), 1),
      await watch(second, await joinViewer(second), 1),
    ];
    await until('frames in both', () => one.frames.length >= 5 && two.frames.length >= 5);
    const bytes = new Map(one.frames.map((frame) => [frame.timestamp90kHz, frame.accessUnit]));
    const common = two.frames.filter(({ timestamp90kHz }) => bytes.has(timestamp90kHz));
    expect(common.length).toBeGreaterThanOrEqual(3);
    for (const { timestamp90kHz, accessUnit } of common)
      expect(bytes.get(timestamp90kHz)?.equals(accessUnit)).toBe(true);
    // one of them ends: the other goes on
    await signaling.order('session.end', {
      session_id: first.sessionId,
      end_reason: 'technician_ended',
    });
    const seen = two.frames.length;
    await until('the other to go on', () => two.frames.length > seen + 3);
  });

  it('ends at once when the person at the screen says so, and signaling hears it', async () => {
    await readyAgent({ GC_INDICATOR: 'always' });
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 1);
    await until('frames', () => video.frames.length > 2);
    expect(desktop.indicator?.now).toEqual([{ name: 'Ada Example', activity: 'viewing' }]);
    desktop.indicator?.stop('hotkey');
    expect(agent?.sessions.size).toBe(0);
    expect(desktop.indicator?.now).toEqual([]);
    const { end_reason } = await signaling.said('session.end');
    expect(end_reason).toBe('end_user_ended');
  });
});

describe('consent', () => {
  const attended = async (timeoutS = 30) => {
    const session = await signaling.newSession();
    await signaling.offer(session, { mode: 'attended', timeoutS });
    return session;
  };

  it('is asked of the person at the screen, and their yes is signed', async () => {
    await readyAgent();
    const session = await attended();
    await until('the prompt', () => desktop.prompt.isShowing);
    expect(signaling.heard.some(({ name }) => name === 'consent.answer')).toBe(false);
    await expect(signaling.openMedia(session)).rejects.toMatchObject({ code: 'consent_required' });
    desktop.prompt.answer('granted');
    const { answer, proof } = await signaling.said('consent.answer');
    expect(answer).toBe('granted');
    await expect(signaling.verifyConsent(proof)).resolves.toMatchObject({
      sid: session.sessionId,
      answer: 'granted',
      technician: { id: 'tech-1', name: 'Ada Example' },
      grants: ['control', 'view'],
      iss: signaling.machineId,
    });
    await signaling.openMedia(session);
    await signaling.said('media.ready');
  });

  it.each([
    ['denied', 'denied'],
    ['dismissed', 'denied'],
  ] as const)('that is %s leaves nothing behind', async (said, answer) => {
    await readyAgent();
    const session = await attended();
    await until('the prompt', () => desktop.prompt.isShowing);
    desktop.prompt.answer(said);
    expect((await signaling.said('consent.answer')).answer).toBe(answer);
    expect(agent?.sessions.size).toBe(0);
    await expect(signaling.openMedia(session)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(signaling.heard.some(({ name }) => name === 'video.produce')).toBe(false);
  });

  it('that nobody gives in time is a no', async () => {
    await readyAgent();
    await attended(1);
    expect((await signaling.said('consent.answer')).answer).toBe('timed_out');
    expect(agent?.sessions.size).toBe(0);
  });

  it('is not asked for by a machine that allows no unattended session', async () => {
    await readyAgent({ GC_UNATTENDED: 'deny' });
    await signaling.offer(await signaling.newSession());
    expect((await signaling.said('consent.answer')).answer).toBe('refused');
    expect(desktop.prompt.shown).toEqual([]);
  });

  it('to watch only, by policy: no input is taken, whatever signaling says of a viewer', async () => {
    await readyAgent();
    desktop.endpoint.now = 'idle';
    const session = await signaling.newSession();
    await signaling.offer(session, { policy: { when_idle: 'view_only', on_timeout: 'deny' } });
    const { answer, grants, proof } = await signaling.said('consent.answer');
    expect([answer, grants]).toEqual(['not_required', ['view']]);
    expect(await signaling.verifyConsent(proof)).toMatchObject({ grants: ['view'] });
    expect(desktop.prompt.shown).toEqual([]);
    await signaling.openMedia(session);
    await signaling.said('media.ready');
    const viewer = await joinViewer(session, ['control', 'view']);
    await expect(openInput(session, viewer)).rejects.toMatchObject({ code: 'grant_missing' });
  });

  it('is taken off the screen when the session ends meanwhile', async () => {
    await readyAgent();
    const session = await attended();
    await until('the prompt', () => desktop.prompt.isShowing);
    await signaling.order('session.end', {
      session_id: session.sessionId,
      end_reason: 'technician_ended',
    });
    await until('the prompt to go', () => !desktop.prompt.isShowing);
    expect(signaling.heard.some(({ name }) => name === 'consent.answer')).toBe(false);
  });

  it('given while signaling is away is told when it is back', async () => {
    await readyAgent();
    await attended();
    await until('the prompt', () => desktop.prompt.isShowing);
    await signaling.stop();
    desktop.prompt.answer('granted');
    await signaling.listen();
    expect((await signaling.said('consent.answer')).answer).toBe('granted');
  });
});

describe('input', () => {
  it('is carried out exactly as the viewer sent it', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const actions = await openInput(session, viewer);
    const moves = await openInput(session, viewer, 'input.moves');
    moves.send(input({ kind: 'move', position: { x: 0xffff, y: 0 } }));
    await until('the move', () => desktop.injector.recorded.length === 1);
    actions.send(input({ kind: 'key', usage: 4, down: true, seq: 2 }));
    actions.send(input({ kind: 'key', usage: 4, down: false, seq: 3 }));
    actions.send(input({ kind: 'text', text: 'čau', seq: 4, monitor_id: 2 }));
    await until('four commands', () => desktop.injector.recorded.length === 4);
    expect(desktop.injector.recorded).toEqual([
      { kind: 'move', xPx: 639, yPx: 0 },
      { kind: 'key', usage: 4, down: true },
      { kind: 'key', usage: 4, down: false },
      { kind: 'text', text: 'čau' },
    ]);
  });

  it('meant for monitors as they were before is refused, and the viewer is told why', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    await viewer.consumeFacts();
    const actions = await openInput(session, viewer);
    const stale = input({
      kind: 'button',
      position: { x: 0, y: 0 },
      button: 0,
      down: true,
      seq: 7,
    });
    desktop.displays.set([{ name: 'PATTERN-2', width: 320, height: 240, primary: true }]);
    actions.send(stale);
    const refusal = await until('the refusal', () =>
      viewer.facts.find(({ kind }) => kind === 'input_refused'),
    );
    expect(refusal).toEqual({
      kind: 'input_refused',
      viewer_id: viewer.viewerId,
      seq: 7,
      code: 'stale_topology',
    });
    expect(desktop.injector.recorded).toEqual([]);
  });

  it.each([
    [
      'its channel dies',
      (session: NodeSession, viewer: TestViewer) => session.closeEndpoint(viewer.viewerId),
    ],
    [
      'the viewer leaves',
      (session: NodeSession, viewer: TestViewer) =>
        signaling.order('viewer.left', {
          session_id: session.sessionId,
          viewer_id: viewer.viewerId,
        }),
    ],
    [
      'control is withdrawn',
      (session: NodeSession, viewer: TestViewer) =>
        signaling.order('grants.change', {
          session_id: session.sessionId,
          viewer_id: viewer.viewerId,
          grants: ['view'],
        }),
    ],
    [
      'control was withdrawn while signaling was away',
      (session: NodeSession, viewer: TestViewer) =>
        signaling.order('viewer.joined', {
          session_id: session.sessionId,
          viewer: {
            viewer_id: viewer.viewerId,
            technician: { id: 'tech-1', name: 'Ada Example' },
            grants: ['view'],
          },
        }),
    ],
    [
      'the session ends',
      (session: NodeSession) =>
        signaling.order('session.end', {
          session_id: session.sessionId,
          end_reason: 'integrator_ended',
        }),
    ],
    ['the agent stops', () => agent?.close('test')],
  ] as const)('leaves nothing down when %s', async (_, end) => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const actions = await openInput(session, viewer);
    actions.send(input({ kind: 'key', usage: 0xe0, down: true }));
    await until('the key', () => desktop.injector.held.length === 1);
    await end(session, viewer);
    await until('its release', () => desktop.injector.held.length === 0);
    expect(desktop.injector.recorded.at(-1)).toEqual({ kind: 'key', usage: 0xe0, down: false });
  });

  it('waits while a question of any session is on the screen: no technician answers it', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    await viewer.consumeFacts();
    const actions = await openInput(session, viewer);
    actions.send(input({ kind: 'key', usage: 0x28, down: true }));
    await until('the key', () => desktop.injector.held.length === 1);
    await signaling.offer(await signaling.newSession(), { mode: 'attended' });
    await until('the prompt', () => desktop.prompt.isShowing);
    expect(desktop.injector.held).toEqual([]);
    const before = desktop.injector.recorded.length;
    actions.send(input({ kind: 'key', usage: 0x28, down: true, seq: 2 }));
    await until('the refusal', () => viewer.facts.find(({ kind }) => kind === 'input_refused'));
    expect(viewer.facts.find(({ kind }) => kind === 'input_refused')).toMatchObject({
      seq: 2,
      code: 'consent_required',
    });
    expect(desktop.injector.recorded).toHaveLength(before);
    desktop.prompt.answer('denied');
    await signaling.said('consent.answer', ({ answer }) => answer === 'denied');
    actions.send(input({ kind: 'key', usage: 0x04, down: true, seq: 3 }));
    await until('the next key', () => desktop.injector.held.length === 1);
  });

  it('is not listened to from a viewer without control, or that nobody announced', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await TestViewer.join(session);
    opened.push(() => viewer.close());
    await expect(openInput(session, viewer)).rejects.toMatchObject({ code: 'grant_missing' });
    const watcher = await joinViewer(session, ['view'] as never);
    await expect(openInput(session, watcher)).rejects.toMatchObject({ code: 'grant_missing' });
  });
});

describe('monitors that come and go', () => {
  it('are told first, then published or withdrawn', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const from = signaling.heard.length;
    desktop.displays.set([
      { name: 'PATTERN-1', width: 640, height: 360, primary: true },
      { name: 'PATTERN-3', x: 640, width: 200, height: 100 },
    ]);
    // renditions of the monitors that were there already may still be on their way
    await signaling.said('video.produce', ({ monitor_id }) => monitor_id === 3, from);
    await signaling.said('video.withdraw', ({ monitor_id }) => monitor_id === 2, from);
    const heard = signaling.heard.slice(from);
    const told = heard.findIndex(({ name }) => name === 'topology.changed');
    const published = heard.findIndex(
      (word) => word.name === 'video.produce' && word.request.monitor_id === 3,
    );
    expect(told).toBeGreaterThanOrEqual(0);
    expect(told).toBeLessThan(published);
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 3);
    await until('its frames', () => video.frames.length >= 2);
  });
});

describe('a reconnect', () => {
  it('touches no media: the picture runs through a restart of signaling', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 1);
    await until('frames', () => video.frames.length >= 3);
    const from = signaling.heard.length;
    await signaling.stop();
    const seen = video.frames.length;
    await until('frames without signaling', () => video.frames.length >= seen + 5);
    await signaling.listen();
    const hello = await signaling.said('agent.hello', () => true, from);
    expect(hello.sessions).toEqual([{ session_id: session.sessionId, epoch: 1 }]);
    const again = video.frames.length;
    await until('frames afterwards', () => video.frames.length >= again + 5);
    const after = signaling.heard.slice(from).map(({ name }) => name);
    expect(after).toEqual(['agent.hello']);
    expect(agent?.sessions.get(session.sessionId)?.state).toBe('live');
  });

  it('ends what has ended meanwhile', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    signaling.outcomeOf = (session_id) => ({
      outcome: 'ended',
      session_id,
      end_reason: 'integrator_ended',
    });
    signaling.cut();
    await until('the end', () => agent?.sessions.size === 0);
    expect(session.sessionId).toBeDefined();
  });

  it('says who ended it, when that happened while signaling was away', async () => {
    await readyAgent({ GC_INDICATOR: 'always' });
    const session = await signaling.liveSession();
    const viewer = await joinViewer(session);
    await watch(session, viewer, 1);
    await signaling.stop();
    desktop.indicator?.stop('button');
    expect(agent?.sessions.size).toBe(0);
    await signaling.listen();
    expect((await signaling.said('session.end')).end_reason).toBe('end_user_ended');
    expect(
      (await signaling.said('agent.hello', ({ sessions }) => sessions.length === 0)).sessions,
    ).toEqual([]);
  });
});

describe('a placement', () => {
  it('replaces the one before it, and consent is kept', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const from = signaling.heard.length;
    await session.moveTo(2);
    await signaling.openMedia(session);
    await signaling.said('media.ready', ({ epoch }) => epoch === 2, from);
    const viewer = await joinViewer(session);
    const video = await watch(session, viewer, 1);
    await until('frames', () => video.frames.length >= 2);
    expect(signaling.heard.filter(({ name }) => name === 'consent.answer')).toHaveLength(1);
  });

  it('that is older than the present one is refused', async () => {
    await readyAgent();
    const session = await signaling.liveSession();
    const old = await session.openEndpoint('agent');
    await session.moveTo(2);
    await signaling.openMedia(session);
    await signaling.said('media.ready', ({ epoch }) => epoch === 2);
    await expect(signaling.order('media.open', old)).rejects.toMatchObject({ code: 'stale_epoch' });
    await expect(
      signaling.order('video.watch', { ...session.fence, epoch: 1, monitor_ids: [1] }),
    ).rejects.toMatchObject({ code: 'stale_epoch' });
    expect(agent?.sessions.get(session.sessionId)?.state).toBe('live');
  });
});
