// Who may connect to the control socket: whoever proves the cluster secret with a fresh token
// made for this node. Each token opens one connection; a second use is a replay.
import { errors as joseErrors, jwtVerify } from 'jose';
import type { z } from 'zod';
import { GcError } from '@guruconnect/contract/errors';
import type { NodeId } from '@guruconnect/contract/ids';
import {
  CLOCK_TOLERANCE_S,
  NODE_TOKEN,
  NodeClaims,
  TOKEN_TYPES,
} from '@guruconnect/contract/tokens';

type Claims = z.output<typeof NodeClaims>;

/** Longest token that is looked at; ours are about 300 characters. */
const MAX_TOKEN_CHARACTERS = 2048;

export class ControlAuth {
  readonly #nodeId: NodeId;
  readonly #keys: readonly Uint8Array[];
  readonly #nowMs: () => number;
  /** Tokens already used → when they stop being valid anyway. Only the secret's holders add to it. */
  readonly #used = new Map<string, number>();

  /** @param secrets UTF-8 text of the HS256 keys: the current one, and while rotating the old one. */
  constructor(nodeId: NodeId, secrets: readonly string[], nowMs: () => number = Date.now) {
    this.#nodeId = nodeId;
    this.#keys = secrets.map((secret) => new TextEncoder().encode(secret));
    this.#nowMs = nowMs;
  }

  /** @throws GcError `unauthenticated`, `credential_expired`, `credential_replayed`. */
  async admit(auth: unknown): Promise<Claims> {
    const token = (auth as { token?: unknown } | null | undefined)?.token;
    if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARACTERS)
      throw new GcError('unauthenticated', 'the handshake carries no token');
    const claims = await this.#verify(token);
    if (claims.sub !== undefined && claims.sub !== this.#nodeId)
      throw new GcError('unauthenticated', 'the token was made for another media node');
    this.#refuseReplay(claims);
    return claims;
  }

  async #verify(token: string): Promise<Claims> {
    let refusal: unknown;
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          typ: TOKEN_TYPES.node,
          audience: NODE_TOKEN.audience,
          // Also when a token claims to live longer: a stolen one is worth a minute.
          maxTokenAge: NODE_TOKEN.lifetimeS,
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(this.#nowMs()),
        });
        return NodeClaims.parse(payload);
      } catch (error) {
        refusal = error;
        // With a wrong key nothing else about the token is known yet: try the other one.
        if (!(error instanceof joseErrors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw new GcError(
      refusal instanceof joseErrors.JWTExpired ? 'credential_expired' : 'unauthenticated',
      undefined,
      { cause: refusal },
    );
  }

  #refuseReplay({ jti, exp }: Claims): void {
    const nowMs = this.#nowMs();
    for (const [used, untilMs] of this.#used) if (untilMs < nowMs) this.#used.delete(used);
    if (this.#used.has(jti)) throw new GcError('credential_replayed');
    const longestMs = nowMs + (NODE_TOKEN.lifetimeS + 2 * CLOCK_TOLERANCE_S) * 1000;
    this.#used.set(jti, Math.min((exp + CLOCK_TOLERANCE_S) * 1000, longestMs) + 1000);
  }
}
