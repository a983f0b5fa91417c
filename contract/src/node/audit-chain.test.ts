import { describe, expect, it } from 'vitest';
import type { AuditEntry, Checkpoint } from '../audit.ts';
import {
  canonicalJson,
  chained,
  checkpointKey,
  entryHash,
  GENESIS,
  isSignedBy,
  keyIdOf,
  signCheckpoint,
} from './audit-chain.ts';

const SEED = Buffer.alloc(32, 7).toString('base64url');

describe('canonical JSON', () => {
  it('is what RFC 8785 shows (3.2.2 and 3.2.3)', () => {
    const sample: unknown = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
    expect(canonicalJson(sample)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
    const names = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect([...canonicalJson(names).matchAll(/:(\d)/g)].map(([, value]) => value).join('')).toBe(
      '2467153',
    );
  });

  it('leaves out what JSON leaves out', () => {
    expect(canonicalJson({ b: undefined, a: [undefined, -0] })).toBe('{"a":[null,0]}');
  });
});

describe('a chain', () => {
  it('hashes an entry as openssl would, given the same bytes', () => {
    const entry = chained(
      {
        chain: 'server',
        seq: 1,
        at: '2026-12-01T09:30:00.000Z',
        actor: { kind: 'server' },
        act: 'server.started',
        details: { build: 'x' },
      },
      GENESIS,
    );
    // printf '{"act":"server.started",…}' | openssl sha256
    expect(entry.hash).toBe('78c6c3c23e8b67a31077da9993927c0928a27272d17cd74b937dd01eba061814');
    expect(entryHash({ ...entry, hash: 'anything' })).toBe(entry.hash);
  });

  it('hashes what will be read again, not what was given', () => {
    const details = { at: new Date(0), gone: undefined };
    const entry = chained(
      { chain: 'server', seq: 1, at: '', actor: { kind: 'server' }, act: 'x', details },
      GENESIS,
    );
    const read = JSON.parse(JSON.stringify(entry)) as AuditEntry;
    expect(entryHash(read)).toBe(entry.hash);
  });
});

describe('a checkpoint', () => {
  const key = checkpointKey(SEED);
  const checkpoint = signCheckpoint({ seq: 3, hash: 'a'.repeat(64) }, 0, key);

  it('is signed by its key and by no other, and only as it is', () => {
    expect(isSignedBy(checkpoint, key.publicKey)).toBe(true);
    const other = checkpointKey(Buffer.alloc(32, 8).toString('base64url'));
    expect(isSignedBy(checkpoint, other.publicKey)).toBe(false);
    const changes: Partial<Checkpoint>[] = [
      { seq: 4 },
      { head: 'b'.repeat(64) },
      { at: '1970-01-02T00:00:00.000Z' },
      { key_id: other.keyId },
      { more: 1 },
    ];
    for (const change of changes)
      expect(isSignedBy({ ...checkpoint, ...change }, key.publicKey)).toBe(false);
  });

  it('names its key by what the key is', () => {
    expect(checkpoint.key_id).toBe(keyIdOf(key.publicKey));
    expect(() => checkpointKey('short')).toThrow('32 bytes');
  });
});
