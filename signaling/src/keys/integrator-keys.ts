// Who calls the contract: the bearer key of a request -> an integrator with scopes. Owned by
// main.ts; keys come from the environment, only their hashes are held.
import { GcError } from '@guruconnect/contract/errors';
import { SCOPES, type Scope } from '@guruconnect/contract/http/v1/routes';
import { integratorKeyId } from './integrator-key.ts';
import { sameHash, secretHash } from './secret-hash.ts';

export type Integrator = {
  /** Both keys of a rotation speak for one integrator. */
  readonly id: string;
  /** Public part of the key: names it in logs and rate limits. */
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
};

const ALL_SCOPES: ReadonlySet<Scope> = new Set(Object.keys(SCOPES) as Scope[]);
const FROM_ENVIRONMENT = 'environment';
/** Compared with when the id is unknown, so that an unknown id costs what a wrong secret costs. */
const NOBODY = secretHash('nobody');
const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/i;

export class IntegratorKeys {
  readonly #hashes = new Map<string, string>();

  /** @param keys well-formed keys (config.ts has looked). */
  constructor(keys: readonly string[]) {
    for (const key of keys) {
      const id = integratorKeyId(key);
      if (id === undefined) throw new Error('an integrator key is not well-formed');
      this.#hashes.set(id, secretHash(key));
    }
  }

  /**
   * @param authorization the request's Authorization header.
   * @throws GcError `unauthenticated`; it never says which part was wrong.
   */
  verify(authorization: string | undefined): Integrator {
    const key = BEARER.exec(authorization ?? '')?.[1];
    const id = key === undefined ? undefined : integratorKeyId(key);
    const hash = id === undefined ? undefined : this.#hashes.get(id);
    const same = sameHash(secretHash(key ?? ''), hash ?? NOBODY);
    if (id === undefined || hash === undefined || !same)
      throw new GcError(
        'unauthenticated',
        'A valid integrator key is needed (Authorization: Bearer gci_…)',
      );
    return { id: FROM_ENVIRONMENT, keyId: id, scopes: ALL_SCOPES };
  }
}
