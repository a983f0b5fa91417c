import { describe, expect, it } from 'vitest';
import { integratorKeyId, isIntegratorKey, newIntegratorKey } from './integrator-key.ts';
import { openSqliteStore } from '../store/store.sqlite.ts';
import { IntegratorKeys } from './integrator-keys.ts';

describe('an integrator key', () => {
  it('is found by its prefix, names itself and holds 260 random bits', () => {
    const key = newIntegratorKey();
    expect(key).toMatch(/^gci_[0-9a-z]{10}_[0-9a-z]{58}$/);
    expect(integratorKeyId(key)).toBe(key.slice(4, 14));
    expect(new Set(Array.from({ length: 100 }, newIntegratorKey)).size).toBe(100);
  });

  it('with any one character changed is not well-formed', () => {
    const key = newIntegratorKey();
    for (let i = 0; i < key.length; i += 1) {
      const other = key[i] === '0' ? '1' : '0';
      expect(isIntegratorKey(key.slice(0, i) + other + key.slice(i + 1))).toBe(false);
    }
  });

  it('opens the door only as itself, whole, as a bearer', async () => {
    const key = newIntegratorKey();
    const store = openSqliteStore(':memory:');
    const keys = new IntegratorKeys({ keys: [key], store: store.integratorKeys });
    expect((await keys.verify(`Bearer ${key}`)).keyId).toBe(integratorKeyId(key));
    expect((await keys.verify(`bearer ${key}`)).scopes.has('sessions:write')).toBe(true);
    for (const header of [
      undefined,
      '',
      key,
      `Basic ${key}`,
      `Bearer ${newIntegratorKey()}`,
      `Bearer ${key} x`,
    ])
      await expect(keys.verify(header)).rejects.toMatchObject({ code: 'unauthenticated' });
    await store.close();
  });
});
