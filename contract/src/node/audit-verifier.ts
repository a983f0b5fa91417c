// Was the audit touched? Reads all chains and says of each fault which entry it is about. Pure: what
// is read comes from outside, a store, an export, or what an integrator collected through the API.
//
// What a hash chain alone can not show, its end being cut off, signed checkpoints show; what happened
// after the last checkpoint is only as good as whoever keeps the store.
import { Anchor, AuditEntry, Checkpoint, SERVER_CHAIN, type AuditKey } from '../audit.ts';
import { entryHash, GENESIS, isSignedBy, keyIdOf } from './audit-chain.ts';

export type FaultKind =
  | 'unreadable'
  | 'changed'
  | 'missing'
  | 'inserted'
  | 'out_of_order'
  | 'rewritten'
  | 'truncated'
  | 'bad_checkpoint';

export type AuditFault = {
  readonly kind: FaultKind;
  /** Absent for a checkpoint. */
  readonly chain?: string;
  readonly seq?: number;
  readonly says: string;
};

/** Entries as they are kept, in their order. */
export type SessionChain = { readonly id: string; readonly entries: Iterable<unknown> };
export type AuditSource = {
  readonly server: Iterable<unknown>;
  readonly sessions: Iterable<SessionChain>;
};

export type AuditReport = {
  readonly faults: readonly AuditFault[];
  /** Of the server's chain. */
  readonly entries: number;
  readonly sessions: number;
  readonly checkpoints: number;
  readonly lastSeq: number;
  /** Up to which entry of the server's chain checkpoints vouch. */
  readonly provenSeq: number;
};

type Told = (fault: AuditFault) => void;
type SessionAnchors = {
  readonly hashes: Map<number, string>;
  endedSeq?: number;
  isForgotten: boolean;
};

/**
 * @param checkpoints from where nobody who could touch the entries could touch them.
 * @param keys whose checkpoints count.
 */
export function verifyAudit(
  source: AuditSource,
  checkpoints: Iterable<unknown>,
  keys: readonly Pick<AuditKey, 'key_id' | 'public_key'>[],
): AuditReport {
  const faults: AuditFault[] = [];
  const told: Told = (fault) => faults.push(fault);
  const heads = trusted(checkpoints, keys, told);
  const anchors = new Map<string, SessionAnchors>();

  let entries = 0;
  let provenSeq = 0;
  let firstSeq = 1;
  /** Everything before it was forgotten, says the audit itself. */
  let cutSeq = 1;
  const lastSeq = walk(SERVER_CHAIN, source.server, told, (entry, isFirst) => {
    entries += 1;
    if (isFirst) firstSeq = entry.seq;
    const head = heads.get(entry.seq);
    if (head === entry.hash) provenSeq = entry.seq;
    else if (head !== undefined)
      told({
        kind: 'rewritten',
        chain: SERVER_CHAIN,
        seq: entry.seq,
        says: `is not the entry that the checkpoint vouches for; it, or one between it and the checkpoint before (${provenSeq}), was written anew`,
      });
    if (entry.act === 'audit.cut') cutSeq = Number(entry.details['first_seq']);
    collectAnchors(entry, anchors, told);
  });
  if (firstSeq > 1 && (firstSeq > cutSeq || !heads.has(cutSeq)))
    told({
      kind: 'missing',
      chain: SERVER_CHAIN,
      seq: 1,
      says: `is missing, up to ${firstSeq - 1}: no entry says that they were forgotten, with a checkpoint that vouches for them`,
    });
  const furthest = Math.max(0, ...heads.keys());
  if (furthest > lastSeq)
    told({
      kind: 'truncated',
      chain: SERVER_CHAIN,
      seq: lastSeq + 1,
      says: `is missing: a checkpoint vouches for ${furthest} entries, the chain ends with ${lastSeq}`,
    });

  const seen = new Set<string>();
  for (const { id, entries: own } of source.sessions) {
    seen.add(id);
    verifySession(id, own, anchors.get(id), told);
  }
  for (const [id, { hashes, endedSeq, isForgotten }] of anchors) {
    // Its beginning and its end may be in the part that was forgotten in turn.
    const mayHaveEnded = endedSeq !== undefined || (firstSeq > 1 && hashes.size === 0);
    if (seen.has(id) || (isForgotten && mayHaveEnded)) continue;
    told({
      kind: 'missing',
      chain: id,
      seq: 1,
      says: isForgotten
        ? 'the session was forgotten before it had ended'
        : 'the whole chain of the session is missing',
    });
  }
  return { faults, entries, sessions: seen.size, checkpoints: heads.size, lastSeq, provenSeq };
}

/** @returns the head of the server's chain by its length. */
function trusted(
  checkpoints: Iterable<unknown>,
  keys: readonly Pick<AuditKey, 'key_id' | 'public_key'>[],
  told: Told,
): Map<number, string> {
  const byId = new Map(
    keys
      .filter(({ key_id, public_key }) => keyIdOf(public_key) === key_id)
      .map(({ key_id, public_key }) => [key_id, public_key]),
  );
  const heads = new Map<number, string>();
  let line = 0;
  for (const given of checkpoints) {
    line += 1;
    const bad = (says: string, seq?: number): void => {
      told({ kind: 'bad_checkpoint', ...(seq === undefined ? {} : { seq }), says });
    };
    const parsed = Checkpoint.safeParse(given);
    if (!parsed.success) {
      bad(`checkpoint number ${line} is not readable`);
      continue;
    }
    const { seq, head, key_id } = parsed.data;
    const key = byId.get(key_id);
    if (key === undefined)
      bad(`the checkpoint of ${seq} is signed by the unknown key ${key_id}`, seq);
    else if (!isSignedBy(given as Checkpoint, key))
      bad(`the checkpoint of ${seq} has a wrong signature`, seq);
    else if ((heads.get(seq) ?? head) !== head)
      bad(`two checkpoints of ${seq} vouch for different entries`, seq);
    else heads.set(seq, head);
  }
  return heads;
}

/** @returns the seq of the last entry in its place. */
function walk(
  chain: string,
  entries: Iterable<unknown>,
  told: Told,
  onEntry: (entry: AuditEntry, isFirst: boolean) => void,
): number {
  let seq = 0;
  /** Undefined after a gap: what it should be is not known. */
  let prevHash: string | undefined = GENESIS;
  let isFirst = true;
  for (const given of entries) {
    const fault = (kind: FaultKind, at: number, says: string): void => {
      told({ kind, chain, seq: at, says });
    };
    const parsed = AuditEntry.safeParse(given);
    if (!parsed.success) {
      seq += 1;
      prevHash = undefined;
      isFirst = false;
      fault('unreadable', seq, 'is not readable');
      continue;
    }
    const entry = parsed.data;
    if (entry.chain !== chain)
      fault('inserted', entry.seq, `belongs to another chain (${entry.chain})`);
    if (entry.seq <= seq) {
      fault('out_of_order', entry.seq, `comes after ${seq}: moved here, or inserted`);
      continue;
    }
    // The server's chain may begin later: whoever asks looks for the checkpoint.
    if (isFirst && chain === SERVER_CHAIN && entry.seq > 1) prevHash = undefined;
    else if (entry.seq > seq + 1) {
      const last = entry.seq - 1;
      fault('missing', seq + 1, last > seq + 1 ? `is missing, up to ${last}` : 'is missing');
      prevHash = undefined;
    }
    if (entryHash(given as Record<string, unknown>) !== entry.hash)
      fault('changed', entry.seq, 'was changed: its hash is that of something else');
    else if (prevHash !== undefined && entry.prev_hash !== prevHash)
      fault('changed', entry.seq, `does not follow ${seq}: one of the two was written anew`);
    onEntry(entry, isFirst);
    isFirst = false;
    seq = entry.seq;
    prevHash = entry.hash;
  }
  return seq;
}

function collectAnchors(
  { act, seq, details }: AuditEntry,
  anchors: Map<string, SessionAnchors>,
  told: Told,
): void {
  const of = (id: string): SessionAnchors => {
    const known = anchors.get(id) ?? { hashes: new Map<number, string>(), isForgotten: false };
    anchors.set(id, known);
    return known;
  };
  const add = (value: unknown): Anchor | undefined => {
    const { data: anchor } = Anchor.safeParse(value);
    if (!anchor)
      told({ kind: 'unreadable', chain: SERVER_CHAIN, seq, says: 'names no head of a session' });
    else of(anchor.session_id).hashes.set(anchor.seq, anchor.hash);
    return anchor;
  };
  const list = (name: string): unknown[] => {
    const value = details[name];
    return Array.isArray(value) ? value : [];
  };
  switch (act) {
    case 'session.created':
    case 'session.adopted':
      add(details['anchor']);
      break;
    case 'session.ended': {
      const anchor = add(details['anchor']);
      if (anchor) of(anchor.session_id).endedSeq = anchor.seq;
      break;
    }
    case 'sessions.anchored':
      for (const anchor of list('anchors')) add(anchor);
      break;
    case 'sessions.forgotten':
      for (const id of list('session_ids')) of(String(id)).isForgotten = true;
      break;
  }
}

function verifySession(
  chain: string,
  entries: Iterable<unknown>,
  anchors: SessionAnchors | undefined,
  told: Told,
): void {
  const hashes = anchors?.hashes ?? new Map<number, string>();
  const lastSeq = walk(chain, entries, told, ({ seq, hash }) => {
    if ((hashes.get(seq) ?? hash) !== hash)
      told({
        kind: 'rewritten',
        chain,
        seq,
        says: 'is not the entry that the chain of the server names',
      });
  });
  if (!anchors) {
    told({
      kind: 'inserted',
      chain,
      seq: 1,
      says: 'the chain of the server knows no such session',
    });
    return;
  }
  const furthest = Math.max(0, ...hashes.keys());
  if (furthest > lastSeq)
    told({
      kind: 'truncated',
      chain,
      seq: lastSeq + 1,
      says: `is missing: the chain of the server names entry ${furthest}, this chain ends with ${lastSeq}`,
    });
  if (anchors.endedSeq !== undefined && lastSeq > anchors.endedSeq)
    told({
      kind: 'inserted',
      chain,
      seq: anchors.endedSeq + 1,
      says: `comes after the end of the session (${anchors.endedSeq})`,
    });
}
