// Nothing is opened without an answer that the machine's own key has signed for this very offer.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import type { SessionId } from '@guruconnect/contract/ids';
import type { SessionOffer } from '@guruconnect/contract/signal/agent-messages';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import {
  consentProof,
  newMachineKey,
  type AgentTokenChange,
  type FakeAgent,
} from './fake-agent.ts';
import { Harness } from './harness.ts';
import { dtlsParameters, rtpParameters } from './rtc-samples.ts';
import { until } from './until.ts';

let gc: Harness;
let agent: FakeAgent;
let offer: SessionOffer;
const id = (): SessionId => offer.session_id;

beforeEach(async () => {
  gc = await Harness.start();
  agent = await gc.agentOnline('device-1', { answer: () => undefined });
  const created = await gc.createSession({ mode: 'attended' });
  await gc.inState(created.id, 'waiting_consent');
  [offer] = agent.told('session.offer') as [SessionOffer];
});
afterEach(async () => {
  await gc.close();
});

const say = async (answer: ConsentAnswer, proof: string): Promise<unknown> =>
  agent.ask('consent.answer', { session_id: id(), answer, proof }).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
const proof = (answer: ConsentAnswer, change?: AgentTokenChange): Promise<string> =>
  consentProof(agent.identity, offer, answer, change);

describe('an answer of consent', () => {
  afterEach(async () => {
    // Whatever was tried: the gate was never ordered open, and the real answer still counts.
    expect(gc.node.orders).not.toContain('session.gate');
    expect((await gc.session(id())).state).toBe('waiting_consent');
    expect(await say('granted', await proof('granted'))).toBe('taken');
    await gc.inState(id(), 'live');
  });

  it.each([
    ['for another session', { claims: { sid: 'ses_00000000000000000000000000' } }],
    ['by another machine', { claims: { iss: 'mch_00000000000000000000000000' } }],
    ['of "denied"', { claims: { answer: 'denied' } }],
    ['to another technician', { claims: { technician: { id: 'tech-8', name: 'Eve' } } }],
    ['for fewer grants', { claims: { grants: ['view'] } }],
    ['without grants', { claims: { grants: [] } }],
    ['for another audience', { claims: { aud: 'gc-signaling' } }],
    ['of another typ', { header: { typ: 'gc-agent+jwt' } }],
    ['from before the offer', { claims: { iat: Math.floor(Date.now() / 1000) - 3600 } }],
  ])('is refused when its proof is %s', async (_, change) => {
    expect(await say('granted', await proof('granted', change))).toBe('unauthenticated');
  });

  it('is refused when another key has signed it', async () => {
    const stranger = { ...(await newMachineKey()), machineId: agent.identity.machineId };
    expect(await say('granted', await consentProof(stranger, offer, 'granted'))).toBe(
      'unauthenticated',
    );
    expect(await say('granted', 'no proof at all')).toBe('unauthenticated');
    const unsigned = `${Buffer.from('{"alg":"none","typ":"gc-consent+jwt"}').toString('base64url')}.e30.`;
    expect(await say('granted', unsigned)).toBe('unauthenticated');
  });

  it('of "nobody needs to be asked" does not do for an attended session', async () => {
    expect(await say('not_required', await proof('not_required'))).toBe('illegal_transition');
  });

  it('can not come from an agent of another machine', async () => {
    const other = await gc.agentOnline('device-2');
    const stolen = await proof('granted');
    await expect(
      other.ask('consent.answer', { session_id: id(), answer: 'granted', proof: stolen }),
    ).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('is not replaced by acting as if it had been given', async () => {
    const fence = { session_id: id(), epoch: 1 };
    const attempts = [
      agent.ask('media.ready', fence),
      agent.ask('video.produce', { ...fence, monitor_id: 1, rtp_parameters: rtpParameters }),
      agent.ask('data.produce', {
        ...fence,
        label: 'facts',
        sctp_stream_parameters: { streamId: 1 },
      }),
      agent.ask('transport.connect', {
        ...fence,
        transport_id: '00000000-0000-4000-8000-000000000000',
        dtls_parameters: dtlsParameters,
      }),
    ];
    for (const outcome of await Promise.allSettled(attempts))
      expect(outcome.status).toBe('rejected');
    // Refused here; the node, asked, would have refused as well.
    expect(gc.node.orders).not.toContain('video.produce');
    expect(gc.node.orders).not.toContain('data.produce');
  });
});

describe('a session that may only watch, by its policy at the endpoint', () => {
  const watchOnly = async () => {
    const created = await gc.createSession({
      mode: 'attended',
      consent: { when_idle: 'view_only' },
    });
    await until('the offer', () => agent.told('session.offer').length === 2);
    const offered = agent.told('session.offer')[1] as SessionOffer;
    return { created, offered };
  };
  const answer = async (offered: SessionOffer, grants: ('view' | 'control')[], signed = grants) =>
    agent.ask('consent.answer', {
      session_id: offered.session_id,
      answer: 'not_required',
      grants,
      proof: await consentProof(agent.identity, { ...offered, grants: signed }, 'not_required'),
    });

  it('gives nobody more: not who came before, not who comes with an older code', async () => {
    const { created, offered } = await watchOnly();
    expect(offered.consent_policy).toEqual({ when_idle: 'view_only', on_timeout: 'deny' });
    const viewer = await gc.viewer(created);
    const minted = await gc.api<CreatedSession['viewer']>(
      'POST',
      `/sessions/${created.id}/viewer-codes`,
      {},
    );
    await viewer.ask('media.join', {});
    await gc.inState(created.id, 'waiting_consent');
    await answer(offered, ['view']);
    await until('the first to be told', () =>
      viewer.heard.some(({ name }) => name === 'grants.changed'),
    );
    const later = await gc.viewer({ id: created.id, viewer: minted.body });
    const session = await gc.inState(created.id, 'live');
    await later.watch();
    expect(session).toMatchObject({
      grants: ['view'],
      consent: { state: 'not_required' },
      viewers: [{ grants: ['view'] }, { grants: ['view'] }],
    });
    const endpoints = [...(gc.node.routers.get(created.id)?.endpoints.values() ?? [])];
    expect(endpoints).toHaveLength(3);
    expect(endpoints.some(({ may_send_input }) => may_send_input)).toBe(false);
    expect((await gc.events(created.id)).map(({ type }) => type)).toContain(
      'viewer.grants_changed',
    );
  });

  it('is refused when the proof is for other grants, or for more than was offered', async () => {
    const { created, offered } = await watchOnly();
    await gc.inState(created.id, 'waiting_consent');
    const refused = { code: 'unauthenticated' };
    await expect(answer(offered, ['view', 'control'], ['view'])).rejects.toMatchObject(refused);
    await expect(answer(offered, ['control'])).rejects.toMatchObject(refused);
    await expect(answer(offered, [])).rejects.toMatchObject(refused);
    expect((await gc.session(created.id)).state).toBe('waiting_consent');
  });
});

it('an answer counts once: it can not be taken back or given again', async () => {
  expect(await say('granted', await proof('granted'))).toBe('taken');
  await gc.inState(id(), 'live');
  expect(await say('granted', await proof('granted'))).toBe('illegal_transition');
  expect(await say('denied', await proof('denied'))).toBe('illegal_transition');
});

it('consent is of the boot that asked: a restarted agent has to ask again, and until then nothing is open', async () => {
  expect(await say('granted', await proof('granted'))).toBe('taken');
  await gc.inState(id(), 'live');
  const viewer = await gc.viewer({
    id: id(),
    viewer: (await gc.api<never>('POST', `/sessions/${id()}/viewer-codes`, {})).body,
  });
  await viewer.watch();
  agent.close();
  const reborn = gc.agent(agent.identity, { answer: () => undefined });
  await reborn.connect();
  const waiting = await gc.inState(id(), 'waiting_consent');
  expect(waiting).toMatchObject({ consent: { state: 'pending' }, epoch: 2 });
  expect(gc.node.router(id()).gateOpen).toBe(false);
  await until('the viewer to be told to start over', () => viewer.told('media.moved').length === 1);
  const { epoch } = await viewer.ask('media.join', {});
  await expect(viewer.ask('media.consume', { epoch, rtp_capabilities: {} })).rejects.toMatchObject({
    code: 'consent_required',
  });
});

it('the same boot that comes back with its prompt still open is not asked twice', async () => {
  agent.cut();
  await until('the socket to be gone', () => !agent.connected);
  await agent.connect();
  expect(agent.hello?.sessions).toEqual([{ outcome: 'resumed', session_id: id(), epoch: 1 }]);
  expect(await say('granted', await proof('granted'))).toBe('taken');
  await gc.inState(id(), 'live');
  expect(agent.told('session.offer')).toHaveLength(1);
});

it('a boot that dropped the session while it was away is not asked again: the session ends', async () => {
  agent.cut();
  await until('the socket to be gone', () => !agent.connected);
  agent.sessions.clear();
  await agent.connect();
  const ended = await gc.inState(id(), 'ended');
  expect(ended.end_reason).toBe('agent_lost');
  expect(agent.told('session.offer')).toHaveLength(1);
});

it('a boot that dropped the session while it was away may still say why', async () => {
  agent.cut();
  await until('the socket to be gone', () => !agent.connected);
  agent.sessions.clear();
  await agent.connect();
  await agent.ask('session.end', { session_id: id(), end_reason: 'end_user_ended' });
  expect((await gc.session(id())).end_reason).toBe('end_user_ended');
});
