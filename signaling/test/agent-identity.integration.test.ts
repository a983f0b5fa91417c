// Who is which machine: enrolment, proof of the key, clones, revocation.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import type {
  EnrolmentToken,
  Machine,
  MachineKeyList,
} from '@guruconnect/contract/http/v1/machines';
import type { z } from 'zod';
import { agentToken, newMachineKey, type FakeAgent, type Identity } from './fake-agent.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
beforeEach(async () => {
  gc = await Harness.start();
});
afterEach(async () => {
  await gc.close();
});

const mint = async (device_id: string, expires_in_s = 3600): Promise<string> =>
  (await gc.api<EnrolmentToken>('POST', '/enrolment-tokens', { device_id, expires_in_s })).body
    .token;
const enrol = (token: string, device_id: string, public_key: unknown) =>
  gc.api('POST', '/agent/enrol', { token, device_id, public_key }, { key: null });
const machine = async (deviceId = 'device-1'): Promise<Machine> =>
  (await gc.api<Machine>('GET', `/machines/${deviceId}`)).body;
const keys = async (deviceId = 'device-1') =>
  (await gc.api<z.output<typeof MachineKeyList>>('GET', `/machines/${deviceId}/keys`)).body.keys;
const refusal = (agent: FakeAgent): Promise<string> =>
  agent.open().then(
    () => 'connected',
    (error: { code: string }) => error.code,
  );

describe('enrolment', () => {
  it('takes a token once, for its device only; a lost answer can be asked for again', async () => {
    const token = await mint('device-1');
    const { publicKey } = await newMachineKey();
    expect(await enrol(token, 'device-2', publicKey)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    const first = await enrol(token, 'device-1', publicKey);
    expect(first.status).toBe(201);
    const again = await enrol(token, 'device-1', publicKey);
    expect(again).toMatchObject({ status: 201, body: first.body });
    const other = await enrol(token, 'device-1', (await newMachineKey()).publicKey);
    expect(other).toMatchObject({ status: 409, body: { code: 'device_enrolled' } });
  });

  it('of twenty with one token at the same time registers one key', async () => {
    const token = await mint('device-1');
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () =>
        enrol(token, 'device-1', (await newMachineKey()).publicKey),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await keys()).toHaveLength(1);
  });

  it('refuses a key that is registered for another machine', async () => {
    const { publicKey } = await newMachineKey();
    await enrol(await mint('device-1'), 'device-1', publicKey);
    const answer = await enrol(await mint('device-2'), 'device-2', publicKey);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer: '/public_key' }] },
    });
  });

  it('of a known device supersedes its key and ends what ran with it', async () => {
    const { created, agent } = await gc.liveSession();
    const before = await machine();
    const renewed = await gc.enrol('device-1');
    expect(renewed.machineId).toBe(before.id);
    await until('the old connection to be closed', () => !agent.connected);
    expect((await gc.inState(created.id, 'ended')).end_reason).toBe('machine_revoked');
    expect((await keys()).map(({ state }) => state)).toEqual(['active', 'revoked']);
    expect(await refusal(gc.agent(agent.identity))).toBe('credential_revoked');
  });

  it('of a known device leaves a session alone that still waits for it', async () => {
    await gc.enrol('device-1');
    const waiting = await gc.createSession();
    await gc.agentOnline('device-1');
    expect((await gc.inState(waiting.id, 'live')).epoch).toBe(1);
  });
});

describe('the proof of a machine key', () => {
  let identity: Identity;
  beforeEach(async () => {
    identity = await gc.enrol('device-1');
  });
  const withToken = (token: string): FakeAgent => gc.agent(identity, { token });
  const now = (): number => Math.floor(Date.now() / 1000);

  it('is good once', async () => {
    const token = await agentToken(identity, newId('boot'));
    const agent = withToken(token);
    expect(await refusal(agent)).toBe('connected');
    agent.close();
    expect(await refusal(withToken(token))).toBe('credential_replayed');
  });

  it.each([
    ['the wrong typ', { header: { typ: 'JWT' } }, 'unauthenticated'],
    ['another credential’s typ', { header: { typ: 'gc-consent+jwt' } }, 'unauthenticated'],
    ['the wrong audience', { claims: { aud: 'gc-viewer' } }, 'unauthenticated'],
    ['no boot', { claims: { boot_id: undefined } }, 'unauthenticated'],
    ['an unknown key', { header: { kid: 'A'.repeat(43) } }, 'unauthenticated'],
    ['a life of an hour', { claims: { exp: 2 ** 31 } }, 'unauthenticated'],
    ['an age of two minutes', { claims: { iat: 'old', exp: 'old' } }, 'credential_expired'],
    ['a start in the future', { claims: { iat: 'future', exp: 'future' } }, 'unauthenticated'],
  ] as const)('with %s is refused', async (_, change, code) => {
    const times: Record<string, number> = { old: now() - 120, future: now() + 600 };
    const claims = Object.fromEntries(
      Object.entries('claims' in change ? change.claims : {}).map(([name, value]) => [
        name,
        typeof value === 'string' && value in times ? times[value] : value,
      ]),
    );
    const header = 'header' in change ? change.header : {};
    expect(
      await refusal(withToken(await agentToken(identity, newId('boot'), { claims, header }))),
    ).toBe(code);
  });

  it('of another key under this key’s name is refused', async () => {
    const stranger = { ...(await newMachineKey()), machineId: identity.machineId };
    const token = await agentToken({ ...stranger, thumbprint: identity.thumbprint }, newId('boot'));
    expect(await refusal(withToken(token))).toBe('unauthenticated');
  });

  it('decides which machine it is, whatever else is claimed', async () => {
    const other = await gc.enrol('device-2');
    const agent = gc.agent({ ...identity, machineId: other.machineId });
    await agent.connect();
    expect(agent.hello).toMatchObject({ machine_id: identity.machineId, device_id: 'device-1' });
    expect((await machine('device-1')).online).toBe(true);
    expect((await machine('device-2')).online).toBe(false);
    const created = await gc.createSession({ device_id: 'device-2' });
    await expect(
      agent.ask('session.end', { session_id: created.id, end_reason: 'end_user_ended' }),
    ).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('is for the boot that says hello', async () => {
    const agent = withToken(await agentToken(identity, newId('boot')));
    await agent.open();
    await expect(agent.sayHello()).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('a machine', () => {
  it('tells presence, versions and monitors', async () => {
    const agent = await gc.agentOnline('device-1');
    expect(await machine()).toMatchObject({
      online: true,
      quarantined: false,
      platform: 'linux',
      agent_version: '0.0.0-fake',
      topology: { monitors: [{ name: 'DUMMY0' }, { name: 'DUMMY1' }] },
    });
    agent.close();
    await until('it to be offline', async () => !(await machine()).online);
    expect((await machine()).last_seen_at).toBeDefined();
  });

  it('whose agent reconnects is the same machine: the old socket goes, nothing else happens', async () => {
    const { created, agent } = await gc.liveSession();
    const old = agent.socket;
    await agent.connect();
    await until('the old socket to be closed', () => !old.connected);
    expect(agent.hello?.sessions).toEqual([
      { outcome: 'resumed', session_id: created.id, epoch: 1 },
    ]);
    expect((await gc.session(created.id)).state).toBe('live');
    expect(agent.told('session.offer')).toHaveLength(1);
    expect(agent.told('media.open')).toHaveLength(1);
    expect((await machine()).quarantined).toBe(false);
  });

  it('whose agent was restarted is the same machine: another boot, after the old one is gone', async () => {
    const { created, agent } = await gc.liveSession();
    agent.close();
    const reborn = gc.agent(agent.identity);
    await reborn.connect();
    await until('it to be asked again', () => reborn.told('session.offer').length === 1);
    const live = await gc.inState(created.id, 'live');
    expect(live.epoch).toBe(2);
    expect((await machine()).quarantined).toBe(false);
  });

  it('whose old socket is only half dead is no clone', async () => {
    const agent = gc.agent(await gc.enrol('device-1'));
    agent.deaf = true;
    await agent.connect();
    const reborn = gc.agent(agent.identity);
    await reborn.connect();
    expect(reborn.connected).toBe(true);
    expect((await machine()).quarantined).toBe(false);
  });

  it('whose key lives in two boots is quarantined: both are closed, its sessions end', async () => {
    const { created, agent } = await gc.liveSession();
    const clone = gc.agent(agent.identity);
    expect(await refusal(clone)).toBe('machine_quarantined');
    await until('the first to be closed, too', () => !agent.connected);
    const ended = await gc.inState(created.id, 'ended');
    expect(ended.end_reason).toBe('machine_quarantined');
    expect(await machine()).toMatchObject({ quarantined: true });
    expect(gc.node.routers.has(created.id)).toBe(false);

    expect(await refusal(gc.agent(agent.identity))).toBe('machine_quarantined');
    const refused = await gc.api('POST', '/sessions', {
      device_id: 'device-1',
      mode: 'unattended',
      technician: { id: '1', name: 'x' },
    });
    expect(refused).toMatchObject({ status: 403, body: { code: 'machine_quarantined' } });

    // Enrolling the device again gives it a fresh key and ends the quarantine.
    const renewed = gc.agent(await gc.enrol('device-1'));
    await renewed.connect();
    expect(await machine()).toMatchObject({ quarantined: false, online: true });
  });

  it('whose key is revoked loses its connection and its sessions, within a second', async () => {
    const { created, agent } = await gc.liveSession();
    const [key] = await keys();
    const startedMs = performance.now();
    const revoked = await gc.api('POST', `/machines/device-1/keys/${key?.id}/revoke`);
    expect(revoked).toMatchObject({ status: 200, body: { state: 'revoked' } });
    await until('the router to be closed', () => !gc.node.routers.has(created.id));
    await until('the agent to be cut', () => !agent.connected);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect((await gc.session(created.id)).end_reason).toBe('machine_revoked');
    expect(await refusal(gc.agent(agent.identity))).toBe('credential_revoked');
    const again = await gc.api('POST', `/machines/device-1/keys/${key?.id}/revoke`);
    expect(again).toMatchObject({ status: 200, body: revoked.body });
    const unknown = await gc.api('POST', `/machines/device-1/keys/${newId('mky')}/revoke`);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
