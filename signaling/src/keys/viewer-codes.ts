// One-time codes that open a viewer: made, and taken exactly once. Only hashes are stored; the code
// itself is derived from the cluster secret and a public nonce, so a repeated request with the same
// Idempotency-Key can be answered with the same code without keeping it anywhere. Owned by main.ts.
import { createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { Technician } from '@guruconnect/contract/session';
import { viewerActor } from '../audit/actors.ts';
import type { CodeRecord, Store } from '../store/store.ts';
import { secretHash } from './secret-hash.ts';

/** Makes two codes of one session differ; the secrecy is the key's. */
const NONCE_BYTES = 16;

export type MintedCode = {
  readonly code: string;
  readonly nonce: string;
  readonly expires_at_ms: number;
};

export class ViewerCodes {
  readonly #store: Store;
  readonly #lifetimeMs: number;
  readonly #key: KeyObject;

  constructor(parts: { store: Store; clusterSecret: string; lifetimeMs: number }) {
    this.#store = parts.store;
    this.#lifetimeMs = parts.lifetimeMs;
    // Its own key: what is derived here says nothing about tokens for media nodes.
    this.#key = createSecretKey(
      Buffer.from(hkdfSync('sha256', parts.clusterSecret, '', 'gc viewer codes', 32)),
    );
  }

  get lifetimeMs(): number {
    return this.#lifetimeMs;
  }

  /** A further code; that of the session itself is made with it. */
  async mint(
    session_id: SessionId,
    technician: Technician,
    grants: Grant[],
    by: AuditActor,
  ): Promise<MintedCode> {
    const { record, minted } = this.make(session_id, technician, grants);
    await this.#store.codes.add(record, {
      act: 'viewer_code.minted',
      actor: by,
      subject: { kind: 'session', id: session_id },
      details: { technician, grants },
      at_ms: Date.now(),
    });
    return minted;
  }

  /** Stores nothing: `record` is written with the session it is for (SessionStore.create). */
  make(
    session_id: SessionId,
    technician: Technician,
    grants: Grant[],
  ): { readonly record: CodeRecord; readonly minted: MintedCode } {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const code = this.derive(session_id, nonce);
    const expires_at_ms = Date.now() + this.#lifetimeMs;
    const record = { hash: secretHash(code), session_id, technician, grants, expires_at_ms };
    return { record, minted: { code, nonce, expires_at_ms } };
  }

  /** The code that was minted with this nonce. */
  derive(session_id: SessionId, nonce: string): string {
    const bytes = createHmac('sha256', this.#key).update(`${session_id}.${nonce}`).digest();
    return `gcv_${bytes.toString('base64url')}`;
  }

  /** @throws GcError `code_invalid`, `code_used`, `code_expired`. */
  async take(session_id: SessionId, code: string, viewerId: ViewerId): Promise<CodeRecord> {
    const nowMs = Date.now();
    const taken = await this.#store.codes.take(
      secretHash(code),
      session_id,
      nowMs,
      ({ technician, grants }) => ({
        act: 'viewer_code.exchanged',
        actor: viewerActor(viewerId, technician),
        subject: { kind: 'session', id: session_id },
        details: { grants },
        at_ms: nowMs,
      }),
    );
    if (taken === 'unknown') throw new GcError('code_invalid');
    if (taken === 'used') throw new GcError('code_used');
    if (taken === 'expired') throw new GcError('code_expired');
    return taken;
  }
}
