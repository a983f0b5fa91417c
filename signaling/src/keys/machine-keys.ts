// What a machine key proves: whose connection this is, and that an answer of consent is the
// machine's own. Owned by main.ts.
import { GcError } from '@guruconnect/contract/errors';
import { within, type Grant } from '@guruconnect/contract/grants';
import {
  AGENT_TOKEN,
  AgentClaims,
  CLOCK_TOLERANCE_S,
  CONSENT_TOKEN,
  ConsentClaims,
  TOKEN_TYPES,
  type ConsentAnswer,
} from '@guruconnect/contract/tokens';
import type { SessionRecord } from '../store/session-record.ts';
import type { MachineKeyRecord, Store } from '../store/store.ts';
import { claimedKeyId, verifyToken } from './signed-token.ts';

export type ProvenMachine = { readonly key: MachineKeyRecord; readonly claims: AgentClaims };

export class MachineKeys {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Who connects. The machine is the key's, whatever the token claims to be.
   * @throws GcError `unauthenticated`, `credential_expired`, `credential_revoked`,
   * `credential_replayed`.
   */
  async verifyConnection(token: unknown, nowMs: number): Promise<ProvenMachine> {
    const thumbprint = claimedKeyId(token);
    const key =
      thumbprint === undefined ? undefined : await this.#store.machines.keyByThumbprint(thumbprint);
    if (!key) throw new GcError('unauthenticated', 'No such machine key');
    const claims = await verifyToken(token, key.public_key, {
      typ: TOKEN_TYPES.agent,
      audience: AGENT_TOKEN.audience,
      algorithm: 'EdDSA',
      claims: AgentClaims,
      maxAgeS: AGENT_TOKEN.lifetimeS,
    });
    if (claims.exp - claims.iat > AGENT_TOKEN.lifetimeS)
      throw new GcError('unauthenticated', `The token may live ${AGENT_TOKEN.lifetimeS} s at most`);
    // Only told to whoever holds the key: to all others a revoked key is an unknown one.
    if (key.revoked_at_ms !== undefined)
      throw new GcError('credential_revoked', 'The machine key was revoked');
    const until = (claims.exp + CLOCK_TOLERANCE_S) * 1000;
    if (!(await this.#store.once(`agent/${key.id}/${claims.jti}`, until)))
      throw new GcError('credential_replayed');
    await this.#store.machines.keyUsed(key.id, nowMs);
    return { key, claims };
  }

  /**
   * Is this the answer of that machine, to this very offer?
   * @throws GcError `unauthenticated` when anything about it differs.
   */
  async verifyConsent(
    key: MachineKeyRecord,
    record: SessionRecord,
    { answer, grants, proof }: { answer: ConsentAnswer; grants: readonly Grant[]; proof: string },
  ): Promise<void> {
    const claims = await verifyToken(proof, key.public_key, {
      typ: TOKEN_TYPES.consent,
      audience: CONSENT_TOKEN.audience,
      algorithm: 'EdDSA',
      claims: ConsentClaims,
    });
    const sameGrants =
      claims.grants.length === grants.length &&
      grants.every((grant) => claims.grants.includes(grant)) &&
      // Agreed to was what was offered, or less, but never nothing.
      within(grants, record.grants) &&
      grants.includes('view');
    const fits =
      claims.iss === key.machine_id &&
      claims.sid === record.id &&
      claims.answer === answer &&
      claims.technician.id === record.technician.id &&
      claims.technician.name === record.technician.name &&
      sameGrants &&
      // An answer to an earlier offer of the session does not count again, and none from the future
      // does: it would outlive the offers to come.
      (claims.iat + CLOCK_TOLERANCE_S) * 1000 >= (record.agent.offered_at_ms ?? Infinity) &&
      (claims.iat - CLOCK_TOLERANCE_S) * 1000 <= Date.now();
    if (!fits) throw new GcError('unauthenticated', 'The proof of consent is for something else');
  }
}
