// Claims of every signed credential. Each has its own `typ`, audience, key and lifetime, so that
// none can be used in another's place (RFC 8725, 3.11 and 3.12).
import { z } from 'zod';
import { BootId, Epoch, MachineId, NodeId, SessionId, ViewerId } from './ids.ts';
import { Grant } from './grants.ts';

const seconds = z.number().int().nonnegative();
const jti = z.string().min(16).max(64);

/** How far the two clocks may differ, seconds. */
export const CLOCK_TOLERANCE_S = 30;

export const TOKEN_TYPES = {
  agent: 'gc-agent+jwt',
  consent: 'gc-consent+jwt',
  viewer: 'gc-viewer+jwt',
  viewerProof: 'gc-viewer-proof+jwt',
  node: 'gc-node+jwt',
} as const;

/** Proof of a machine key: EdDSA, made by the agent for each connection, used once. */
export const AGENT_TOKEN = { audience: 'gc-signaling', lifetimeS: 60 } as const;
export const AgentClaims = z.object({
  iss: MachineId,
  aud: z.literal(AGENT_TOKEN.audience),
  boot_id: BootId,
  iat: seconds,
  exp: seconds,
  jti,
});
export type AgentClaims = z.output<typeof AgentClaims>;

/** The end user's answer (or the agent policy's), signed with the machine key and journaled. */
export const CONSENT_TOKEN = { audience: 'gc-consent' } as const;
export const ConsentAnswer = z.enum([
  'not_required',
  'granted',
  'denied',
  'timed_out',
  'unavailable',
  'refused',
]);
export type ConsentAnswer = z.output<typeof ConsentAnswer>;
export const ConsentClaims = z.object({
  iss: MachineId,
  aud: z.literal(CONSENT_TOKEN.audience),
  sid: SessionId,
  answer: ConsentAnswer,
  /** What the person was told of the technician, so the record shows what was agreed to. */
  technician: z.object({ id: z.string(), name: z.string() }),
  grants: z.array(Grant),
  iat: seconds,
});
export type ConsentClaims = z.output<typeof ConsentClaims>;

/** EdDSA by signaling, bound to the viewer's own key (`cnf.jkt`, RFC 7800 and RFC 9449). */
export const VIEWER_TOKEN = { audience: 'gc-viewer', lifetimeS: 300 } as const;
export const ViewerClaims = z.object({
  iss: z.literal('gc-signaling'),
  aud: z.literal(VIEWER_TOKEN.audience),
  sub: ViewerId,
  sid: SessionId,
  grants: z.array(Grant),
  cnf: z.object({ jkt: z.string().min(43).max(43) }),
  iat: seconds,
  exp: seconds,
});
export type ViewerClaims = z.output<typeof ViewerClaims>;

/** Proof of the viewer's key for one socket connection: ES256, used once (as DPoP, RFC 9449). */
export const VIEWER_PROOF = { audience: 'gc-signaling', lifetimeS: 60 } as const;
export const ViewerProofClaims = z.object({
  aud: z.literal(VIEWER_PROOF.audience),
  /** SHA-256 of the token this proof goes with, base64url (RFC 9449, `ath`). */
  ath: z.string().min(43).max(43),
  iat: seconds,
  jti,
});

/** A coordinate or key of 32 bytes as JWK has it: base64url (RFC 7515, 2) of exactly that length. */
const bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

/** Public key of a viewer: made by WebCrypto, not extractable. */
export const ViewerJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: bytes32,
  y: bytes32,
});
export type ViewerJwk = z.output<typeof ViewerJwk>;

/** Public key of a machine. */
export const MachineJwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: bytes32,
});
export type MachineJwk = z.output<typeof MachineJwk>;

/** Signaling to a media node: HS256 with the cluster secret, a fresh one for each connection. */
export const NODE_TOKEN = { audience: 'gc-media-node', lifetimeS: 60 } as const;
export const NodeClaims = z.object({
  iss: z.string().min(1).max(64),
  aud: z.literal(NODE_TOKEN.audience),
  sub: NodeId.optional(),
  iat: seconds,
  exp: seconds,
  jti,
});

/** Commands to a media node are fenced by this pair. */
export const Fence = z.object({ session_id: SessionId, epoch: Epoch });
export type Fence = z.output<typeof Fence>;
