// Who gets in as a viewer: one-time codes, key-bound tokens, proofs, origins — and who does not.
import { SignJWT, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { exchange, FakeViewer, newViewerKey, viewerProof } from './fake-viewer.ts';
import { Harness, type HarnessOptions } from './harness.ts';
import { sctpStream } from './rtc-samples.ts';
import { until } from './until.ts';

let gc: Harness;
const start = async (options: HarnessOptions = {}): Promise<void> => {
  gc = await Harness.start(options);
};
afterEach(async () => {
  await gc.close();
});

describe('a viewer code', () => {
  beforeEach(() => start());

  it('is long, lives a minute at most, and is in a link without being part of it', async () => {
    const { viewer, id } = await gc.createSession();
    expect(viewer.url).toBe(`${gc.url}/viewer/${id}`);
    expect(viewer.code.length).toBeGreaterThanOrEqual(43);
    const livesMs = Date.parse(viewer.code_expires_at) - Date.now();
    expect(livesMs).toBeGreaterThan(50_000);
    expect(livesMs).toBeLessThanOrEqual(60_000);
  });

  it('works once: of twenty that try at the same time exactly one gets in', async () => {
    const { id, viewer } = await gc.createSession();
    const key = await newViewerKey();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => exchange(gc.url, id, viewer.code, key)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['code_used']));
  });

  it('is refused for another session, and is still good for its own', async () => {
    const one = await gc.createSession();
    const two = await gc.createSession();
    const key = await newViewerKey();
    const wrong = await exchange(gc.url, two.id, one.viewer.code, key);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'code_invalid' } });
    const unknown = await exchange(gc.url, newId('ses'), one.viewer.code, key);
    expect(unknown).toMatchObject({ status: 401, body: { code: 'code_invalid' } });
    expect((await exchange(gc.url, one.id, one.viewer.code, key)).status).toBe(200);
  });

  it('is refused after its session has ended', async () => {
    const { id, viewer } = await gc.createSession();
    await gc.api('POST', `/sessions/${id}/end`, {});
    const answer = await exchange(gc.url, id, viewer.code, await newViewerKey());
    expect(answer).toMatchObject({ status: 409, body: { code: 'session_ended' } });
  });

  it('is taken only from our own page', async () => {
    const { id, viewer } = await gc.createSession({ embed_origins: ['https://rmm.example'] });
    const key = await newViewerKey();
    for (const origin of ['https://rmm.example', 'null', `${gc.url}.evil.example`]) {
      const answer = await exchange(gc.url, id, viewer.code, key, origin);
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
    }
    expect((await exchange(gc.url, id, viewer.code, key)).status).toBe(200);
  });

  it('can not be guessed at any rate', async () => {
    const { id } = await gc.createSession();
    const key = await newViewerKey();
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 40; i += 1)
      codes.push((await exchange(gc.url, id, `gcv_${'x'.repeat(39)}${i}`, key)).body.code);
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('code_invalid'));
    expect(codes.at(-1)).toBe('rate_limited');
    // An integrator at the same address is not held up.
    expect((await gc.api('GET', `/sessions/${id}`)).status).toBe(200);
  });

  it('for a further viewer may grant less than the session, never more', async () => {
    const { id } = await gc.createSession({ grants: ['view', 'control'] });
    const path = `/sessions/${id}/viewer-codes`;
    const less = await gc.api<{ code: string }>('POST', path, {
      grants: ['view'],
      technician: { id: 'tech-8', name: 'Bo Trainee' },
    });
    expect(less.status).toBe(201);
    const answer = await exchange(gc.url, id, less.body.code, await newViewerKey());
    expect(answer.body.grants).toEqual(['view']);

    const viewOnly = await gc.createSession({ grants: ['view'] });
    const more = await gc.api('POST', `/sessions/${viewOnly.id}/viewer-codes`, {
      grants: ['view', 'control'],
    });
    expect(more).toMatchObject({ status: 403, body: { code: 'grant_missing' } });
  });

  it('is not taken when the session has no place left, and is good again when it has', async () => {
    const { id } = await gc.createSession();
    const mint = async (): Promise<string> =>
      (await gc.api<{ code: string }>('POST', `/sessions/${id}/viewer-codes`, {})).body.code;
    const viewers: FakeViewer[] = [];
    for (let i = 0; i < 16; i += 1) {
      const viewer = gc.owned(
        await FakeViewer.admit(gc.url, { session_id: id, code: await mint() }),
      );
      await viewer.connect();
      await viewer.hello();
      viewers.push(viewer);
    }
    const code = await mint();
    const full = await exchange(gc.url, id, code, await newViewerKey());
    expect(full).toMatchObject({ status: 429, body: { code: 'limit_reached' } });
    viewers[0]?.close();
    await until('one to be gone', async () => (await gc.session(id)).viewers.length === 15);
    expect((await exchange(gc.url, id, code, await newViewerKey())).status).toBe(200);
  });
});

it('a viewer code that has expired says so', async () => {
  await start({ timings: { viewerCodeMs: 30 } });
  const { id, viewer } = await gc.createSession();
  await until('it to expire', () => Date.now() > Date.parse(viewer.code_expires_at));
  const answer = await exchange(gc.url, id, viewer.code, await newViewerKey());
  expect(answer).toMatchObject({ status: 401, body: { code: 'code_expired' } });
});

describe('a viewer token', () => {
  beforeEach(() => start());

  const admitted = async (): Promise<FakeViewer> => gc.admittedViewer(await gc.createSession());
  const refusal = (viewer: FakeViewer, auth: object): Promise<unknown> =>
    viewer.connect(auth).then(
      () => 'connected',
      (error: { code: string }) => error.code,
    );

  it('opens the socket together with a proof of its key', async () => {
    const viewer = await admitted();
    await viewer.connect();
    const hello = await viewer.hello();
    expect(hello.outcome).toBe('fresh');
    expect(hello.session.state).toBe('waiting_agent');
  });

  it('is worth nothing without the key it is bound to', async () => {
    const viewer = await admitted();
    const { token } = viewer;
    const thief = await newViewerKey();
    expect(await refusal(viewer, { token })).toBe('unauthenticated');
    expect(await refusal(viewer, { token, proof: await viewerProof(thief, token) })).toBe(
      'unauthenticated',
    );
    const ownToken = await admitted();
    expect(
      await refusal(viewer, { token, proof: await viewerProof(ownToken.key, ownToken.token) }),
    ).toBe('unauthenticated');
  });

  it('needs a fresh proof, made for it, each time', async () => {
    const viewer = await admitted();
    const { token, key } = viewer;
    const proof = await viewerProof(key, token);
    expect(await refusal(viewer, { token, proof })).toBe('connected');
    expect(await refusal(viewer, { token, proof })).toBe('credential_replayed');
    const old = Math.floor(Date.now() / 1000) - 120;
    for (const change of [
      { claims: { ath: 'A'.repeat(43) } },
      { claims: { aud: 'somebody-else' } },
      { claims: { jti: 'short' } },
      { header: { typ: 'JWT' } },
      { header: { typ: 'gc-viewer+jwt' } },
    ])
      expect(await refusal(viewer, { token, proof: await viewerProof(key, token, change) })).toBe(
        'unauthenticated',
      );
    const late = await viewerProof(key, token, { claims: { iat: old } });
    expect(await refusal(viewer, { token, proof: late })).toBe('credential_expired');
  });

  it('can not be made by anybody else', async () => {
    const viewer = await admitted();
    const { privateKey } = await generateKeyPair('EdDSA');
    const [head = '', body = ''] = viewer.token.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const forged = await new SignJWT({ ...claims, grants: ['view', 'control'] })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'gc-viewer+jwt', kid: header.kid })
      .sign(privateKey);
    const unsigned = `${Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url')}.${body}.`;
    for (const token of [forged, unsigned])
      expect(await refusal(viewer, { token, proof: await viewerProof(viewer.key, token) })).toBe(
        'unauthenticated',
      );
  });

  it('is refused from another origin, and from a program that names none', async () => {
    const viewer = await admitted();
    for (const origin of ['https://evil.example', ''])
      await expect(viewer.connect(undefined, origin)).rejects.toMatchObject({
        code: 'origin_not_allowed',
      });
  });

  it('is over with its session: the live socket is closed after it was told', async () => {
    const created = await gc.createSession();
    const viewer = await gc.viewer(created);
    await gc.api('POST', `/sessions/${created.id}/end`, {});
    await until('the socket to be closed', () => !viewer.connected);
    expect(viewer.types()).toContain('session.ended');
  });

  it('is renewed over the live socket, for the same key', async () => {
    const viewer = await admitted();
    await viewer.connect();
    await viewer.hello();
    const renewed = await viewer.ask('token.renew', {});
    expect(Date.parse(renewed.expires_at)).toBeGreaterThan(Date.now() + 290_000);
    viewer.token = renewed.token;
    viewer.close();
    await viewer.connect();
    expect((await viewer.hello()).viewer_id).toMatch(/^vwr_/);
  });
});

describe('a viewer with "view" only', () => {
  beforeEach(() => start());

  it('gets pictures and nothing else: no input channel, no end of the whole session', async () => {
    const { created } = await gc.liveSession();
    const { body } = await gc.api<{ code: string }>(
      'POST',
      `/sessions/${created.id}/viewer-codes`,
      {
        grants: ['view'],
      },
    );
    const viewer = gc.owned(
      await FakeViewer.join(gc.url, { session_id: created.id, code: body.code }),
    );
    const { epoch, videos } = await viewer.watch();
    expect(videos).toHaveLength(2);
    const open = viewer.ask('input.open', {
      epoch,
      channel: 'input.actions',
      sctp_stream_parameters: sctpStream(1),
    });
    await expect(open).rejects.toMatchObject({ code: 'grant_missing' });
    // Refused here already; the node, asked, would have refused as well.
    expect(gc.node.orders.filter((order) => order === 'data.produce')).toHaveLength(1);
    await expect(viewer.ask('session.end', {})).rejects.toMatchObject({ code: 'grant_missing' });
    const endpoint = [...gc.node.router(created.id).endpoints.values()].find(
      ({ endpoint_id }) => endpoint_id !== 'agent',
    );
    expect(endpoint?.may_send_input).toBe(false);
    expect((await gc.session(created.id)).state).toBe('live');
  });
});

describe('viewers', () => {
  beforeEach(() => start());

  it('resume what they held, told what they missed; after the grace they are gone', async () => {
    const { created, agent } = await gc.liveSession();
    const viewer = await gc.viewer(created);
    const { epoch } = await viewer.watch();
    const { last_seq } = await gc.session(created.id);
    viewer.cut();
    await until('the socket to be gone', () => !viewer.connected);
    await gc.api('POST', `/sessions/${created.id}/viewer-codes`, {});
    agent.topology = { ...agent.topology, topology_epoch: 9 };
    await agent.ask('topology.changed', { topology: agent.topology });
    await viewer.connect();
    const hello = await viewer.hello({ epoch, last_seq });
    expect(hello.outcome).toBe('resumed');
    expect(hello.events.map(({ type }) => type)).toEqual(['topology.changed']);
    expect(agent.told('viewer.left')).toEqual([]);

    viewer.close();
    await until(
      'it to be taken out',
      async () => (await gc.session(created.id)).viewers.length === 0,
    );
    await until('the agent to be told', () => agent.told('viewer.left').length === 1);
    const types = (await gc.events(created.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'viewer.joined')).toHaveLength(1);
    expect(types.filter((type) => type === 'viewer.left')).toHaveLength(1);
    expect([...gc.node.router(created.id).endpoints.keys()]).toEqual(['agent']);
  });

  it('learn nothing of what the integrator noted for itself', async () => {
    const created = await gc.createSession({
      client_ref: 'ticket-1',
      metadata: { note: 'secret' },
    });
    const viewer = await gc.admittedViewer(created);
    await viewer.connect();
    const { session } = await viewer.hello();
    expect(session.metadata).toEqual({});
    expect(session.client_ref).toBeUndefined();
  });

  it('are connected once each: a second socket takes over from the first', async () => {
    const created = await gc.createSession();
    const viewer = await gc.viewer(created);
    const first = viewer.socket;
    await viewer.connect();
    await viewer.hello();
    await until('the first to be closed', () => !first.connected);
    expect(viewer.connected).toBe(true);
    expect((await gc.session(created.id)).viewers).toHaveLength(1);
  });
});
