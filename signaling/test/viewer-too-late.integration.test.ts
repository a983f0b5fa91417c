// A viewer that opens, or comes back, when its session is already over: it sees and does nothing any
// more, and is told the whole journal and why the session ended, at whichever door it stands.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndedSession } from '@guruconnect/contract/http/v1/viewer';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import { exchange, newViewerKey } from './fake-viewer.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
let created: CreatedSession;
beforeEach(async () => {
  gc = await Harness.start();
  created = await gc.createSession({
    embed_origins: ['https://rmm.example'],
    metadata: { note: 'not for viewers' },
  });
});
afterEach(() => gc.close());

const end = () => gc.api('POST', `/sessions/${created.id}/end`, { reason: 'Solved by phone' });
const journal = () => gc.events(created.id);
const tryExchange = async (code: string) =>
  exchange(gc.url, created.id, code, await newViewerKey());

describe('who comes after the end', () => {
  it('with its code is not let in, and learns once how the session ended', async () => {
    await end();
    const { status, body } = await tryExchange(created.viewer.code);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'session_ended' });
    const { session, events } = EndedSession.parse((body as Record<string, unknown>)['ended']);
    expect(session).toMatchObject({
      state: 'ended',
      end_reason: 'integrator_ended',
      embed_origins: ['https://rmm.example'],
      metadata: {},
    });
    expect(events).toEqual(await journal());
    expect(events.at(-1)).toMatchObject({
      type: 'session.ended',
      data: { end_reason: 'integrator_ended', reason: 'Solved by phone' },
    });
    const again = await tryExchange(created.viewer.code);
    expect(again).toMatchObject({ status: 401, body: { code: 'code_used' } });
    expect(again.body).not.toHaveProperty('ended');
  });

  it('with a wrong code learns nothing', async () => {
    await end();
    const { body } = await tryExchange('gcv_0123456789012345678901234567890123456789012');
    expect(body).toMatchObject({ code: 'code_invalid' });
    expect(body).not.toHaveProperty('ended');
  });

  it('with its token is told by the answer to its hello, and nothing else is answered', async () => {
    const viewer = await gc.admittedViewer(created);
    await end();
    const before = await journal();
    await viewer.connect();
    const hello = await viewer.hello();
    expect(hello).toMatchObject({
      outcome: 'ended',
      session: { end_reason: 'integrator_ended', metadata: {} },
    });
    expect(hello.events).toEqual(before);
    await until('the socket to be closed', () => !viewer.connected);
    // It was never there.
    expect(await journal()).toEqual(before);
    expect((await gc.session(created.id)).viewers).toEqual([]);
  });

  it('gets no media and no new token', async () => {
    const viewer = await gc.admittedViewer(created);
    await end();
    await viewer.connect();
    const asked = Promise.allSettled([
      viewer.hello(),
      viewer.ask('media.join', {}),
      viewer.ask('token.renew', {}),
    ]);
    const [hello, ...others] = await asked;
    expect(hello.status).toBe('fulfilled');
    for (const other of others) expect(other.status).toBe('rejected');
  });

  it('between its socket and its hello is told as well', async () => {
    const viewer = await gc.admittedViewer(created);
    await viewer.connect();
    await end();
    expect(await viewer.hello()).toMatchObject({
      outcome: 'ended',
      session: { end_reason: 'integrator_ended' },
    });
  });

  it('with what it had heard before is told the rest only, also by a restarted server', async () => {
    await gc.close();
    const directory = await mkdtemp(join(tmpdir(), 'gc-too-late-'));
    gc = await Harness.start({ env: { GC_STORE: join(directory, 'store.sqlite') } });
    try {
      created = await gc.createSession();
      const viewer = await gc.viewer(created);
      const { last_seq, epoch } = await gc.session(created.id);
      viewer.cut();
      await until('the socket to be gone', () => !viewer.connected);
      await end();
      await gc.stopSignaling();
      await gc.startSignaling();
      await viewer.connect();
      const hello = await viewer.hello({ epoch, last_seq });
      expect(hello.outcome).toBe('ended');
      expect(hello.events.map(({ type }) => type)).toEqual(['session.ended']);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('but had been removed stays out', async () => {
    const viewer = await gc.viewer(created);
    const [there] = (await gc.session(created.id)).viewers;
    await gc.api('POST', `/sessions/${created.id}/viewers/${there?.id}/remove`);
    await end();
    await expect(viewer.connect()).rejects.toMatchObject({ code: 'credential_revoked' });
  });
});

it('an end in the very moment of the hello is told once, with all that was before it', async () => {
  for (let round = 0; round < 20; round += 1) {
    created = await gc.createSession({ device_id: `device-${round}` });
    const viewer = await gc.admittedViewer(created);
    await viewer.connect();
    const [hello] = await Promise.all([viewer.hello(), end()]);
    await until('the socket to be closed', () => !viewer.connected);
    const told = [...hello.events, ...viewer.events];
    expect(told).toEqual(await journal());
    expect(told.at(-1)?.type).toBe('session.ended');
  }
});

it('a viewer reads what it misses of the journal, after any seq', async () => {
  const viewer = await gc.viewer(created);
  const events = await journal();
  expect(await viewer.ask('journal.read', { after: 0 })).toEqual({ events });
  expect(await viewer.ask('journal.read', { after: 2 })).toEqual({ events: events.slice(2) });
});
