// Everything that outlives a process, as one interface: the embedded version is SQLite
// (store.sqlite.ts); test/store-contract.ts is what every version has to keep. All methods are
// asynchronous, each is atomic, none throws a GcError: a fault here is ours.
import type { Grant } from '@guruconnect/contract/grants';
import type {
  BootId,
  DeviceId,
  EnrolmentTokenId,
  MachineId,
  MachineKeyId,
  NodeId,
  SessionId,
} from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Topology } from '@guruconnect/contract/monitor';
import type { SessionState, Technician } from '@guruconnect/contract/session';
import type { MachineJwk } from '@guruconnect/contract/tokens';
import type { AuditAct, AuditStore } from './audit.ts';
import type { IntegratorKeyStore } from './integrator-keys.ts';
import type { SessionRecord } from './session-record.ts';
import type { WebhookStore } from './webhooks.ts';

/** Somebody else committed in between: read again and decide again. */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}

export type SessionFilter = {
  readonly device_id?: DeviceId | undefined;
  readonly state?: SessionState | undefined;
  readonly client_ref?: string | undefined;
  /** Only sessions older than this one (ids sort by time). */
  readonly before?: SessionId | undefined;
  readonly limit: number;
};

export type Beside = {
  readonly code?: CodeRecord | undefined;
  readonly saved?: SavedAnswer | undefined;
};

/**
 * Each event is written together with its deliveries to webhooks (store/webhooks.ts), as the next
 * entry of its session's audit chain (store/audit.ts).
 */
export type SessionStore = {
  /**
   * The first commit of a session, with its first viewer code and the answer kept for its
   * Idempotency-Key.
   * @returns the open session of the device that has this `client_ref` already; nothing is written
   * then.
   */
  create(
    record: SessionRecord,
    events: readonly JournalEvent[],
    beside?: Beside,
  ): Promise<SessionId | undefined>;
  /**
   * State and journal in one transaction. `record.rev` is one above the stored one.
   * @throws StoreConflict when it is not.
   */
  commit(record: SessionRecord, events: readonly JournalEvent[]): Promise<void>;
  read(id: SessionId): Promise<SessionRecord | undefined>;
  /** Newest first. */
  list(filter: SessionFilter): Promise<SessionRecord[]>;
  /** All that have not ended. */
  listOpen(): Promise<SessionRecord[]>;
  /** Events with a seq above `after`, in order. */
  events(id: SessionId, after: number, limit: number): Promise<JournalEvent[]>;
};

/** A router that exists, or is about to, on a media node. */
export type Placement = {
  readonly session_id: SessionId;
  readonly epoch: number;
  readonly node_id: NodeId;
};

/** Written before a router is opened, removed after it is closed: none is ever forgotten. */
export type PlacementStore = {
  /** @returns the placement, with an epoch above all that this session ever had. */
  reserve(session_id: SessionId, node_id: NodeId): Promise<Placement>;
  remove(placement: Placement): Promise<void>;
  onNode(node_id: NodeId): Promise<Placement[]>;
  ofSession(session_id: SessionId): Promise<Placement[]>;
};

export type CodeRecord = {
  readonly hash: string;
  readonly session_id: SessionId;
  readonly technician: Technician;
  readonly grants: Grant[];
  readonly expires_at_ms: number;
};

export type CodeStore = {
  add(code: CodeRecord, act?: AuditAct): Promise<void>;
  /** One taker only, whoever asks at the same time; a wrong session takes nothing. */
  take(
    hash: string,
    session_id: SessionId,
    nowMs: number,
    act?: (taken: CodeRecord) => AuditAct,
  ): Promise<CodeRecord | 'used' | 'expired' | 'unknown'>;
};

export type MachineRecord = {
  readonly id: MachineId;
  readonly device_id: DeviceId;
  readonly online: boolean;
  readonly quarantined: boolean;
  readonly platform?: string | undefined;
  readonly os_version?: string | undefined;
  readonly agent_version?: string | undefined;
  readonly topology?: Topology | undefined;
  readonly boot_id?: BootId | undefined;
  readonly last_seen_at_ms?: number | undefined;
  readonly enrolled_at_ms: number;
};

export type MachineKeyRecord = {
  readonly id: MachineKeyId;
  readonly machine_id: MachineId;
  readonly device_id: DeviceId;
  readonly thumbprint: string;
  readonly public_key: MachineJwk;
  readonly created_at_ms: number;
  readonly last_used_at_ms?: number | undefined;
  readonly revoked_at_ms?: number | undefined;
};

export type EnrolmentRecord = {
  readonly id: EnrolmentTokenId;
  readonly hash: string;
  readonly device_id: DeviceId;
  readonly expires_at_ms: number;
};

export type Enrolment = {
  readonly hash: string;
  readonly device_id: DeviceId;
  /** Used when the device is new. */
  readonly machine_id: MachineId;
  readonly key_id: MachineKeyId;
  readonly public_key: MachineJwk;
  readonly thumbprint: string;
  readonly now_ms: number;
};

export type MachineStore = {
  read(device_id: DeviceId): Promise<MachineRecord | undefined>;
  /** By device_id, ascending. */
  list(filter: {
    readonly online?: boolean | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<MachineRecord[]>;
  update(
    id: MachineId,
    change: Partial<Omit<MachineRecord, 'id' | 'device_id' | 'enrolled_at_ms'>>,
    act?: AuditAct,
  ): Promise<void>;
  /** At the start of a process that owns all sockets. */
  allOffline(): Promise<void>;

  addEnrolment(record: EnrolmentRecord, act?: AuditAct): Promise<void>;
  /**
   * Takes the token once and registers the key; earlier keys of the machine are revoked and a
   * quarantine ends. The same token with the same key answers the same again (a lost answer).
   */
  enrol(
    enrolment: Enrolment,
    act?: AuditAct,
  ): Promise<
    | { readonly key: MachineKeyRecord; readonly revoked: MachineKeyRecord[] }
    | 'used'
    | 'expired'
    | 'unknown'
    | 'key_taken'
  >;

  keyByThumbprint(thumbprint: string): Promise<MachineKeyRecord | undefined>;
  keys(machine_id: MachineId): Promise<MachineKeyRecord[]>;
  keyUsed(id: MachineKeyId, nowMs: number): Promise<void>;
  /** @returns the key as it is now; revoking twice changes nothing. */
  revokeKey(
    machine_id: MachineId,
    id: MachineKeyId,
    nowMs: number,
    act?: AuditAct,
  ): Promise<MachineKeyRecord | undefined>;
};

/** A private key that signs viewer tokens, as JWK; it never leaves the store but into memory. */
export type SigningKeyRecord = {
  readonly kid: string;
  readonly private_jwk: string;
  readonly created_at_ms: number;
};

export type SigningKeyStore = {
  /** Newest first. */
  list(): Promise<SigningKeyRecord[]>;
  /** Adds the first key; when another process was faster, that one's key stays the only one. */
  addFirst(key: SigningKeyRecord): Promise<void>;
};

/** The answer to a request that carried an Idempotency-Key. It never holds a secret. */
export type SavedAnswer = {
  readonly scope: string;
  readonly key: string;
  readonly request_hash: string;
  readonly answer: string;
  readonly expires_at_ms: number;
};

export type Due = {
  readonly nowMs: number;
  /** Sessions that ended before that are forgotten. */
  readonly sessionsEndedBeforeMs: number;
  /** Audit entries that a checkpoint from before then vouches for are forgotten; absent: none. */
  readonly auditBeforeMs?: number;
};

export type Store = {
  readonly sessions: SessionStore;
  readonly placements: PlacementStore;
  readonly codes: CodeStore;
  readonly machines: MachineStore;
  readonly signingKeys: SigningKeyStore;
  readonly integratorKeys: IntegratorKeyStore;
  readonly webhooks: WebhookStore;
  readonly audit: AuditStore;
  savedAnswer(scope: string, key: string, nowMs: number): Promise<SavedAnswer | undefined>;
  /** True for the first caller with this name until `untilMs`: proofs are good once. */
  once(name: string, untilMs: number): Promise<boolean>;
  /**
   * Forgets what has expired and sessions that ended long ago, with all that belongs to them; in
   * small steps, between which everything else goes on.
   * @param signal stops it between two steps.
   */
  purge(due: Due, signal?: AbortSignal): Promise<void>;
  /** @throws when the store can not be written now (readiness). */
  check(): Promise<void>;
  close(): Promise<void>;
};
