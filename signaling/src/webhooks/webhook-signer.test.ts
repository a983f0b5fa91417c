import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSigningKeys, signedHeaders } from '@guruconnect/contract/node/webhook-signer';

const BODY = '{"type":"session.live","data":{"name":"Ä€"}}';
/** As RFC 8410 writes an Ed25519 public key, before its 32 bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const publicKeyOf = (whpk: string) =>
  createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(whpk.replace('whpk_', ''), 'base64')]),
    format: 'der',
    type: 'spki',
  });

describe('a signature', () => {
  it('is one that the standardwebhooks library takes, and only with its secret', () => {
    const { keys, told } = newSigningKeys();
    const headers = signedHeaders('dlv_1', BODY, [keys], Date.now());
    expect(new Webhook(told.secret).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    const other = new Webhook(newSigningKeys().told.secret);
    expect(() => other.verify(BODY, headers)).toThrow('No matching signature');
    expect(() => new Webhook(told.secret).verify(`${BODY} `, headers)).toThrow();
    const old = signedHeaders('dlv_1', BODY, [keys], Date.now() - 10 * 60_000);
    expect(() => new Webhook(told.secret).verify(BODY, old)).toThrow('timestamp');
  });

  it('is verified with the public key alone, too', () => {
    const { keys, told } = newSigningKeys();
    const headers = signedHeaders('dlv_1', BODY, [keys], 1_700_000_000_999);
    const v1a = headers['webhook-signature'].split(' ').find((part) => part.startsWith('v1a,'));
    const signature = Buffer.from(v1a?.slice(4) ?? '', 'base64');
    const content = Buffer.from(`dlv_1.1700000000.${BODY}`);
    expect(verify(null, content, publicKeyOf(told.public_key), signature)).toBe(true);
    expect(verify(null, content, publicKeyOf(newSigningKeys().told.public_key), signature)).toBe(
      false,
    );
  });

  it('of every key is sent while they are rotated', () => {
    const [fresh, old] = [newSigningKeys(), newSigningKeys()];
    const headers = signedHeaders('dlv_1', BODY, [fresh.keys, old.keys], Date.now());
    for (const { told } of [fresh, old])
      expect(() => new Webhook(told.secret).verify(BODY, headers)).not.toThrow();
    expect(headers['webhook-signature'].split(' ').map((part) => part.split(',')[0])).toEqual([
      'v1',
      'v1a',
      'v1',
      'v1a',
    ]);
  });

  it('never repeats a secret, which has 256 bits', () => {
    const secrets = Array.from({ length: 20 }, () => newSigningKeys().told.secret);
    expect(new Set(secrets).size).toBe(20);
    expect(Buffer.from(secrets[0]?.replace('whsec_', '') ?? '', 'base64')).toHaveLength(32);
  });
});
