// Every credential in every place that takes one, on the real processes: each opens its own place and
// no other (RFC 8725, 3.11 and 3.12). Rows and columns are lists, so what is added to them is tried.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode } from '@guruconnect/contract/errors';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { FakeViewer } from '../../signaling/test/fake-viewer.ts';
import { until } from '../stack/until.ts';
import { CREDENTIALS, forgeries, GENUINE, type Credential } from './credentials.ts';
import { INTEGRATOR_ROUTES, PLACES, type Place, type PlaceName } from './places.ts';
import { RELEASE, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  expect(world.stack.process('signaling').running).toBe(true);
  expect(world.stack.process('sfu').running).toBe(true);
  await world.close();
});

const places = Object.entries(PLACES) as [PlaceName, Place][];

/** What is wrong about a row: "place: what happened", nothing when all is as it should be. */
async function wrongAbout(credential: Credential): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, place] of places) {
    const outcome = await place(world, await credential.make(world));
    const opens = credential.opens === name;
    const coded = ErrorCode.safeParse(outcome).success && outcome !== 'internal';
    if (opens ? outcome !== 'accepted' : !coded || outcome === 'rate_limited')
      wrong.push(`${name}: ${outcome}`);
  }
  return wrong;
}

describe('a credential opens its own place and is refused with a code in every other', () => {
  it.each(CREDENTIALS)('$name', async (credential) => {
    expect(await wrongAbout(credential)).toEqual([]);
  });
});

describe('a forgery', () => {
  it('of any signed credential opens nothing', async () => {
    const rows = await forgeries(world);
    expect(rows.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    for (const row of rows)
      for (const fault of await wrongAbout(row)) wrong.push(`${row.name} | ${fault}`);
    expect(wrong).toEqual([]);
  }, 300_000);
});

describe('every route that takes an integrator key', () => {
  it.each(Object.entries(INTEGRATOR_ROUTES))('%s takes nothing else', async (_, route) => {
    for (const credential of CREDENTIALS) {
      const outcome = await route(world, await credential.make(world));
      const opens = credential.opens === 'an integrator route';
      expect([credential.name, outcome === 'accepted']).toEqual([credential.name, opens]);
    }
    expect(await route(world, 'x')).toBe('unauthenticated');
  });
});

describe('what works once', () => {
  const once = GENUINE.filter(({ opens }) =>
    (
      [
        'enrolment',
        'the exchange of codes',
        'the viewer socket, as proof',
        'the agent socket',
        'the control socket of a media node',
      ] as (PlaceName | undefined)[]
    ).includes(opens),
  );
  it.each(once)('$name is refused the second time', async ({ opens, make }) => {
    const credential = await make(world);
    const place = PLACES[opens as PlaceName];
    expect(await place(world, credential)).toBe('accepted');
    expect(await place(world, credential)).toMatch(
      /^(credential_replayed|code_used|device_enrolled)$/,
    );
  });
});

describe('a download of the agent', () => {
  it('is public: no credential opens more of it, none is asked for', async () => {
    const path = `${API_BASE}/agent/releases/linux-x64/1.0.0/download`;
    for (const credential of CREDENTIALS) {
      const authorization = `Bearer ${await credential.make(world)}`;
      const answer = await world.request('GET', path, { authorization });
      expect(answer).toMatchObject({ status: 200, text: RELEASE });
    }
    expect(await world.request('GET', path)).toMatchObject({ status: 200, text: RELEASE });
  });
});

describe('renewal on the live socket', () => {
  const refusalOf = (work: Promise<void>): Promise<string> =>
    work.then(
      () => 'accepted',
      ({ code }: { code: string }) => code,
    );

  it('gives a token for the same key only, to nobody but a viewer, and none after a removal', async () => {
    const { stack, contract, otherViewer } = world;
    const viewer = new FakeViewer(stack.baseUrl, otherViewer.page, otherViewer.token);
    try {
      await viewer.connect();
      await viewer.hello();
      const { token } = await viewer.ask('token.renew', {});
      expect(token).not.toBe(otherViewer.token);

      const stolen = new FakeViewer(stack.baseUrl, world.viewer.page, token);
      expect(await refusalOf(stolen.connect())).toBe('unauthenticated');
      const unknown = { ok: false, error: { code: 'unknown_message' } };
      expect(await world.agentSays('token.renew', {})).toMatchObject(unknown);
      const socket = viewer.socket.timeout(5_000);
      expect(await socket.emitWithAck('consent.answer', {})).toMatchObject(unknown);

      await contract.viewers.remove({
        session_id: otherViewer.sessionId,
        viewer_id: otherViewer.viewerId,
      });
      await until('its socket to be closed', () => !viewer.connected);
      for (const kept of [token, otherViewer.token]) {
        const again = new FakeViewer(stack.baseUrl, otherViewer.page, kept);
        expect(await refusalOf(again.connect())).toBe('credential_revoked');
      }
    } finally {
      viewer.close();
    }
  });
});
