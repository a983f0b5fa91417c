// Wrong credentials, counted: one entry of the audit for all of a minute, however many somebody
// tries. Owned by Audit.
import type { ErrorCode } from '@guruconnect/contract/errors';
import type { AuditAct } from '../store/audit.ts';

/** Refusals that may be somebody's attempt to get in. */
const COUNTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'credential_expired',
  'credential_revoked',
  'credential_replayed',
  'scope_missing',
  'origin_not_allowed',
  'machine_quarantined',
  'device_enrolled',
  'code_invalid',
  'code_used',
  'code_expired',
]);
/** Addresses that are counted each; those beyond are one. */
const ADDRESSES = 256;
/** Addresses that an entry names. */
const NAMED = 8;
const OTHERS = 'others';

export type Door = 'http' | 'agent' | 'viewer';

export class RefusedCredentials {
  readonly #refusals = new Map<string, { door: Door; code: ErrorCode; count: number }>();
  readonly #addresses = new Map<string, number>();

  note(door: Door, code: ErrorCode, address: string): void {
    if (!COUNTED.has(code)) return;
    const name = `${door}/${code}`;
    const refusal = this.#refusals.get(name) ?? { door, code, count: 0 };
    refusal.count += 1;
    this.#refusals.set(name, refusal);
    const from =
      this.#addresses.has(address) || this.#addresses.size < ADDRESSES ? address : OTHERS;
    this.#addresses.set(from, (this.#addresses.get(from) ?? 0) + 1);
  }

  /** What came since the last call; undefined when nothing did. */
  take(at_ms: number): AuditAct | undefined {
    if (this.#refusals.size === 0) return undefined;
    const refusals = [...this.#refusals.values()];
    const addresses = [...this.#addresses]
      .map(([address, count]) => ({ address, count }))
      .sort((a, b) => b.count - a.count);
    this.#refusals.clear();
    this.#addresses.clear();
    return {
      act: 'credentials.refused',
      actor: { kind: 'unknown' },
      details: {
        refusals,
        addresses: addresses.slice(0, NAMED),
        further_addresses: Math.max(0, addresses.length - NAMED),
      },
      at_ms,
    };
  }
}
