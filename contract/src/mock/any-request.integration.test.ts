// Whatever is sent to whatever route of the mock broker: the same judge as of the real one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnyRequests } from '../../test/any-request.ts';
import { createClient } from '../client/client.ts';
import { ROUTES, type RouteName } from '../http/v1/routes.ts';
import { startMockBroker, type MockBroker } from './mock-broker.ts';

const REQUESTS_PER_ROUTE = 60;

let broker: MockBroker;
let any: AnyRequests;
beforeAll(async () => {
  broker = await startMockBroker({ speed: 1_000, ratePerMinute: 1_000_000 });
  const { baseUrl: url, integratorKey: key } = broker;
  const { id } = await createClient({ baseUrl: url, key }).sessions.create({
    device_id: 'device-1',
    mode: 'unattended',
    technician: { id: 'tech-7', name: 'Ada Chen' },
  });
  any = new AnyRequests({ url, key, known: { session_id: id, device_id: 'device-1' } });
});
afterAll(() => broker.close());

describe('any request to the mock broker’s', () => {
  const routes = Object.keys(ROUTES) as RouteName[];
  it.each(routes)('%s', (name) => any.assert(name, REQUESTS_PER_ROUTE));

  it('routes was sent rightly and wrongly', () => {
    expect(any.requests).toBeGreaterThan(routes.length * REQUESTS_PER_ROUTE * 0.99);
    for (const status of [200, 201, 400, 401, 404, 415])
      expect(any.statuses.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(5);
  });
});
