// A session from its creation to its end, as integrator, agent and viewer live it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '@guruconnect/contract/session';
import { Harness } from './harness.ts';
import { sctpStream } from './rtc-samples.ts';
import { until } from './until.ts';

let gc: Harness;
beforeEach(async () => {
  gc = await Harness.start();
});
afterEach(async () => {
  await gc.close();
});

const types = async (id: string): Promise<string[]> =>
  (await gc.events(id)).map(({ type }) => type);

describe('an unattended session', () => {
  it('goes from waiting to live when its agent comes, and the journal tells every step once', async () => {
    const created = await gc.createSession();
    expect(created.state).toBe('waiting_agent');
    expect(created.epoch).toBe(1);
    expect(gc.node.router(created.id).gateOpen).toBe(false);

    const agent = await gc.agentOnline('device-1');
    const live = await gc.inState(created.id, 'live');
    expect(live.consent.state).toBe('not_required');
    expect(live.topology.monitors.map(({ monitor_id }) => monitor_id)).toEqual([1, 2]);
    expect(live.live_at).toBeDefined();
    expect(agent.told('session.offer')).toHaveLength(1);
    expect(gc.node.router(created.id).gateOpen).toBe(true);

    const events = await gc.events(created.id);
    expect(events.map(({ type }) => type)).toEqual([
      'session.created',
      'session.placed',
      'agent.connected',
      'session.offered',
      'topology.changed',
      'session.live',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(live.last_seq).toBe(6);
  });

  it('is shown, controlled and ended by its technician', async () => {
    const { created, agent } = await gc.liveSession();
    const viewer = await gc.viewer(created);
    const { videos, facts, epoch } = await viewer.watch();
    expect(videos.map(({ monitor_id }) => monitor_id)).toEqual([1, 2]);
    expect(facts.label).toBe('facts');

    const [first, second] = videos;
    await viewer.ask('video.resume', { epoch, consumer_id: first?.consumer.consumer_id ?? '' });
    await until('the agent to be told', () => agent.told('video.keyframe').length === 1);
    expect(agent.told('video.watch').at(-1)).toMatchObject({ monitor_ids: [1] });
    await viewer.ask('video.resume', { epoch, consumer_id: second?.consumer.consumer_id ?? '' });
    await viewer.ask('video.pause', { epoch, consumer_id: first?.consumer.consumer_id ?? '' });
    await until('only the shown monitor to be watched', () => {
      const last = agent.told('video.watch').at(-1) as { monitor_ids: number[] };
      return last.monitor_ids.join() === '2';
    });

    await viewer.ask('input.open', {
      epoch,
      channel: 'input.actions',
      sctp_stream_parameters: sctpStream(1),
    });
    expect(agent.told('input.consume')).toMatchObject([{ channel: 'input.actions', epoch }]);

    await viewer.ask('session.end', {});
    const ended = await gc.session(created.id);
    expect(ended).toMatchObject({ state: 'ended', end_reason: 'technician_ended' });
    await until('the viewer to be told and let go', () => !viewer.connected);
    expect(viewer.types().at(-1)).toBe('session.ended');
    await until('the agent to be told', () => agent.ended.get(created.id) === 'technician_ended');
    await until('the router to be closed', () => !gc.node.routers.has(created.id));
  });

  it('lets a viewer join before the agent is there, with transports only', async () => {
    const created = await gc.createSession();
    const viewer = await gc.viewer(created);
    const { epoch } = await viewer.ask('media.join', {});
    expect(epoch).toBe(1);
    await expect(
      viewer.ask('media.consume', { epoch, rtp_capabilities: {} }),
    ).rejects.toMatchObject({ code: 'consent_required' });
    await expect(
      viewer.ask('input.open', {
        epoch,
        channel: 'input.actions',
        sctp_stream_parameters: sctpStream(1),
      }),
    ).rejects.toMatchObject({ code: 'consent_required' });
    await gc.agentOnline('device-1');
    await until('the viewer to hear of it', () => viewer.types().includes('session.live'));
    await viewer.watch();
  });

  it('ends when the agent never comes', async () => {
    const created = await gc.createSession({ wait_for_agent_s: 5 });
    const ended = await gc.inState(created.id, 'ended', 7_000);
    expect(ended.end_reason).toBe('agent_never_came');
  });

  it('offers monitors that appear later to viewers that watch, and takes away those that go', async () => {
    const { created, agent } = await gc.liveSession();
    const viewer = await gc.viewer(created);
    const { epoch } = await viewer.watch();
    const third = { ...agent.topology.monitors[1], monitor_id: 3, name: 'DUMMY2', x: 2080 };
    agent.topology = {
      topology_epoch: 2,
      monitors: [...agent.topology.monitors, third as (typeof agent.topology.monitors)[number]],
    };
    await agent.ask('topology.changed', { topology: agent.topology });
    const { rtpParameters } = await import('./rtc-samples.ts');
    await agent.ask('video.produce', {
      session_id: created.id,
      epoch,
      monitor_id: 3,
      rtp_parameters: rtpParameters,
    });
    await until('the monitor to be offered', () => viewer.told('video.offered').length === 1);
    expect(viewer.told('video.offered')).toMatchObject([{ epoch, video: { monitor_id: 3 } }]);
    expect((await gc.session(created.id)).topology.topology_epoch).toBe(2);

    await agent.ask('video.withdraw', { session_id: created.id, epoch, monitor_id: 3 });
    await until('it to be taken away', () => viewer.told('video.closed').length === 1);
    expect(viewer.told('video.closed')).toMatchObject([{ epoch, monitor_id: 3 }]);
  });

  it('is ended by the integrator once, however often it is asked', async () => {
    const { created, agent } = await gc.liveSession();
    const path = `/sessions/${created.id}/end`;
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => gc.api<Session>('POST', path, { reason: 'ticket closed' })),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ state: 'ended', end_reason: 'integrator_ended' });
    }
    expect((await types(created.id)).filter((type) => type === 'session.ended')).toHaveLength(1);
    const last = (await gc.events(created.id)).at(-1);
    expect(last?.data).toMatchObject({ end_reason: 'integrator_ended', reason: 'ticket closed' });
    await until('the agent to hear it', () => agent.ended.has(created.id));
  });

  it('can be ended by the person at the endpoint, but not in somebody else’s name', async () => {
    const { created, agent } = await gc.liveSession();
    await expect(
      agent.ask('session.end', { session_id: created.id, end_reason: 'integrator_ended' }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
    await agent.ask('session.end', { session_id: created.id, end_reason: 'end_user_ended' });
    expect((await gc.session(created.id)).end_reason).toBe('end_user_ended');
  });
});

describe('an attended session', () => {
  it('asks, goes on when granted, and journals the signed answer', async () => {
    const agent = await gc.agentOnline('device-1');
    const created = await gc.createSession({ mode: 'attended', reason: 'Printer is on fire' });
    const live = await gc.inState(created.id, 'live');
    expect(live.consent.state).toBe('granted');
    expect(agent.told('session.offer')).toMatchObject([
      { mode: 'attended', reason: 'Printer is on fire', technician: { name: 'Ada Technician' } },
    ]);
    const events = await gc.events(created.id);
    const granted = events.find(({ type }) => type === 'consent.granted');
    expect(String(granted?.data['proof']).split('.')).toHaveLength(3);
    const requested = events.find(({ type }) => type === 'consent.requested');
    expect(Date.parse(String(requested?.data['expires_at']))).toBeGreaterThan(Date.now());
  });

  for (const [answer, reason, consent] of [
    ['denied', 'consent_denied', 'denied'],
    ['timed_out', 'consent_timed_out', 'timed_out'],
    ['unavailable', 'consent_unavailable', 'unavailable'],
    ['refused', 'refused_by_agent', 'pending'],
  ] as const)
    it(`ends as ${reason} when the answer is ${answer}, and nothing was ever open`, async () => {
      const agent = await gc.agentOnline('device-1', { answer: () => answer });
      const created = await gc.createSession({ mode: 'attended' });
      const ended = await gc.inState(created.id, 'ended');
      expect(ended).toMatchObject({ end_reason: reason, consent: { state: consent } });
      expect(gc.node.orders).not.toContain('session.gate');
      expect(agent.told('media.open')).toEqual([]);
    });

  it('ends as timed out when the agent says nothing at all', async () => {
    await gc.agentOnline('device-1', { answer: () => undefined });
    const created = await gc.createSession({ mode: 'attended', consent_timeout_s: 5 });
    await gc.inState(created.id, 'waiting_consent');
    const ended = await gc.inState(created.id, 'ended', 8_000);
    expect(ended).toMatchObject({
      end_reason: 'consent_timed_out',
      consent: { state: 'timed_out' },
    });
    expect(await types(created.id)).toContain('consent.timed_out');
    expect(gc.node.orders).not.toContain('session.gate');
  });
});
