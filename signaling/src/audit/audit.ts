// The audit of a running server: which key signs, when a checkpoint is due and where it goes, and the
// few entries that belong to no change of the store. All other entries are written by the store, with
// what they tell (store/audit.ts). Owned by main.ts; closed after everything that acts.
import { randomBytes } from 'node:crypto';
import type { Checkpoint } from '@guruconnect/contract/audit';
import {
  checkpointKey,
  signCheckpoint,
  type CheckpointKey,
} from '@guruconnect/contract/node/audit-chain';
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { AuditAct, AuditStore } from '../store/audit.ts';
import type { Bus } from '../store/bus.ts';
import { SERVER } from './actors.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { RefusedCredentials } from './refused-credentials.ts';

export type AuditParts = {
  readonly store: { readonly audit: AuditStore };
  readonly bus: Bus;
  /** Base64url of 32 bytes, of the environment; else one is made and kept in the store. */
  readonly seed: string | undefined;
  /** Where checkpoints are exported to. */
  readonly file: string | undefined;
  readonly timings: Pick<Timings, 'auditLookMs' | 'refusalsMs'>;
  readonly logger: Logger;
};

/** A checkpoint is due after so many entries, and after so long, if there are any. */
const ENTRIES = 1_000;
const AGE_MS = 10 * 60_000;
/** Read at once for the file. */
const BATCH = 500;

export class Audit {
  readonly refused = new RefusedCredentials();
  readonly #parts: AuditParts;
  readonly #key: CheckpointKey;
  readonly #file: CheckpointFile | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #unsubscribe: () => void;
  /** A session has ended since the last checkpoint. */
  #isDue = false;
  #lastAtMs = 0;
  #working: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(parts: AuditParts, key: CheckpointKey, file: CheckpointFile | undefined) {
    this.#parts = parts;
    this.#key = key;
    this.#file = file;
    this.#unsubscribe = parts.bus.subscribe('journal.appended', ({ event }) => {
      if (event.type === 'session.ended') this.#isDue = true;
    });
  }

  /**
   * @param facts of this start, for its entry; nothing secret.
   * @throws Error when the key or the file can not be used.
   */
  static async open(parts: AuditParts, facts: Readonly<Record<string, unknown>>): Promise<Audit> {
    const nowMs = Date.now();
    const key = await keyOf(parts, nowMs);
    const file = parts.file === undefined ? undefined : new CheckpointFile(parts.file);
    const audit = new Audit(parts, key, file);
    try {
      await audit.#start(facts, nowMs);
    } catch (error) {
      audit.#letGo();
      throw error;
    }
    return audit;
  }

  /** Makes a checkpoint of all there is, if there is more than the last one vouches for. */
  checkpoint(): Promise<Checkpoint | undefined> {
    const made = this.#working.then(() => this.#checkpoint(Date.now()));
    this.#working = made.catch(() => {
      // told to whoever asked; the next one does not care
    });
    return made;
  }

  /** The last entry, and a checkpoint of it. Idempotent. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #start(facts: Readonly<Record<string, unknown>>, nowMs: number): Promise<void> {
    const { store, timings, logger } = this.#parts;
    await this.#catchUpFile();
    await store.audit.append({
      act: 'server.started',
      actor: { kind: 'operator' },
      details: { ...facts, audit_key: this.#key.keyId },
      at_ms: nowMs,
    });
    await this.checkpoint();
    const every = (ms: number, work: () => Promise<unknown>, message: string): void => {
      const run = (): void => {
        work().catch((err: unknown) => {
          logger.error({ err }, message);
        });
      };
      this.#timers.push(setInterval(run, ms));
    };
    every(timings.auditLookMs, () => this.#look(), 'a checkpoint of the audit could not be made');
    every(
      timings.refusalsMs,
      () => this.#tellRefused(),
      'refused credentials could not be written into the audit',
    );
  }

  async #look(): Promise<void> {
    const { audit } = this.#parts.store;
    const [last, checkpoint] = [await audit.last(), await audit.lastCheckpoint()];
    const entries = (last?.seq ?? 0) - (checkpoint?.seq ?? 0);
    if (this.#isDue || entries >= ENTRIES || Date.now() - this.#lastAtMs >= AGE_MS)
      await this.checkpoint();
  }

  async #checkpoint(nowMs: number): Promise<Checkpoint | undefined> {
    const { audit } = this.#parts.store;
    this.#isDue = false;
    this.#lastAtMs = nowMs;
    await audit.anchorSessions(nowMs);
    const last = await audit.last();
    const before = await audit.lastCheckpoint();
    if (!last || last.seq === before?.seq) return undefined;
    const checkpoint = signCheckpoint(last, nowMs, this.#key);
    await audit.addCheckpoint(checkpoint);
    this.#file?.append(checkpoint);
    this.#parts.bus.publish('audit.checkpoint', { checkpoint });
    return checkpoint;
  }

  /** A crash may have come between the store and the file. */
  async #catchUpFile(): Promise<void> {
    if (!this.#file) return;
    const { audit } = this.#parts.store;
    const stored = (await audit.lastCheckpoint())?.seq ?? 0;
    if (this.#file.lastSeq > stored)
      this.#parts.logger.error(
        { file_seq: this.#file.lastSeq, store_seq: stored },
        'the audit is shorter than its checkpoint file says: entries were lost, or another store is in use',
      );
    for (;;) {
      const missing = await audit.checkpoints(this.#file.lastSeq, BATCH);
      for (const checkpoint of missing) this.#file.append(checkpoint);
      if (missing.length < BATCH) return;
    }
  }

  async #tellRefused(): Promise<void> {
    const act = this.refused.take(Date.now());
    if (act) await this.#parts.store.audit.append(act);
  }

  async #close(reason: string): Promise<void> {
    const { store, logger } = this.#parts;
    for (const timer of this.#timers) clearInterval(timer);
    try {
      await this.#tellRefused();
      await store.audit.append({
        act: 'server.stopped',
        actor: { kind: 'operator' },
        details: { reason },
        at_ms: Date.now(),
      });
      await this.checkpoint();
    } catch (err) {
      logger.error({ err }, 'the last entry of the audit could not be written');
    } finally {
      this.#letGo();
    }
  }

  #letGo(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#unsubscribe();
    this.#file?.close();
  }
}

/** Of the environment, of the store, or a new one; what changes is an entry. */
async function keyOf({ store, seed }: AuditParts, nowMs: number): Promise<CheckpointKey> {
  const known = await store.audit.keys();
  const kept = seed ?? known.find((key) => key.seed !== undefined)?.seed;
  const made = kept ?? randomBytes(32).toString('base64url');
  const key = checkpointKey(made);
  const act: AuditAct = {
    act: 'audit_key.changed',
    actor: seed === undefined ? SERVER : { kind: 'operator' },
    details: { key_id: key.keyId, public_key: key.publicKey },
    at_ms: nowMs,
  };
  await store.audit.addKey(
    {
      key_id: key.keyId,
      public_key: key.publicKey,
      seed: seed === undefined ? made : undefined,
      created_at_ms: nowMs,
    },
    act,
  );
  return key;
}
