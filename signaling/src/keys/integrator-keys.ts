// Who calls the contract: the bearer key of a request -> an integrator with scopes. Keys come from
// the environment, with every scope, or are minted by a key that may. Only hashes are held. Owned
// by main.ts.
import { createHash } from 'node:crypto';
import { GcError } from '@guruconnect/contract/errors';
import { IntegratorKeyId, newId } from '@guruconnect/contract/ids';
import type { CreateIntegratorKey } from '@guruconnect/contract/http/v1/integrator-keys';
import { SCOPES, type Scope } from '@guruconnect/contract/http/v1/routes';
import { integratorActor } from '../audit/actors.ts';
import { LIMITS } from '../limits.ts';
import type { IntegratorKeyRecord, IntegratorKeyStore } from '../store/integrator-keys.ts';
import { integratorKeyId, lettersOf, newIntegratorKey } from './integrator-key.ts';
import { sameHash, secretHash } from './secret-hash.ts';

export type Integrator = {
  /** All keys speak for one integrator. */
  readonly id: string;
  /** Public part of the key: names it in logs and rate limits. */
  readonly keyId: string;
  /** As the integrator sees it listed. */
  readonly key: { readonly id: IntegratorKeyId; readonly expires_at_ms?: number | undefined };
  readonly scopes: ReadonlySet<Scope>;
};

export type ListedKey = {
  readonly id: IntegratorKeyId;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly source: 'environment' | 'api';
  readonly created_at_ms?: number | undefined;
  readonly expires_at_ms?: number | undefined;
  readonly last_used_at_ms?: number | undefined;
  readonly revoked_at_ms?: number | undefined;
};

type Known = {
  readonly id: IntegratorKeyId;
  readonly hash: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly record?: IntegratorKeyRecord;
};

const ALL_SCOPES: ReadonlySet<Scope> = new Set(Object.keys(SCOPES) as Scope[]);
const ENVIRONMENT = 'environment';
/** Compared with when the id is unknown, so that an unknown id costs what a wrong secret costs. */
const NOBODY = secretHash('nobody');
const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/i;
/** A busy key is noted this often, not at every request. */
const NOTE_USE_MS = 60_000;

const isScope = (name: string): name is Scope => Object.hasOwn(SCOPES, name);

export class IntegratorKeys {
  readonly #store: IntegratorKeyStore;
  /** By the public part of the key. */
  readonly #fromEnvironment = new Map<string, Known>();
  /** When a use was noted last. */
  readonly #noted = new Map<IntegratorKeyId, number>();

  /** @param parts.keys well-formed keys (config.ts has looked). */
  constructor(parts: { keys: readonly string[]; store: IntegratorKeyStore }) {
    this.#store = parts.store;
    for (const key of parts.keys) {
      const publicId = integratorKeyId(key);
      if (publicId === undefined) throw new Error('an integrator key is not well-formed');
      this.#fromEnvironment.set(publicId, {
        id: idOf(publicId),
        hash: secretHash(key),
        scopes: ALL_SCOPES,
      });
    }
  }

  /**
   * @param authorization the request's Authorization header.
   * @throws GcError `unauthenticated`; it never says which part was wrong. Only who holds the key is
   * told that it is over: `credential_revoked`, `credential_expired`.
   */
  async verify(authorization: string | undefined): Promise<Integrator> {
    const key = BEARER.exec(authorization ?? '')?.[1];
    const publicId = key === undefined ? undefined : integratorKeyId(key);
    const known = publicId === undefined ? undefined : await this.#find(publicId);
    const same = sameHash(secretHash(key ?? ''), known?.hash ?? NOBODY);
    if (publicId === undefined || known === undefined || !same)
      throw new GcError(
        'unauthenticated',
        'A valid integrator key is needed (Authorization: Bearer gci_…)',
      );
    const nowMs = Date.now();
    if (known.record?.revoked_at_ms !== undefined)
      throw new GcError('credential_revoked', 'The integrator key was revoked');
    if ((known.record?.expires_at_ms ?? Infinity) <= nowMs)
      throw new GcError('credential_expired', 'The integrator key has expired');
    await this.#noteUse(known.id, nowMs);
    return {
      id: ENVIRONMENT,
      keyId: publicId,
      key: { id: known.id, expires_at_ms: known.record?.expires_at_ms },
      scopes: known.scopes,
    };
  }

  /**
   * @param by nobody can give what they have not.
   * @returns the key itself too: it is shown once and can not be read again.
   * @throws GcError `scope_missing`, `limit_reached`.
   */
  async mint(
    { name, scopes, expires_in_s }: CreateIntegratorKey,
    by: Integrator,
  ): Promise<ListedKey & { key: string }> {
    const missing = scopes.filter((scope) => !by.scopes.has(scope));
    if (missing.length > 0)
      throw new GcError(
        'scope_missing',
        `A key can not give what it has not: ${missing.join(', ')}`,
      );
    const key = newIntegratorKey();
    const nowMs = Date.now();
    const record: IntegratorKeyRecord = {
      id: newId('gik', nowMs),
      public_id: integratorKeyId(key) ?? '',
      hash: secretHash(key),
      name,
      scopes: [...new Set(scopes)],
      created_at_ms: nowMs,
      expires_at_ms: expires_in_s === undefined ? undefined : nowMs + expires_in_s * 1000,
    };
    const act = {
      act: 'integrator_key.minted',
      actor: integratorActor(by),
      subject: { kind: 'integrator_key', id: record.id },
      details: { name, scopes: record.scopes, expires_in_s },
      at_ms: nowMs,
    } as const;
    if (!(await this.#store.add(record, LIMITS.integratorKeys, act)))
      throw new GcError('limit_reached', `There can be ${LIMITS.integratorKeys} valid keys`);
    return { ...listed(record, new Map()), key };
  }

  /** Ids of the keys of the environment. */
  get ofEnvironment(): IntegratorKeyId[] {
    return [...this.#fromEnvironment.values()].map(({ id }) => id);
  }

  /** Those of the environment, then minted ones, newest first. */
  async list(): Promise<ListedKey[]> {
    const uses = await this.#store.lastUses();
    const fromEnvironment = [...this.#fromEnvironment.values()].map(
      ({ id, scopes }): ListedKey => ({
        id,
        name: ENVIRONMENT,
        scopes: [...scopes],
        source: 'environment',
        last_used_at_ms: uses.get(id),
      }),
    );
    const minted = (await this.#store.list()).map((record) => listed(record, uses));
    return [...fromEnvironment, ...minted];
  }

  /** @throws GcError `not_found`; `illegal_transition` for a key of the environment. */
  async revoke(id: IntegratorKeyId, by: Integrator): Promise<ListedKey> {
    if ([...this.#fromEnvironment.values()].some((known) => known.id === id))
      throw new GcError(
        'illegal_transition',
        'A key of the environment is revoked by taking it out there',
      );
    const nowMs = Date.now();
    const record = await this.#store.revoke(id, nowMs, {
      act: 'integrator_key.revoked',
      actor: integratorActor(by),
      subject: { kind: 'integrator_key', id },
      at_ms: nowMs,
    });
    if (!record) throw new GcError('not_found', 'There is no such integrator key');
    return listed(record, await this.#store.lastUses());
  }

  async #find(publicId: string): Promise<Known | undefined> {
    const known = this.#fromEnvironment.get(publicId);
    if (known) return known;
    const record = await this.#store.find(publicId);
    if (!record) return undefined;
    const { id, hash, scopes } = record;
    return { id, hash, scopes: new Set(scopes.filter(isScope)), record };
  }

  async #noteUse(id: IntegratorKeyId, nowMs: number): Promise<void> {
    if (nowMs - (this.#noted.get(id) ?? 0) < NOTE_USE_MS) return;
    this.#noted.set(id, nowMs);
    await this.#store.used(id, nowMs);
  }
}

/** The same id for the same key at every start, though it is stored nowhere. */
const idOf = (publicId: string): IntegratorKeyId =>
  IntegratorKeyId.parse(`gik_${lettersOf(createHash('sha256').update(publicId).digest(), 26)}`);

const listed = (
  { id, name, scopes, created_at_ms, expires_at_ms, revoked_at_ms }: IntegratorKeyRecord,
  uses: ReadonlyMap<string, number>,
): ListedKey => ({
  id,
  name,
  scopes,
  source: 'api',
  created_at_ms,
  expires_at_ms,
  revoked_at_ms,
  last_used_at_ms: uses.get(id),
});
