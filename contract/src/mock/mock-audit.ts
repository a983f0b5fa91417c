// The audit of the mock broker: real chains and real signatures over what is played, kept in memory,
// so that what verifies an audit can be tried without a broker. Owned by MockBroker.
import { randomBytes } from 'node:crypto';
import {
  SERVER_CHAIN,
  type AuditActName,
  type AuditActor,
  type AuditEntry,
  type AuditKey,
  type Checkpoint,
} from '../audit.ts';
import type { SessionId } from '../ids.ts';
import type { JournalEvent } from '../journal.ts';
import {
  chained,
  checkpointKey,
  entryOfEvent,
  GENESIS,
  signCheckpoint,
} from '../node/audit-chain.ts';

export type MockAct = {
  readonly act: AuditActName;
  readonly actor: AuditActor;
  readonly subject?: { readonly kind: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
};

export class MockAudit {
  readonly #key = checkpointKey(randomBytes(32).toString('base64url'));
  readonly #createdAt = new Date().toISOString();
  readonly #server: AuditEntry[] = [];
  readonly #sessions = new Map<SessionId, AuditEntry[]>();
  readonly #checkpoints: Checkpoint[] = [];
  readonly #onCheckpoint: (checkpoint: Checkpoint) => void;

  constructor(onCheckpoint: (checkpoint: Checkpoint) => void) {
    this.#onCheckpoint = onCheckpoint;
    this.act({ act: 'server.started', actor: { kind: 'operator' } });
  }

  act({ act, actor, subject, details = {} }: MockAct): void {
    const last = this.#server.at(-1);
    const entry = {
      chain: SERVER_CHAIN,
      seq: (last?.seq ?? 0) + 1,
      at: new Date().toISOString(),
      actor,
      act,
      ...(subject ? { subject } : {}),
      details,
    } as const;
    this.#server.push(chained(entry, last?.hash ?? GENESIS));
  }

  /** An event of a journal, in its order. */
  tell(event: JournalEvent): void {
    const chain = this.#sessions.get(event.session_id) ?? [];
    this.#sessions.set(event.session_id, chain);
    const entry = chained(entryOfEvent(event), chain.at(-1)?.hash ?? GENESIS);
    chain.push(entry);
    if (event.type !== 'session.created' && event.type !== 'session.ended') return;
    this.act({
      act: event.type,
      actor: entry.actor,
      subject: { kind: 'session', id: event.session_id },
      details: { anchor: { session_id: event.session_id, seq: entry.seq, hash: entry.hash } },
    });
    if (event.type === 'session.ended') this.#checkpoint();
  }

  entries(id: SessionId | undefined, after: number, limit: number) {
    const chain = id === undefined ? this.#server : (this.#sessions.get(id) ?? []);
    const entries = chain.filter(({ seq }) => seq > after).slice(0, limit);
    return { entries, last_seq: chain.length };
  }

  /** Up to now: whoever asks gets a checkpoint of all there is. */
  checkpoints(after: number, limit: number): { checkpoints: Checkpoint[]; keys: AuditKey[] } {
    this.#checkpoint();
    const { keyId: key_id, publicKey: public_key } = this.#key;
    return {
      checkpoints: this.#checkpoints.filter(({ seq }) => seq > after).slice(0, limit),
      keys: [{ key_id, public_key, created_at: this.#createdAt }],
    };
  }

  #checkpoint(): void {
    const last = this.#server.at(-1);
    if (!last || this.#checkpoints.at(-1)?.seq === last.seq) return;
    const checkpoint = signCheckpoint(last, Date.now(), this.#key);
    this.#checkpoints.push(checkpoint);
    this.#onCheckpoint(checkpoint);
  }
}
