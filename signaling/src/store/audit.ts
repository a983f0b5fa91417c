// The audit as it outlives a process. Acts that change something are not added here: whatever writes
// the change writes its entry in the same transaction (the `act` of such a call), so that neither is
// ever there without the other. Sessions are chained by SessionStore itself, and named in the
// server's chain when they begin, end and are forgotten.
import type { AuditActName, AuditActor, AuditEntry, Checkpoint } from '@guruconnect/contract/audit';
import type { SessionId } from '@guruconnect/contract/ids';

/** An entry of the server's chain that is about to be written. */
export type AuditAct = {
  readonly act: AuditActName;
  readonly actor: AuditActor;
  readonly subject?: { readonly kind: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
  readonly at_ms: number;
};

/** A key that signs checkpoints, or did. */
export type AuditKeyRecord = {
  readonly key_id: string;
  /** Base64url of 32 bytes. */
  readonly public_key: string;
  /** Base64url of 32 bytes; absent for a key of the environment. */
  readonly seed?: string | undefined;
  readonly created_at_ms: number;
};

export type AuditStore = {
  /** For an act that changes nothing that is stored. */
  append(act: AuditAct): Promise<void>;
  /** Of the server's chain, those above `after`, in order. */
  entries(after: number, limit: number): Promise<AuditEntry[]>;
  /** Of a session's chain, those above `after`, in order. */
  sessionEntries(id: SessionId, after: number, limit: number): Promise<AuditEntry[]>;
  /** The newest of the server's chain; undefined while there is none. */
  last(): Promise<AuditEntry | undefined>;
  /**
   * Names in the server's chain how far the chains of running sessions have come, where that is
   * not named yet.
   */
  anchorSessions(at_ms: number): Promise<void>;

  /** On disk, with all entries it vouches for, when this resolves. */
  addCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Those of a length above `after`, in order. */
  checkpoints(after: number, limit: number): Promise<Checkpoint[]>;
  lastCheckpoint(): Promise<Checkpoint | undefined>;

  /** Newest first. */
  keys(): Promise<AuditKeyRecord[]>;
  /** Adds a key, unless it is there, with the entry that says so. */
  addKey(key: AuditKeyRecord, act: AuditAct): Promise<void>;
};
