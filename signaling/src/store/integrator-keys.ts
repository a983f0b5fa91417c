// Integrator keys that were minted through the contract: their hashes, and when any key was used.
import type { IntegratorKeyId } from '@guruconnect/contract/ids';
import type { AuditAct } from './audit.ts';

export type IntegratorKeyRecord = {
  readonly id: IntegratorKeyId;
  /** The part of the key that names it: gci_<public_id>_… */
  readonly public_id: string;
  readonly hash: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at_ms: number;
  readonly expires_at_ms?: number | undefined;
  readonly revoked_at_ms?: number | undefined;
};

export type IntegratorKeyStore = {
  /** @returns false when `limit` keys are neither revoked nor expired; nothing is added then. */
  add(key: IntegratorKeyRecord, limit: number, act?: AuditAct): Promise<boolean>;
  find(public_id: string): Promise<IntegratorKeyRecord | undefined>;
  /** Newest first. */
  list(): Promise<IntegratorKeyRecord[]>;
  /** @returns the key as it is now; revoking twice changes nothing. */
  revoke(
    id: IntegratorKeyId,
    nowMs: number,
    act?: AuditAct,
  ): Promise<IntegratorKeyRecord | undefined>;
  /** Also of keys that are not in this table (those of the environment). */
  used(id: IntegratorKeyId, nowMs: number): Promise<void>;
  lastUses(): Promise<ReadonlyMap<string, number>>;
};
