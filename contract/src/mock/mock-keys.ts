// Integrator keys of the mock broker: the one it was started with, which may do everything, and those
// minted with it; and how many requests each has left this minute. Owned by MockBroker.
import { randomBytes } from 'node:crypto';
import { GcError } from '../errors.ts';
import type { CreateIntegratorKey, IntegratorKey } from '../http/v1/integrator-keys.ts';
import { SCOPES, type Scope } from '../http/v1/routes.ts';
import { newId, type IntegratorKeyId } from '../ids.ts';

const MAX_KEYS = 64;
const WINDOW_MS = 60_000;

type Known = {
  view: IntegratorKey;
  readonly key: string;
  windowEndsAtMs: number;
  asked: number;
};
export type Caller = Pick<IntegratorKey, 'id' | 'scopes' | 'expires_at'>;
export type RateState = {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
};

/** Of the form of a real key but for its checksum: to an integrator a key is just text. */
export const newMockKey = (): string =>
  `gci_mock000000_${randomBytes(29).toString('hex').slice(0, 58)}`;

export class MockKeys {
  readonly #ratePerMinute: number;
  readonly #known = new Map<IntegratorKeyId, Known>();

  constructor(key: string, ratePerMinute: number) {
    this.#ratePerMinute = ratePerMinute;
    const scopes = Object.keys(SCOPES);
    this.#add(key, { id: newId('gik'), name: 'environment', scopes, source: 'environment' });
  }

  /** @throws GcError `unauthenticated`, `credential_revoked`, `credential_expired`. */
  verify(authorization: string | undefined): Caller {
    const key = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? '')?.[1];
    const known = [...this.#known.values()].find((each) => each.key === key);
    if (!known)
      throw new GcError(
        'unauthenticated',
        'A valid integrator key is needed (Authorization: Bearer gci_…)',
      );
    const { revoked_at, expires_at } = known.view;
    if (revoked_at !== undefined)
      throw new GcError('credential_revoked', 'The integrator key was revoked');
    if (expires_at !== undefined && Date.parse(expires_at) <= Date.now())
      throw new GcError('credential_expired', 'The integrator key has expired');
    known.view = { ...known.view, last_used_at: new Date().toISOString() };
    return known.view;
  }

  /** One more request of this key. @throws GcError `rate_limited`. */
  take({ id }: Caller): RateState {
    const known = this.#known.get(id);
    const nowMs = Date.now();
    if (!known) throw new GcError('unauthenticated');
    if (known.windowEndsAtMs <= nowMs) {
      known.windowEndsAtMs = nowMs + WINDOW_MS;
      known.asked = 0;
    }
    known.asked += 1;
    const resetMs = known.windowEndsAtMs - nowMs;
    if (known.asked > this.#ratePerMinute)
      throw new GcError('rate_limited', `At most ${this.#ratePerMinute} a minute`, {
        retryAfterMs: resetMs,
      });
    return { limit: this.#ratePerMinute, remaining: this.#ratePerMinute - known.asked, resetMs };
  }

  /** @returns the key itself, too. @throws GcError `scope_missing`, `limit_reached`. */
  mint(
    { name, scopes, expires_in_s }: CreateIntegratorKey,
    by: Caller,
  ): IntegratorKey & { key: string } {
    const missing = scopes.filter((scope) => !by.scopes.includes(scope));
    if (missing.length > 0)
      throw new GcError(
        'scope_missing',
        `A key can not give what it has not: ${missing.join(', ')}`,
      );
    const nowMs = Date.now();
    const valid = this.list().filter(
      (key) =>
        key.source === 'api' &&
        key.revoked_at === undefined &&
        (key.expires_at === undefined || Date.parse(key.expires_at) > nowMs),
    );
    if (valid.length >= MAX_KEYS)
      throw new GcError('limit_reached', `There can be ${MAX_KEYS} valid keys`);
    const key = newMockKey();
    const view: IntegratorKey = {
      id: newId('gik', nowMs),
      name,
      scopes: [...new Set<Scope>(scopes)],
      source: 'api',
      created_at: new Date(nowMs).toISOString(),
      ...(expires_in_s === undefined
        ? {}
        : { expires_at: new Date(nowMs + expires_in_s * 1000).toISOString() }),
    };
    this.#add(key, view);
    return { ...view, key };
  }

  /** The one from the start, then minted ones, newest first. */
  list(): IntegratorKey[] {
    const [first, ...minted] = [...this.#known.values()].map(({ view }) => view);
    return first ? [first, ...minted.reverse()] : [];
  }

  /** @throws GcError `not_found`; `illegal_transition` for the key from the start. */
  revoke(id: IntegratorKeyId): IntegratorKey {
    const known = this.#known.get(id);
    if (!known) throw new GcError('not_found', 'There is no such integrator key');
    if (known.view.source === 'environment')
      throw new GcError(
        'illegal_transition',
        'A key of the environment is revoked by taking it out there',
      );
    known.view = { ...known.view, revoked_at: known.view.revoked_at ?? new Date().toISOString() };
    return known.view;
  }

  #add(key: string, view: IntegratorKey): void {
    this.#known.set(view.id, { key, view, windowEndsAtMs: 0, asked: 0 });
  }
}
