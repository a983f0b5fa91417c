// One request, repeated under one Idempotency-Key, happens once
// (draft-ietf-httpapi-idempotency-key-header-08). Repeats that run at the same time wait for the
// first; later ones get the stored answer. The answer is stored in the transaction that makes what
// it tells of, so no crash can separate the two.
import { GcError, parseOr } from '@guruconnect/contract/errors';
import {
  IDEMPOTENCY_KEPT_S,
  IDEMPOTENCY_KEY_HEADER,
  IdempotencyKey,
} from '@guruconnect/contract/http/v1/headers';
import { secretHash } from '../keys/secret-hash.ts';
import type { SavedAnswer, Store } from '../store/store.ts';

/** Makes the answer storable; to be passed on to whoever writes. */
export type Keep<T> = (answer: T) => SavedAnswer;

type Running<T> = { readonly requestHash: string; readonly answer: Promise<T> };

export class Idempotency<T> {
  readonly #store: Store;
  readonly #running = new Map<string, Running<T>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param scope whose keys these are.
   * @param key the header; undefined runs `make` without remembering anything.
   * @param request the parsed body.
   * @throws GcError `idempotency_conflict` when the key came with another request before;
   * `invalid_request` for a key that is none; whatever `make` throws, and then the key is free again.
   */
  async run(
    scope: string,
    key: string | undefined,
    request: unknown,
    make: (keep: Keep<T> | undefined) => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return make(undefined);
    parseOr(IdempotencyKey, key, `The header ${IDEMPOTENCY_KEY_HEADER}`);
    const requestHash = secretHash(canonical(request));
    const name = JSON.stringify([scope, key]);

    const running = this.#running.get(name);
    if (running) {
      sameRequest(running.requestHash, requestHash);
      return running.answer;
    }
    const answer = this.#first(scope, key, requestHash, make).finally(() => {
      this.#running.delete(name);
    });
    this.#running.set(name, { requestHash, answer });
    return answer;
  }

  async #first(
    scope: string,
    key: string,
    requestHash: string,
    make: (keep: Keep<T>) => Promise<T>,
  ): Promise<T> {
    const saved = await this.#store.savedAnswer(scope, key, Date.now());
    if (saved) {
      sameRequest(saved.request_hash, requestHash);
      return JSON.parse(saved.answer) as T;
    }
    return make((answer) => ({
      scope,
      key,
      request_hash: requestHash,
      answer: JSON.stringify(answer),
      expires_at_ms: Date.now() + IDEMPOTENCY_KEPT_S * 1000,
    }));
  }
}

function sameRequest(before: string, now: string): void {
  if (before !== now) throw new GcError('idempotency_conflict');
}

/** The same text for the same value, whatever the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
