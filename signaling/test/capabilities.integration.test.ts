// The capabilities document as one integrator key sees it, and what is deprecated on every door.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capabilities, type Feature } from '@guruconnect/contract/http/v1/capabilities';
import type { Deprecation } from '@guruconnect/contract/http/v1/deprecations';
import type { IntegratorKeyWithSecret } from '@guruconnect/contract/http/v1/integrator-keys';
import { SCOPES, type Scope } from '@guruconnect/contract/http/v1/routes';
import type { z } from 'zod';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import { Harness, sessionRequest, type ApiAnswer } from './harness.ts';

const about = {
  since: '2027-01-15T00:00:00.000Z',
  sunset: '2028-01-15T00:00:00.000Z',
  replacement: 'Use the other one.',
  link: 'https://gc.example/changes',
};
const DEPRECATED: readonly Deprecation[] = [
  { kind: 'route', route: 'machines.list', ...about },
  { kind: 'request_field', route: 'sessions.create', field: 'reason', ...about },
  { kind: 'feature', feature: 'audio', ...about },
];

let gc: Harness;
beforeAll(async () => {
  gc = await Harness.start({ deprecations: DEPRECATED });
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  await gc.close();
});

type Minted = z.output<typeof IntegratorKeyWithSecret>;
const mint = async (scopes: readonly Scope[], expires_in_s?: number): Promise<Minted> => {
  const request = { name: 'test', scopes, expires_in_s };
  const answer = await gc.api<Minted>('POST', '/integrator-keys', request);
  expect(answer.status).toBe(201);
  return answer.body;
};
const ask = (key: string | null, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
  gc.api('GET', '/capabilities', undefined, { key, headers });

/** A device holds only so many sessions at once. */
let devices = 0;
const anotherDevice = (): string => `device-${(devices += 1)}`;

/** What a key does to use the feature. */
const USES: Partial<Record<Feature, (key: string) => Promise<ApiAnswer>>> = {
  remote_input: (key) =>
    gc.api('POST', '/sessions', sessionRequest({ device_id: anotherDevice() }), { key }),
  view_only: (key) =>
    gc.api('POST', '/sessions', sessionRequest({ device_id: anotherDevice(), grants: ['view'] }), {
      key,
    }),
  events_api: async (key) => {
    const { id } = await gc.createSession({ device_id: anotherDevice() });
    return gc.api('GET', `/sessions/${id}/events`, undefined, { key });
  },
  webhooks: (key) => gc.api('POST', '/webhooks', { url: 'https://rmm.example/hook' }, { key }),
  per_machine_keys: (key) =>
    gc.api('POST', '/enrolment-tokens', { device_id: 'device-1' }, { key }),
};

describe('the capabilities of a key', () => {
  it.each(Object.keys(SCOPES) as Scope[])(
    'with only %s are those features that it can really use',
    async (scope) => {
      const { key } = await mint([scope]);
      const { features, feature_details } = Capabilities.parse((await ask(key)).body);
      for (const [name, use] of Object.entries(USES)) {
        const answer = await use(key);
        expect([name, answer.status < 300]).toEqual([name, features[name]]);
        if (features[name]) continue;
        expect(answer.body).toMatchObject({ code: 'scope_missing' });
        const missing = /needs the scope (\S+)/.exec(String(answer.body['detail']))?.[1];
        expect(feature_details[name]).toMatchObject({ state: 'off' });
        expect(feature_details[name]?.reason_if_off).toContain(missing);
      }
    },
  );

  it('say which key they are of, and when it ends', async () => {
    const minted = await mint(['webhooks:read', 'sessions:read'], 3600);
    const { key } = Capabilities.parse((await ask(minted.key)).body);
    expect(key).toEqual({
      id: minted.id,
      scopes: ['sessions:read', 'webhooks:read'],
      expires_at: minted.expires_at,
    });
    expect(Capabilities.parse((await ask(gc.key)).body).key?.scopes).toHaveLength(
      Object.keys(SCOPES).length,
    );
  });

  it('are nobody else’s: own ETag, no shared cache, within the rate of the key', async () => {
    const { key } = await mint(['sessions:read']);
    const [own, everybodys] = [await ask(key), await ask(null)];
    for (const { headers } of [own, everybodys])
      expect(headers.get('vary')).toContain('Authorization');
    expect(own.headers.get('cache-control')).toMatch(/^private, /);
    expect(everybodys.headers.get('cache-control')).toMatch(/^public, /);
    expect(everybodys.body['key']).toBeUndefined();
    expect(own.headers.get('ratelimit')).toBeTruthy();
    const etag = own.headers.get('etag') ?? '';
    expect(etag).not.toBe(everybodys.headers.get('etag'));
    expect((await ask(key, { 'if-none-match': etag })).status).toBe(304);
    expect((await ask(null, { 'if-none-match': etag })).status).toBe(200);
    const bare = await gc.api('GET', '/api/integration/capabilities', undefined, { key });
    expect(bare.text).toBe(own.text);
  });

  it('are refused to a key that is none, or no longer one', async () => {
    for (const headers of [{ authorization: 'Bearer nonsense' }, { authorization: 'Basic eDp5' }])
      expect(await ask(null, headers)).toMatchObject({
        status: 401,
        body: { code: 'unauthenticated' },
      });
    expect(await ask(newIntegratorKey())).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    const { id, key } = await mint(['sessions:read']);
    await gc.api('POST', `/integrator-keys/${id}/revoke`);
    expect(await ask(key)).toMatchObject({ status: 401, body: { code: 'credential_revoked' } });
  });
});

describe('what is deprecated', () => {
  const told = ({ headers }: ApiAnswer): (string | null)[] =>
    ['deprecation', 'sunset', 'link'].map((name) => headers.get(name));
  const EXPECTED = [
    '@1799971200',
    'Sat, 15 Jan 2028 00:00:00 GMT',
    '<https://gc.example/changes>; rel="deprecation"; type="text/html"',
  ];

  it('is told on the answers of a route, refusals included, and on no other', async () => {
    expect(told(await gc.api('GET', '/machines'))).toEqual(EXPECTED);
    const refused = await gc.api('GET', '/machines?limit=0');
    expect(refused.status).toBe(400);
    expect(told(refused)).toEqual(EXPECTED);
    expect(told(await gc.api('GET', '/sessions'))).toEqual([null, null, null]);
  });

  it('is told to who gives the field, and only then', async () => {
    const reason = 'Printer';
    expect(
      told(
        await gc.api('POST', '/sessions', sessionRequest({ device_id: anotherDevice(), reason })),
      ),
    ).toEqual(EXPECTED);
    const without = sessionRequest({ device_id: anotherDevice() });
    expect(told(await gc.api('POST', '/sessions', without))).toEqual([null, null, null]);
  });

  it('is listed in the capabilities', async () => {
    const { deprecations } = Capabilities.parse((await ask(null)).body);
    expect(deprecations).toEqual([
      { what: 'machines.list', kind: 'route', ...about },
      { what: 'sessions.create#reason', kind: 'request_field', ...about },
      { what: 'audio', kind: 'feature', ...about },
    ]);
  });
});
