// The ways a signed credential can be wrong, each applied to a genuine one (RFC 8725, section 2: what
// attackers of JWTs did). A forgery is built from the true key wherever the fault allows it, so that
// exactly one thing is wrong.
import type { KeyObject } from 'node:crypto';
import { TOKEN_TYPES } from '@guruconnect/contract/tokens';
import {
  eddsa,
  es256,
  hmac,
  jwt,
  publicJwk,
  publicPem,
  strangersEcKey,
  strangersKey,
  unsigned,
  type Signer,
} from './signed.ts';

/** A credential of one kind before it is signed. */
export type Genuine = {
  readonly header: Readonly<Record<string, unknown>> & { readonly typ: string };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signer: Signer;
  /** The key that signs; undefined for a shared secret. */
  readonly key: KeyObject | undefined;
};

export const signed = ({ header, claims, signer }: Genuine): string => jwt(header, claims, signer);

const HOUR_S = 3600;
const nowS = (): number => Math.floor(Date.now() / 1000);

const withClaims = (genuine: Genuine, claims: Record<string, unknown>): string =>
  signed({ ...genuine, claims: { ...genuine.claims, ...claims } });
const withHeader = (genuine: Genuine, header: Record<string, unknown>): string =>
  jwt({ ...genuine.header, ...header }, genuine.claims, genuine.signer);
const aged = (genuine: Genuine, ageS: number, lifeS: number): string => {
  const iat = nowS() - ageS;
  return withClaims(genuine, { iat, ...('exp' in genuine.claims ? { exp: iat + lifeS } : {}) });
};
const strangers = ({ signer }: Genuine): { key: KeyObject; signer: Signer } => {
  const key = signer.alg === 'ES256' ? strangersEcKey() : strangersKey();
  const own = signer.alg === 'ES256' ? es256(key) : eddsa(key);
  return { key, signer: signer.alg === 'HS256' ? hmac('x'.repeat(48)) : own };
};

/** Only of kinds that have one. */
const keyOf = ({ key }: Genuine): KeyObject => key ?? strangersKey();

export type Forgery = {
  readonly name: string;
  readonly forge: (genuine: Genuine) => string;
  /** Absent: every kind. */
  readonly of?: (genuine: Genuine) => boolean;
};

const asymmetric = ({ key }: Genuine): boolean => key !== undefined;
const symmetric = ({ key }: Genuine): boolean => key === undefined;
const timed = ({ claims }: Genuine): boolean => 'exp' in claims;

export const AUDIENCES = ['gc-signaling', 'gc-consent', 'gc-viewer', 'gc-media-node'] as const;

export const FORGERIES: readonly Forgery[] = [
  {
    name: 'without a signature (alg none)',
    forge: (genuine) => jwt(genuine.header, genuine.claims, unsigned),
  },
  {
    name: 'alg none in another spelling, with the true signature',
    forge: (genuine) => withHeader(genuine, { alg: 'nOnE' }),
  },
  {
    name: 'HS256 with the public key as the secret',
    of: asymmetric,
    forge: (genuine) => jwt(genuine.header, genuine.claims, hmac(publicPem(keyOf(genuine)))),
  },
  {
    name: 'HS256 with the raw public key as the secret',
    of: asymmetric,
    forge: (genuine) => {
      const { x } = publicJwk(keyOf(genuine));
      const secret = Buffer.from(String(x), 'base64url');
      return jwt(genuine.header, genuine.claims, hmac(secret));
    },
  },
  {
    name: 'EdDSA where a secret is shared',
    of: symmetric,
    forge: (genuine) => jwt(genuine.header, genuine.claims, eddsa(strangersKey())),
  },
  {
    name: 'HS512 with the true secret',
    of: symmetric,
    forge: (genuine) =>
      jwt(genuine.header, genuine.claims, {
        alg: 'HS512',
        sign: genuine.signer.sign,
      }),
  },
  {
    name: 'signed by a key it brings along (jwk)',
    forge: (genuine) => {
      const { key, signer } = strangers(genuine);
      return jwt({ ...genuine.header, jwk: publicJwk(key) }, genuine.claims, signer);
    },
  },
  {
    name: 'signed by another key of the same kind',
    forge: (genuine) => signed({ ...genuine, ...strangers(genuine) }),
  },
  {
    name: 'changed after it was signed',
    forge: (genuine) => {
      const [header, , signature] = signed(genuine).split('.');
      const claims = Buffer.from(JSON.stringify({ ...genuine.claims, more: 1 }));
      return `${header}.${claims.toString('base64url')}.${signature}`;
    },
  },
  {
    name: 'with its signature cut off',
    forge: (genuine) => `${signed(genuine).split('.').slice(0, 2).join('.')}.`,
  },
  {
    name: 'with a critical header nobody knows',
    forge: (genuine) => withHeader(genuine, { crit: ['gc'], gc: true }),
  },
  { name: 'expired', of: timed, forge: (genuine) => aged(genuine, HOUR_S, 60) },
  { name: 'an hour old', forge: (genuine) => aged(genuine, HOUR_S, 2 * HOUR_S) },
  { name: 'issued in an hour', forge: (genuine) => aged(genuine, -HOUR_S, 60) },
  {
    name: 'not valid for an hour yet (nbf)',
    forge: (genuine) => withClaims(genuine, { nbf: nowS() + HOUR_S }),
  },
  {
    name: 'without an end',
    of: timed,
    forge: (genuine) => withClaims(genuine, { exp: undefined }),
  },
  ...[...Object.values(TOKEN_TYPES), 'JWT', undefined].map((typ) => ({
    name: `with the typ ${typ ?? 'left out'}`,
    of: ({ header }: Genuine) => header.typ !== typ,
    forge: (genuine: Genuine) => withHeader(genuine, { typ }),
  })),
  ...[...AUDIENCES, undefined].map((aud) => ({
    name: `for the audience ${aud ?? 'nobody'}`,
    of: ({ claims }: Genuine) => claims['aud'] !== aud,
    forge: (genuine: Genuine) => withClaims(genuine, { aud }),
  })),
];
