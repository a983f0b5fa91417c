// Whatever is done to an audit is found, and the fault says where. The audits are made at random;
// what is done to them, too.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEntry, Checkpoint } from '../audit.ts';
import { newId, type SessionId } from '../ids.ts';
import { chained, checkpointKey, entryHash, GENESIS, signCheckpoint } from './audit-chain.ts';
import { verifyAudit, type AuditReport } from './audit-verifier.ts';

const KEY = checkpointKey(Buffer.alloc(32, 1).toString('base64url'));
const KEYS = [{ key_id: KEY.keyId, public_key: KEY.publicKey }];
const AT = '2026-12-01T09:30:00.000Z';

type Chain = AuditEntry['chain'];
type Made = {
  readonly chains: Map<Chain, AuditEntry[]>;
  readonly checkpoints: Checkpoint[];
};

class Maker {
  readonly chains = new Map<Chain, AuditEntry[]>([['server', []]]);
  readonly checkpoints: Checkpoint[] = [];

  of(chain: Chain): AuditEntry[] {
    const entries = this.chains.get(chain) ?? [];
    this.chains.set(chain, entries);
    return entries;
  }

  add(chain: Chain, act: string, details: Record<string, unknown> = {}): void {
    const entries = this.of(chain);
    const last = entries.at(-1);
    const entry = { chain, seq: entries.length + 1, at: AT, actor: { kind: 'server' as const } };
    entries.push(chained({ ...entry, act, details }, last?.hash ?? GENESIS));
  }

  anchor(id: SessionId): Record<string, unknown> {
    const last = this.of(id).at(-1);
    return { session_id: id, seq: last?.seq, hash: last?.hash };
  }

  checkpoint(): void {
    const last = this.of('server').at(-1);
    if (last) this.checkpoints.push(signCheckpoint(last, 0, KEY));
  }
}

/** A life of a server with sessions that begin, run, end and are forgotten; a checkpoint at its end. */
function lifeOf(steps: readonly number[]): Made {
  const maker = new Maker();
  const running: SessionId[] = [];
  const ended: SessionId[] = [];
  maker.add('server', 'server.started');
  for (const [index, step] of steps.entries()) {
    const id = running[step % Math.max(1, running.length)];
    if (step % 7 === 0 || id === undefined) {
      const fresh = newId('ses', index);
      maker.add(fresh, 'session.created');
      maker.add(fresh, 'session.placed', { epoch: 1 });
      maker.add('server', 'session.created', { anchor: maker.anchor(fresh) });
      running.push(fresh);
    } else if (step % 7 === 1) {
      maker.add(id, 'session.ended', { end_reason: 'time_limit' });
      maker.add('server', 'session.ended', { anchor: maker.anchor(id) });
      running.splice(running.indexOf(id), 1);
      ended.push(id);
    } else if (step % 7 === 2 && ended.length > 0) {
      const gone = ended.splice(0, 1);
      maker.add('server', 'sessions.forgotten', { session_ids: gone });
      for (const forgotten of gone) maker.chains.delete(forgotten);
    } else if (step % 7 === 3) maker.checkpoint();
    else if (step % 7 === 4) maker.add('server', 'webhook.created', { step });
    else maker.add(id, 'viewer.joined', { step });
  }
  maker.add('server', 'sessions.anchored', { anchors: running.map((id) => maker.anchor(id)) });
  maker.checkpoint();
  return maker;
}

const life = fc.array(fc.nat(1000), { minLength: 3, maxLength: 40 }).map(lifeOf);

const verify = (
  { chains, checkpoints }: Made,
  change: (entries: AuditEntry[], chain: Chain) => readonly unknown[] = (entries) => entries,
): AuditReport => {
  const changed = [...chains].map(([id, entries]) => ({ id, entries: change([...entries], id) }));
  const server = changed.find(({ id }) => id === 'server')?.entries ?? [];
  const sessions = changed.filter(({ id, entries }) => id !== 'server' && entries.length > 0);
  return verifyAudit({ server, sessions }, checkpoints, KEYS);
};

/** One entry somewhere in a life. */
const place = life.chain((made) => {
  const places = [...made.chains].flatMap(([chain, entries]) =>
    entries.map((_, index) => ({ chain, index })),
  );
  return fc.tuple(fc.constant(made), fc.constantFrom(...places));
});
const at =
  (where: { chain: Chain; index: number }, change: (entries: AuditEntry[], i: number) => unknown) =>
  (entries: AuditEntry[], chain: Chain): AuditEntry[] => {
    if (chain === where.chain) change(entries, where.index);
    return entries;
  };
const places = (report: AuditReport): string[] =>
  report.faults.map(({ chain, seq }) => `${chain} ${seq}`);

describe('an audit that nobody touched', () => {
  it('has no fault, and is vouched for to its end', () => {
    fc.assert(
      fc.property(life, (made) => {
        const report = verify(made);
        expect(report.faults).toEqual([]);
        expect(report.provenSeq).toBe(report.lastSeq);
      }),
    );
  });

  it('is still whole when its oldest entries were forgotten up to a checkpoint, and it says so', () => {
    fc.assert(
      fc.property(life, fc.nat(), (made, from) => {
        const server = made.chains.get('server') ?? [];
        const first = made.checkpoints[0]?.seq ?? 1;
        fc.pre(first > 1);
        // Those that go first may be gone already, or not.
        const kept = server.slice(1 + (from % (first - 1)));
        const whole = [...made.chains]
          .filter(([id]) => id !== 'server')
          .map(([id, entries]) => ({ id, entries }));
        const faultsOf = (entries: readonly AuditEntry[]) =>
          verifyAudit({ server: entries, sessions: whole }, made.checkpoints, KEYS).faults.filter(
            ({ chain }) => chain === 'server',
          );
        const last = kept.at(-1) as AuditEntry;
        const cut = { chain: 'server' as const, at: AT, actor: { kind: 'server' as const } };
        const told = chained(
          { ...cut, seq: last.seq + 1, act: 'audit.cut', details: { first_seq: first } },
          last.hash,
        );
        expect(faultsOf([...kept, told])).toEqual([]);
        expect(faultsOf(kept)).toMatchObject([{ kind: 'missing', seq: 1 }]);
      }),
    );
  });
});

describe('of an audit that somebody touched', () => {
  it('a changed entry is named', () => {
    const changes: ((entry: AuditEntry) => AuditEntry)[] = [
      (entry) => ({ ...entry, details: { ...entry.details, more: 1 } }),
      (entry) => ({ ...entry, act: `${entry.act}!` }),
      (entry) => ({ ...entry, at: '2020-01-01T00:00:00.000Z' }),
      (entry) => ({ ...entry, actor: { kind: 'unknown' } }),
      (entry) => ({ ...entry, subject: { kind: 'session', id: 'x' } }),
      (entry) => ({ ...entry, prev_hash: 'f'.repeat(64) }),
      (entry) => ({ ...entry, hash: 'f'.repeat(64) }),
      (entry) => ({ ...entry, more: true }),
    ];
    fc.assert(
      fc.property(place, fc.constantFrom(...changes), ([made, where], change) => {
        const report = verify(
          made,
          at(where, (entries, i) => entries.splice(i, 1, change(entries[i] as AuditEntry))),
        );
        expect(places(report)).toContain(`${where.chain} ${where.index + 1}`);
      }),
    );
  });

  it('an entry that was taken out is named', () => {
    fc.assert(
      fc.property(place, ([made, where]) => {
        const report = verify(
          made,
          at(where, (entries, i) => entries.splice(i, 1)),
        );
        expect(places(report)).toContain(`${where.chain} ${where.index + 1}`);
      }),
    );
  });

  it('an entry that was put in is named, also when it is well made', () => {
    fc.assert(
      fc.property(place, ([made, where]) => {
        // After the last one it is as good as any that GuruConnect adds before the next checkpoint.
        fc.pre(where.index + 1 < (made.chains.get(where.chain)?.length ?? 0));
        const report = verify(
          made,
          at(where, (entries, i) => {
            const { prev_hash: _, hash: __, ...before } = entries[i] as AuditEntry;
            const seq = before.seq + 1;
            const more = chained({ ...before, seq, act: 'x' }, (entries[i] as AuditEntry).hash);
            entries.splice(i + 1, 0, more);
          }),
        );
        expect(places(report)).toContain(`${where.chain} ${where.index + 2}`);
      }),
    );
  });

  it('an entry after the end of a session is named', () => {
    const made = lifeOf([7, 1]);
    const [id = 'server'] = [...made.chains.keys()].slice(1);
    const report = verify(
      made,
      at({ chain: id, index: 0 }, (entries) => {
        const { prev_hash: _, hash, seq, ...last } = entries.at(-1) as AuditEntry;
        entries.push(chained({ ...last, seq: seq + 1 }, hash));
      }),
    );
    expect(report.faults).toMatchObject([{ kind: 'inserted', chain: id, seq: 4 }]);
  });

  it('two entries that changed places are named', () => {
    fc.assert(
      fc.property(place, fc.nat(), ([made, where], other) => {
        const length = made.chains.get(where.chain)?.length ?? 0;
        fc.pre(length > 1);
        const second = (where.index + 1 + (other % (length - 1))) % length;
        const report = verify(
          made,
          at(where, (entries, i) => {
            const [a, b] = [entries[i] as AuditEntry, entries[second] as AuditEntry];
            entries[i] = b;
            entries[second] = a;
          }),
        );
        const lower = Math.min(where.index, second) + 1;
        expect(places(report)).toContain(`${where.chain} ${lower}`);
      }),
    );
  });

  it('an end that was cut off is named, in every chain', () => {
    fc.assert(
      fc.property(place, ([made, where]) => {
        const report = verify(
          made,
          at(where, (entries, i) => entries.splice(i)),
        );
        expect(places(report)).toContain(`${where.chain} ${where.index + 1}`);
      }),
    );
  });

  it('a session that disappeared is named, and one that was slipped in', () => {
    fc.assert(
      fc.property(place, ([made, { chain }]) => {
        fc.pre(chain !== 'server');
        const without = new Map(made.chains);
        without.delete(chain);
        expect(places(verify({ ...made, chains: without }))).toEqual([`${chain} 1`]);
        const strange = new Maker();
        const id = newId('ses');
        strange.add(id, 'session.created');
        const more = new Map([...made.chains, [id, strange.of(id)] as const]);
        expect(places(verify({ ...made, chains: more }))).toEqual([`${id} 1`]);
      }),
    );
  });

  it('a chain that was written anew from some entry on is named at the next checkpoint or anchor', () => {
    fc.assert(
      fc.property(place, ([made, where]) => {
        const report = verify(
          made,
          at(where, (entries, from) => {
            let prevHash = entries[from - 1]?.hash ?? GENESIS;
            for (let i = from; i < entries.length; i += 1) {
              const { hash: _, prev_hash: __, ...entry } = entries[i] as AuditEntry;
              const act = i === from ? `${entry.act}!` : entry.act;
              entries[i] = chained({ ...entry, act }, prevHash);
              prevHash = (entries[i] as AuditEntry).hash;
            }
          }),
        );
        const found = report.faults.filter(({ kind }) => kind === 'rewritten');
        expect(found[0]?.chain).toBe(where.chain);
        expect(found[0]?.seq).toBeGreaterThanOrEqual(where.index + 1);
      }),
    );
  });

  it('text that is no entry is named', () => {
    fc.assert(
      fc.property(place, fc.jsonValue(), ([made, where], value) => {
        const report = verify(
          made,
          at(where, (entries, i) => entries.splice(i, 1, value as never)),
        );
        expect(places(report)).toContain(`${where.chain} ${where.index + 1}`);
      }),
    );
  });
});

describe('a checkpoint', () => {
  const made = lifeOf([7, 4, 3, 5, 1]);

  it('counts only when a known key has signed it', () => {
    const stranger = checkpointKey(Buffer.alloc(32, 2).toString('base64url'));
    const [server = []] = [made.chains.get('server')];
    const last = server.at(-1) as AuditEntry;
    const bad = [
      signCheckpoint(last, 0, stranger),
      { ...made.checkpoints[0], key_id: KEY.keyId, seq: 2 },
      // Another key under the name of ours.
      { ...signCheckpoint(last, 0, stranger), key_id: KEY.keyId },
      'nonsense',
    ];
    for (const checkpoint of bad) {
      const report = verify({ ...made, checkpoints: [checkpoint as Checkpoint] });
      expect(report).toMatchObject({ provenSeq: 0, faults: [{ kind: 'bad_checkpoint' }] });
    }
  });

  it('shows that all of the chain was cut off after an earlier one', () => {
    const server = made.chains.get('server') ?? [];
    const cut = new Map([...made.chains, ['server', server.slice(0, 2)] as const]);
    expect(verify({ ...made, chains: cut }).faults[0]).toMatchObject({
      kind: 'truncated',
      chain: 'server',
      seq: 3,
    });
  });

  it('is not needed to see that an entry was changed', () => {
    const server = [...(made.chains.get('server') ?? [])];
    server[1] = { ...(server[1] as AuditEntry), act: 'x' };
    const { faults } = verifyAudit({ server, sessions: [] }, [], []);
    expect(faults[0]).toMatchObject({ kind: 'changed', seq: 2 });
    expect(entryHash(server[1])).not.toBe(server[1].hash);
  });
});
