// Integrator keys: minted with scopes, refused beyond them, refused when they are over.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import {
  SCOPE_NAMES,
  type IntegratorKey,
  type IntegratorKeyList,
  type IntegratorKeyWithSecret,
} from '@guruconnect/contract/http/v1/integrator-keys';
import { newId } from '@guruconnect/contract/ids';
import { ROUTES, SCOPES, type Route } from '@guruconnect/contract/http/v1/routes';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import { LIMITS } from '../src/limits.ts';
import { Harness, type ApiAnswer } from './harness.ts';
import { until } from './until.ts';

type Minted = z.output<typeof IntegratorKeyWithSecret>;

let gc: Harness;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gc-keys-'));
  gc = await Harness.start({ nodeUrls: [], env: { GC_STORE: join(directory, 'store.sqlite') } });
});
afterEach(async () => {
  vi.useRealTimers();
  await gc.close();
  rmSync(directory, { recursive: true, force: true });
  expect(gc.badAnswers).toEqual([]);
});

const mint = async (scopes: readonly string[], change = {}, key?: string): Promise<Minted> => {
  const body = { name: 'Ticket system', scopes, ...change };
  const answer = await gc.api<Minted>('POST', '/integrator-keys', body, key ? { key } : {});
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
const revoke = (id: string): Promise<ApiAnswer> =>
  gc.api('POST', `/integrator-keys/${id}/revoke`, {});
const list = async (): Promise<IntegratorKey[]> =>
  (await gc.api<z.output<typeof IntegratorKeyList>>('GET', '/integrator-keys')).body.keys;

/** Connections kept from before are noticed to be gone. */
const restarted = async (): Promise<void> => {
  await gc.stopSignaling();
  await gc.startSignaling();
  await until('the server to be back', async () => (await fetch(`${gc.url}/livez`)).ok);
};

const guarded = (Object.entries(ROUTES) as [string, Route][]).filter(
  ([, { auth }]) => auth === 'integrator',
);
const pathOf = (path: string): string =>
  path
    .replace('{session_id}', newId('ses'))
    .replace('{webhook_id}', newId('whk'))
    .replace('{viewer_id}', newId('vwr'))
    .replace('/integrator-keys/{key_id}', `/integrator-keys/${newId('gik')}`)
    .replace('{key_id}', newId('mky'))
    .replace('{device_id}', 'device-0')
    .replace('{platform}', 'linux-x64')
    .replace('{version}', '1.0.0');

describe('a minted key', () => {
  it('opens what its scopes say and is told which one it lacks everywhere else', async () => {
    for (const scope of SCOPE_NAMES) {
      const { key } = await mint([scope]);
      for (const [name, route] of guarded) {
        const answer = await gc.api(route.method, pathOf(route.path), route.body ? {} : undefined, {
          key,
        });
        if (route.scope === scope) {
          expect([name, answer.body['code']]).not.toEqual([name, 'scope_missing']);
          continue;
        }
        expect([name, answer.status]).toEqual([name, 403]);
        expect(answer.body).toMatchObject({ code: 'scope_missing' });
        expect(answer.body['detail']).toContain(route.scope);
      }
    }
  });

  it('is told once and is stored as a hash only', async () => {
    const { key, ...told } = await mint(['sessions:read'], { expires_in_s: 3600 });
    const { text } = await gc.api('GET', '/integrator-keys');
    expect(text).not.toContain(key);
    const [fromEnvironment, minted] = await list();
    expect(minted).toEqual(told);
    expect(told).toMatchObject({
      name: 'Ticket system',
      scopes: ['sessions:read'],
      source: 'api',
    });
    expect(Date.parse(told.expires_at ?? '') - Date.parse(told.created_at ?? '')).toBe(3_600_000);
    expect(fromEnvironment).toMatchObject({
      source: 'environment',
      scopes: Object.keys(SCOPES),
    });
    await gc.stopSignaling();
    const secret = key.split('_')[2] ?? '';
    expect(readFileSync(join(directory, 'store.sqlite')).toString('latin1')).not.toContain(secret);
    expect(gc.log.join('')).not.toContain(secret);
  });

  it('is refused at once when it is revoked, and only its holder is told why', async () => {
    const { id, key } = await mint(['sessions:read']);
    expect((await gc.api('GET', '/sessions', undefined, { key })).status).toBe(200);
    const revoked = await revoke(id);
    expect(revoked).toMatchObject({ status: 200, body: { id } });
    expect(revoked.body['revoked_at']).toBeDefined();
    expect(await gc.api('GET', '/sessions', undefined, { key })).toMatchObject({
      status: 401,
      body: { code: 'credential_revoked' },
    });
    expect((await revoke(id)).body['revoked_at']).toBe(revoked.body['revoked_at']);
    // Another secret with the same public part.
    const guess = newIntegratorKey();
    expect(await gc.api('GET', '/sessions', undefined, { key: guess })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    expect((await revoke(newId('gik'))).status).toBe(404);
  });

  it('is refused when it has expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { key } = await mint(['sessions:read'], { expires_in_s: 60 });
    vi.setSystemTime(Date.now() + 59_000);
    expect((await gc.api('GET', '/sessions', undefined, { key })).status).toBe(200);
    vi.setSystemTime(Date.now() + 1_000);
    expect(await gc.api('GET', '/sessions', undefined, { key })).toMatchObject({
      status: 401,
      body: { code: 'credential_expired' },
    });
  });

  it('survives a restart of signaling, and so does its revocation', async () => {
    const good = await mint(['sessions:read']);
    const bad = await mint(['sessions:read']);
    await revoke(bad.id);
    await restarted();
    expect((await gc.api('GET', '/sessions', undefined, good)).status).toBe(200);
    expect((await gc.api('GET', '/sessions', undefined, bad)).body['code']).toBe(
      'credential_revoked',
    );
  });
});

describe('minting', () => {
  it('gives nobody more than they have', async () => {
    const { key } = await mint(['keys:write', 'sessions:read']);
    const child = await mint(['sessions:read'], {}, key);
    expect(child.scopes).toEqual(['sessions:read']);
    const answer = await gc.api(
      'POST',
      '/integrator-keys',
      { name: 'x', scopes: ['sessions:read', 'sessions:write'] },
      { key },
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(answer.body['detail']).toContain('sessions:write');
    expect(answer.body['detail']).not.toContain('sessions:read');
  });

  it.each([
    [{ scopes: [] }, '/scopes'],
    [{ scopes: ['everything'] }, '/scopes/0'],
    [{ name: '' }, '/name'],
    [{ expires_in_s: 1 }, '/expires_in_s'],
    [{ key: 'gci_mine' }, '/key'],
  ])('refuses %j', async (change, pointer) => {
    const body = { name: 'x', scopes: ['sessions:read'], ...change };
    const answer = await gc.api('POST', '/integrator-keys', body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it('stops at the limit until a key is over', async () => {
    const ids: string[] = [];
    for (let i = 0; i < LIMITS.integratorKeys; i += 1) ids.push((await mint(['sessions:read'])).id);
    const body = { name: 'one more', scopes: ['sessions:read'] };
    expect(await gc.api('POST', '/integrator-keys', body)).toMatchObject({
      status: 429,
      body: { code: 'limit_reached' },
    });
    await revoke(ids[0] ?? '');
    await mint(['sessions:read']);
  });
});

describe('a use of a key', () => {
  it('is noted, once a minute, also for keys of the environment', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) });
    const { id, key } = await mint(['sessions:read']);
    const used = async (): Promise<(string | undefined)[]> =>
      (await list()).map(({ last_used_at }) => last_used_at);
    expect(await used()).toEqual(['2027-01-01T00:00:00.000Z', undefined]);
    vi.setSystemTime(Date.now() + 10_000);
    await gc.api('GET', '/sessions', undefined, { key });
    expect((await used())[1]).toBe('2027-01-01T00:00:10.000Z');
    vi.setSystemTime(Date.now() + 50_000);
    await gc.api('GET', '/sessions', undefined, { key });
    // The minute of the minted key is not over, that of the environment's is.
    expect(await used()).toEqual(['2027-01-01T00:01:00.000Z', '2027-01-01T00:00:10.000Z']);
    vi.setSystemTime(Date.now() + 10_000);
    await gc.api('GET', '/sessions', undefined, { key });
    expect((await used())[1]).toBe('2027-01-01T00:01:10.000Z');
    await revoke(id);
  });
});

it('a key of the environment keeps its id, and is not revoked from outside', async () => {
  const [before] = await list();
  await restarted();
  const [after] = await list();
  expect(after?.id).toBe(before?.id);
  expect(await revoke(after?.id ?? '')).toMatchObject({
    status: 409,
    body: { code: 'illegal_transition' },
  });
  expect((await gc.api('GET', '/sessions')).status).toBe(200);
});
