// Viewers seen and removed by the integrator, and how a session's media is doing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type ViewerId } from '@guruconnect/contract/ids';
import type { SessionQuality } from '@guruconnect/contract/http/v1/quality';
import type { Session, Viewer } from '@guruconnect/contract/session';
import { FakeViewer } from './fake-viewer.ts';
import { Harness } from './harness.ts';
import { sctpStream } from './rtc-samples.ts';
import { until } from './until.ts';

let gc: Harness;
beforeEach(async () => {
  gc = await Harness.start();
});
afterEach(async () => {
  expect(gc.badAnswers).toEqual([]);
  await gc.close();
});

type List = { viewers: Viewer[] };
const list = (id: string) => gc.api<List>('GET', `/sessions/${id}/viewers`);
const remove = (id: string, viewerId: string) =>
  gc.api<List>('POST', `/sessions/${id}/viewers/${viewerId}/remove`);

async function watched() {
  const { created, agent } = await gc.liveSession();
  const viewer = await gc.viewer(created);
  await viewer.watch();
  const [there] = (await list(created.id)).body.viewers;
  if (!there) throw new Error('the viewer is not listed');
  return { id: created.id, agent, viewer, viewerId: there.id };
}
const endpointIds = (id: Session['id']): string[] => [
  ...(gc.node.routers.get(id)?.endpoints.keys() ?? []),
];

describe('viewers of a session', () => {
  it('are listed while they are there', async () => {
    const { id, viewer, viewerId } = await watched();
    expect((await list(id)).body.viewers).toEqual((await gc.session(id)).viewers);
    viewer.close();
    await until('it to be gone', async () => (await list(id)).body.viewers.length === 0);
    expect(viewerId).toMatch(/^vwr_/);
  });

  it('are listed for no session that never was', async () => {
    expect((await list(newId('ses'))).body).toMatchObject({ code: 'session_not_found' });
  });
});

describe('the grants of a viewer', () => {
  const setGrants = (id: string, viewerId: string, grants: string[]) =>
    gc.api<List & { code?: string }>('POST', `/sessions/${id}/viewers/${viewerId}/grants`, {
      grants,
    });
  const maySend = (id: Session['id'], viewerId: string) =>
    gc.node.routers.get(id)?.endpoints.get(viewerId)?.may_send_input;
  const openInput = (viewer: FakeViewer, epoch: number) =>
    viewer.ask('input.open', {
      epoch,
      channel: 'input.actions',
      sctp_stream_parameters: sctpStream(1),
    });

  it('change at once: media node, agent, its page, the journal', async () => {
    const { id, agent, viewer, viewerId } = await watched();
    const { epoch } = await gc.session(id);
    await openInput(viewer, epoch);
    expect(maySend(id, viewerId)).toBe(true);

    const startedMs = performance.now();
    const answer = await setGrants(id, viewerId, ['view']);
    expect(answer).toMatchObject({ status: 200, body: { viewers: [{ grants: ['view'] }] } });
    expect(maySend(id, viewerId)).toBe(false);
    await until('the agent to be told', () => agent.told('grants.change').length === 1);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(agent.told('grants.change')).toEqual([
      { session_id: id, viewer_id: viewerId, grants: ['view'] },
    ]);
    await expect(openInput(viewer, epoch)).rejects.toMatchObject({ code: 'grant_missing' });
    await until('its page to be told', () =>
      viewer.heard.some(({ name }) => name === 'grants.changed'),
    );
    expect((await gc.events(id)).at(-1)).toMatchObject({
      type: 'viewer.grants_changed',
      data: { viewer_id: viewerId, grants: ['view'] },
    });

    expect((await setGrants(id, viewerId, ['control', 'view'])).status).toBe(200);
    expect(maySend(id, viewerId)).toBe(true);
    await openInput(viewer, epoch);
  });

  it('change nothing when they are the same', async () => {
    const { id, viewerId } = await watched();
    const { last_seq } = await gc.session(id);
    expect((await setGrants(id, viewerId, ['view', 'control'])).status).toBe(200);
    expect((await gc.session(id)).last_seq).toBe(last_seq);
  });

  it("are never more than the session's, and never of somebody who is not there", async () => {
    const { created } = await gc.liveSession({ grants: ['view'] });
    const viewer = await gc.viewer(created);
    await viewer.watch();
    const viewerId = subjectOf(viewer.token);
    const { id } = created;
    expect((await setGrants(id, viewerId, ['view', 'control'])).body.code).toBe('grant_missing');
    expect((await setGrants(id, viewerId, [])).body.code).toBe('invalid_request');
    expect((await setGrants(id, newId('vwr'), ['view'])).body.code).toBe('not_found');
    await remove(id, viewerId);
    expect((await setGrants(id, viewerId, ['view'])).body.code).toBe('not_found');
    expect(maySend(id, viewerId)).toBeUndefined();
  });

  it('reach the media node when it is back, if it could not be told at the time', async () => {
    const { id, viewerId } = await watched();
    await gc.node.cutLink();
    await until('the link to be lost', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    expect((await setGrants(id, viewerId, ['view'])).status).toBe(200);
    expect(maySend(id, viewerId)).toBe(true);
    await gc.node.start();
    await until('the node to be told', () => maySend(id, viewerId) === false);
  });
});

describe('a removed viewer', () => {
  it('loses its media at once, is told why, and everybody knows', async () => {
    const { id, agent, viewer, viewerId } = await watched();
    expect(endpointIds(id)).toContain(viewerId);
    const startedMs = performance.now();
    expect(await remove(id, viewerId)).toMatchObject({ status: 200, body: { viewers: [] } });
    expect(endpointIds(id)).toEqual(['agent']);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await until('its socket to be closed', () => !viewer.connected);
    expect(viewer.events.at(-1)).toMatchObject({
      type: 'viewer.left',
      data: { viewer_id: viewerId, reason: 'removed' },
    });
    expect((await gc.events(id)).at(-1)).toEqual(viewer.events.at(-1));
    await until('the agent to be told', () => agent.told('viewer.left').length === 1);
    expect((await gc.session(id)).state).toBe('live');
  });

  it('can not come back with what it has', async () => {
    const { id, viewer, viewerId } = await watched();
    await remove(id, viewerId);
    await until('its socket to be closed', () => !viewer.connected);
    await expect(viewer.connect()).rejects.toMatchObject({ code: 'credential_revoked' });
  });

  it('is removed also before it has connected', async () => {
    const { created } = await gc.liveSession();
    const viewer = await gc.admittedViewer(created);
    const viewerId = subjectOf(viewer.token);
    expect((await remove(created.id, viewerId)).status).toBe(200);
    await expect(viewer.connect()).rejects.toMatchObject({ code: 'credential_revoked' });
    expect((await gc.events(created.id)).map(({ type }) => type)).not.toContain('viewer.left');
  });

  it('stays out though its socket was admitted just before', async () => {
    const { created } = await gc.liveSession();
    const viewer = await gc.admittedViewer(created);
    await viewer.connect();
    await remove(created.id, subjectOf(viewer.token));
    await expect(viewer.hello()).rejects.toMatchObject({ code: 'credential_revoked' });
  });

  it('may be removed again, which changes nothing', async () => {
    const { id, viewerId } = await watched();
    await remove(id, viewerId);
    const { last_seq } = await gc.session(id);
    expect((await remove(id, viewerId)).status).toBe(200);
    expect((await gc.session(id)).last_seq).toBe(last_seq);
  });

  it('does not take others with it, and its technician may get a new code', async () => {
    const { id, viewerId } = await watched();
    const mint = async () =>
      (await gc.api<{ code: string }>('POST', `/sessions/${id}/viewer-codes`, {})).body.code;
    const other = await FakeViewer.join(gc.url, {
      session_id: id as Session['id'],
      code: await mint(),
    });
    gc.owned(other);
    await remove(id, viewerId);
    expect(other.connected).toBe(true);
    const again = await FakeViewer.join(gc.url, {
      session_id: id as Session['id'],
      code: await mint(),
    });
    gc.owned(again);
    expect((await list(id)).body.viewers).toHaveLength(2);
  });

  it('loses its media as soon as the node can be told, when it could not be at the time', async () => {
    const { id, viewerId } = await watched();
    await gc.node.cutLink();
    await until('the link to be lost', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    expect((await remove(id, viewerId)).status).toBe(200);
    expect(endpointIds(id)).toContain(viewerId);
    await gc.node.start();
    await until('its endpoint to be closed', () => !endpointIds(id).includes(viewerId));
  });

  it('has to be one of this session, which has to be open', async () => {
    const { id, viewerId } = await watched();
    expect((await remove(id, newId('vwr'))).body).toMatchObject({ code: 'not_found' });
    expect((await remove(newId('ses'), viewerId)).body).toMatchObject({
      code: 'session_not_found',
    });
    await gc.api('POST', `/sessions/${id}/end`, {});
    expect((await remove(id, viewerId)).body).toMatchObject({ code: 'session_ended' });
  });
});

/** Who a viewer token is for. */
function subjectOf(token: string): ViewerId {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { sub: ViewerId }).sub;
}

describe('the quality of a session', () => {
  const quality = (id: string) => gc.api<SessionQuality>('GET', `/sessions/${id}/quality`);

  it('is told for the agent and each viewer', async () => {
    const { id, viewerId } = await watched();
    const { status, body } = await quality(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      session_id: id,
      node_id: 'node-1',
      epoch: 1,
      agent: { connected: true },
      viewers: [{ viewer_id: viewerId }],
    });
  });

  it('is told before anybody is there', async () => {
    const { id } = await gc.createSession();
    const { body } = await quality(id);
    expect(body).toMatchObject({ agent: { connected: false, bitrate_bps: 0 }, viewers: [] });
  });

  it('is refused while the node can not be asked, and after the end', async () => {
    const { id } = await gc.createSession();
    await gc.node.cutLink();
    await until('the link to be lost', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    expect(await quality(id)).toMatchObject({
      status: 503,
      body: { code: 'media_node_unreachable', retryable: true },
    });
    await gc.api('POST', `/sessions/${id}/end`, {});
    expect((await quality(id)).body).toMatchObject({ code: 'session_ended' });
    expect((await quality(newId('ses'))).body).toMatchObject({ code: 'session_not_found' });
  });
});
