import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceId, newId } from '@guruconnect/contract/ids';
import { AgentClaims, ConsentClaims } from '@guruconnect/contract/tokens';
import { MachineKey } from './machine-key.ts';

let folder: string;
const device = DeviceId.parse('pc-1');
const registration = { machine_id: newId('mch'), key_id: newId('mky') };
const file = (): string => join(folder, 'state', 'machine-key.json');
const open = (): Promise<MachineKey> => MachineKey.open(join(folder, 'state'), device);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gc-key-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a machine key', () => {
  it('is made once and survives restarts, for the owner only', async () => {
    const key = await open();
    key.registered(registration);
    const again = await open();
    expect(again.publicKey).toEqual(key.publicKey);
    expect(again.registration).toEqual(registration);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('proves a connection with what signaling checks, never twice the same', async () => {
    const key = await open();
    key.registered(registration);
    const boot = newId('boot');
    const [one, two] = [await key.connectionToken(boot), await key.connectionToken(boot)];
    const { payload, protectedHeader } = await jwtVerify(
      one,
      await importJWK(key.publicKey, 'EdDSA'),
      {
        audience: 'gc-signaling',
        typ: 'gc-agent+jwt',
      },
    );
    expect(AgentClaims.parse(payload)).toMatchObject({
      iss: registration.machine_id,
      boot_id: boot,
    });
    expect(protectedHeader.kid).toBe(decodeProtectedHeader(two).kid);
    expect(payload.jti).not.toBe(decodeJwt(two).jti);
  });

  it('signs an answer of consent with what was agreed to', async () => {
    const key = await open();
    key.registered(registration);
    const proof = await key.consentProof({
      sessionId: newId('ses'),
      answer: 'granted',
      technician: { id: 't', name: 'Ada' },
      grants: ['view'],
    });
    expect(ConsentClaims.parse(decodeJwt(proof))).toMatchObject({
      answer: 'granted',
      grants: ['view'],
    });
    expect(decodeProtectedHeader(proof).typ).toBe('gc-consent+jwt');
  });

  it('signs nothing before it is enrolled', async () => {
    await expect((await open()).connectionToken(newId('boot'))).rejects.toThrow(/not enrolled/);
  });

  it('of another device id is not used', async () => {
    const key = await open();
    key.registered(registration);
    const renamed = await MachineKey.open(join(folder, 'state'), DeviceId.parse('pc-2'));
    expect(renamed.registration).toBeUndefined();
    expect(renamed.publicKey.x).not.toBe(key.publicKey.x);
  });

  it('that is damaged is not replaced behind anybody’s back', async () => {
    await open();
    writeFileSync(file(), '{"version":1');
    await expect(open()).rejects.toThrow(/damaged: remove it/);
    expect(readFileSync(file(), 'utf8')).toBe('{"version":1');
  });
});
