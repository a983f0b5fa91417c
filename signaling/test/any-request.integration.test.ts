// Whatever is sent to whatever route of the real server (contract/test/any-request.ts).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES, type RouteName } from '@guruconnect/contract/http/v1/routes';
import { AnyRequests } from '../../contract/test/any-request.ts';
import { Harness } from './harness.ts';

/** Of each route; three quarters of them are meant to be wrong in some way. */
const REQUESTS_PER_ROUTE = 100;

let gc: Harness;
let any: AnyRequests;

beforeAll(async () => {
  gc = await Harness.start({
    nodes: 8,
    // Each request comes from an address of its own: limits are another test.
    env: { GC_RATE_PER_MINUTE: '1000000', GC_TRUSTED_PROXIES: '127.0.0.1' },
  });
  const { created } = await gc.liveSession({ device_id: 'device-1' });
  const known = { session_id: created.id, device_id: 'device-1' };
  any = new AnyRequests({ url: gc.url, key: gc.key, known });
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  const faults = gc.log.filter((line) => /"level":(50|60)/.test(line));
  expect(faults).toEqual([]);
  await gc.close();
});

describe('any request to', () => {
  const routes = Object.keys(ROUTES) as RouteName[];
  it.each(routes)('%s', (name) => any.assert(name, REQUESTS_PER_ROUTE));

  it('all of them was asked in every way', () => {
    expect(any.requests).toBeGreaterThan(routes.length * REQUESTS_PER_ROUTE * 0.99);
    // Not only refusals: the requests are meant to be right as well.
    for (const status of [200, 201, 400, 401, 404, 415])
      expect(any.statuses.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(10);
  });
});
