// The audit: who did what, when, in a form that shows afterwards whether anybody touched it. Entries
// form chains, each entry carrying the hash of the one before: one chain of the server, and one of
// each session, whose entries are the events of its journal. The server's chain names the head of
// each session's chain, so that a whole session can not disappear unseen; signed checkpoints name the
// head of the server's chain, so that its tail can not. node/audit-chain.ts hashes and signs.
import { z } from 'zod';
import { SessionId } from './ids.ts';

/** Who did it. A kind that is not known here comes from a newer server. */
export const ACTOR_KINDS = {
  integrator: 'An integrator key, by its id (gik_…)',
  viewer: 'A technician, by the id of the viewer (vwr_…)',
  machine: 'A machine, or the person in front of it, by its device_id',
  operator: 'Whoever sets the environment of this server',
  server: 'GuruConnect itself: a rule, a timer, a media node',
  unknown: 'Whoever had no valid credential',
} as const;
export type ActorKind = keyof typeof ACTOR_KINDS;

export const AuditActor = z.looseObject({
  kind: z.enum(Object.keys(ACTOR_KINDS) as [ActorKind, ...ActorKind[]]),
  id: z.string().optional(),
  technician: z
    .looseObject({ id: z.string(), name: z.string() })
    .optional()
    .describe('Of a viewer: the person, as the integrator named them.'),
});
export type AuditActor = z.output<typeof AuditActor>;

/** Acts of the server's chain; those of a session's chain are the names of its events. */
export const AUDIT_ACTS = {
  'server.started': 'The server came up; details say with which keys and which features off',
  'server.stopped': 'The server was stopped in order; a crash leaves no such entry',
  'audit_key.changed': 'Checkpoints are signed by this key from here on',
  'audit.cut': 'Entries that were old enough were forgotten, up to a signed checkpoint',
  'session.created': 'A session was created; its chain starts',
  'session.adopted': 'A session from before there was an audit was put into a chain of its own',
  'session.ended': 'A session ended; its chain is complete',
  'sessions.anchored': 'How far the chains of running sessions have come',
  'sessions.forgotten': 'Sessions that ended long ago were forgotten, with their chains',
  'input.opened': 'A viewer got a channel through which it can send input',
  'viewer_code.minted': 'A further code that opens a viewer was made',
  'viewer_code.exchanged': 'A code was traded for a viewer token',
  'integrator_key.minted': 'An integrator key was minted',
  'integrator_key.revoked': 'An integrator key was revoked',
  'enrolment_token.minted': 'A token that enrols a machine was made',
  'machine.enrolled': 'A machine got a new key; its earlier keys are revoked',
  'machine.quarantined': 'A machine key was used in two places at once',
  'machine_key.revoked': 'A machine key was revoked',
  'webhook.created': 'A webhook was created',
  'webhook.removed': 'A webhook was removed',
  'webhook.enabled': 'A webhook was enabled',
  'webhook.disabled': 'A webhook was disabled',
  'webhook.secret_rotated': 'A webhook got a new secret',
  'credentials.refused': 'How many wrong credentials came since the last such entry, from where',
} as const;
export type AuditActName = keyof typeof AUDIT_ACTS;

export const SERVER_CHAIN = 'server';
const Hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

export const AuditEntry = z.looseObject({
  chain: z
    .union([z.literal(SERVER_CHAIN), SessionId])
    .describe('Which chain it belongs to: the server’s, or that of a session.'),
  seq: z.number().int().min(1).describe('Starts at 1 and rises by one in each chain.'),
  at: z.iso.datetime(),
  actor: AuditActor,
  act: z.string(),
  subject: z
    .looseObject({ kind: z.string(), id: z.string() })
    .optional()
    .describe('What it was done to.'),
  details: z.record(z.string(), z.unknown()).describe('What belongs to this act; never a secret.'),
  prev_hash: Hash.describe('`hash` of the entry before; 64 zeros in the first one.'),
  hash: Hash.describe(
    'SHA-256 of the UTF-8 bytes of this entry without `hash`, as canonical JSON (RFC 8785).',
  ),
});
export type AuditEntry = z.output<typeof AuditEntry>;
/** Before it has its place in a chain. */
export const UnchainedEntry = AuditEntry.omit({ prev_hash: true, hash: true });
export type UnchainedEntry = z.output<typeof UnchainedEntry>;

/** Where a session's chain was when the server's chain named it. */
export const Anchor = z.looseObject({
  session_id: SessionId,
  seq: z.number().int().min(1),
  hash: Hash,
});
export type Anchor = z.output<typeof Anchor>;

export const Checkpoint = z.looseObject({
  kind: z.literal('guruconnect-audit-checkpoint'),
  seq: z.number().int().min(1).describe('Entries of the server’s chain so far.'),
  head: Hash.describe('`hash` of the entry with that seq.'),
  at: z.iso.datetime(),
  key_id: z.string().describe('Which key signed it.'),
  signature: z
    .string()
    .describe(
      'Base64url of the Ed25519 signature over the UTF-8 bytes of this object without `signature`, as canonical JSON (RFC 8785).',
    ),
});
export type Checkpoint = z.output<typeof Checkpoint>;

/** The event by which a webhook hears of a checkpoint, if it asks for it by name. */
export const CHECKPOINT_EVENT = 'audit.checkpoint';

export const AuditKey = z.looseObject({
  key_id: z.string(),
  public_key: z.string().describe('Base64url of the 32 bytes of an Ed25519 public key.'),
  created_at: z.iso.datetime(),
});
export type AuditKey = z.output<typeof AuditKey>;
