// The audit of a real server: what integrators, agents and viewers do is in it, by whom; it is whole
// after a crash, read by the contract, exported, and verified while the server runs.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { AuditEntry, Checkpoint } from '@guruconnect/contract/audit';
import type { AuditEntryList, CheckpointList } from '@guruconnect/contract/http/v1/audit';
import { isSignedBy } from '@guruconnect/contract/node/audit-chain';
import { verifyAudit } from '@guruconnect/contract/node/audit-verifier';
import { runVerifyAudit } from '../src/audit/verify-audit.ts';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import { Harness, type HarnessOptions } from './harness.ts';
import { sctpStream } from './rtc-samples.ts';
import { until } from './until.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

let directory: string;
let store: string;
let file: string;
let gc: Harness | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gc-audit-test-'));
  store = join(directory, 'store.sqlite');
  file = join(directory, 'checkpoints.jsonl');
});
afterEach(async () => {
  await gc?.close();
  gc = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const start = async (options: HarnessOptions = {}): Promise<Harness> => {
  gc = await Harness.start({
    ...options,
    env: { GC_STORE: store, GC_AUDIT_FILE: file, ...options.env },
    timings: { auditLookMs: 30, refusalsMs: 30, ...options.timings },
  });
  return gc;
};
const entries = async (from: Harness, query = ''): Promise<AuditEntry[]> =>
  (await from.api<z.output<typeof AuditEntryList>>('GET', `/audit?limit=500${query}`)).body.entries;
const checkpoints = async (from: Harness) =>
  (await from.api<z.output<typeof CheckpointList>>('GET', '/audit/checkpoints?limit=500')).body;

const verify = async (...args: string[]): Promise<{ code: number; text: string }> => {
  let text = '';
  const add = (more: string): void => {
    text += more;
  };
  return { code: await runVerifyAudit(args, { out: add, err: add }), text };
};
const verifyStore = (): Promise<{ code: number; text: string }> =>
  verify('--store', store, '--checkpoints', file);

/** Changes the store as somebody could who may write the file. */
const tamper = (sql: string): void => {
  const database = new DatabaseSync(store);
  database.exec(sql);
  database.close();
};

describe('the audit of a server', () => {
  it('tells who did what, from the first key to the end of the session', async () => {
    const server = await start();
    const agent = await server.agentOnline('device-1');
    const created = await server.createSession({ mode: 'attended' });
    await server.inState(created.id, 'live');
    const viewer = await server.viewer(created);
    const { epoch } = await viewer.watch();
    await viewer.ask('input.open', {
      epoch,
      channel: 'input.actions',
      sctp_stream_parameters: sctpStream(1),
    });
    await server.api('POST', `/sessions/${created.id}/viewer-codes`, { grants: ['view'] });
    const minted = await server.api('POST', '/integrator-keys', {
      name: 'reader',
      scopes: ['sessions:read'],
    });
    await server.api('POST', `/integrator-keys/${String(minted.body['id'])}/revoke`);
    await server.api('GET', '/sessions', undefined, { key: newIntegratorKey() });
    await server.api('GET', '/audit', undefined, { key: String(minted.body['key']) });
    await server.api('POST', `/sessions/${created.id}/end`, {});
    agent.close();

    const keyId = (await server.api<{ keys: { id: string }[] }>('GET', '/integrator-keys')).body
      .keys[0]?.id;
    // In one entry, or in two when their time was up in between.
    const refusals = await until('both refusals to be told', async () => {
      const told = (await entries(server)).filter(({ act }) => act === 'credentials.refused');
      const found = told.flatMap(({ details }) => details['refusals'] as unknown[]);
      return found.length === 2 && found;
    });
    const all = await entries(server);
    const of = (act: string): AuditEntry => {
      const found = all.find((entry) => entry.act === act);
      if (!found) throw new Error(`no entry ${act} in ${all.map((entry) => entry.act).join()}`);
      return found;
    };
    const integrator = { kind: 'integrator', id: keyId };
    expect(of('server.started')).toMatchObject({
      actor: { kind: 'operator' },
      details: { integrator_keys: [keyId] },
    });
    for (const act of [
      'enrolment_token.minted',
      'session.created',
      'viewer_code.minted',
      'integrator_key.minted',
      'integrator_key.revoked',
      'session.ended',
    ])
      expect(of(act)).toMatchObject({ actor: integrator });
    expect(of('machine.enrolled').actor).toEqual({ kind: 'machine', id: 'device-1' });
    const technician = { id: 'tech-7', name: 'Ada Technician' };
    for (const act of ['viewer_code.exchanged', 'input.opened'])
      expect(of(act)).toMatchObject({
        actor: { kind: 'viewer', technician },
        subject: { kind: 'session', id: created.id },
      });
    expect(refusals).toEqual([
      { door: 'http', code: 'unauthenticated', count: 1 },
      { door: 'http', code: 'credential_revoked', count: 1 },
    ]);

    const own = await entries(server, `&session_id=${created.id}`);
    const actors = Object.fromEntries(own.map(({ act, actor }) => [act, actor.kind]));
    expect(actors).toMatchObject({
      'session.created': 'integrator',
      'session.placed': 'server',
      'session.offered': 'server',
      'consent.granted': 'machine',
      'session.live': 'server',
      'viewer.joined': 'viewer',
      'session.ended': 'integrator',
    });
    const granted = own.find(({ act }) => act === 'consent.granted');
    expect(granted?.details['proof']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    // The journal tells the same, and says who.
    const journal = await server.events(created.id);
    expect(journal.map(({ seq, actor }) => [seq, actor])).toEqual(
      own.map(({ seq, actor }) => [seq, actor]),
    );
  });

  it('can be verified by an integrator from what the contract tells', async () => {
    const server = await start();
    const ids = [await server.createSession(), await server.createSession()].map(({ id }) => id);
    for (const id of ids) await server.api('POST', `/sessions/${id}/end`, {});
    await until('a checkpoint of the ends', async () => {
      const last = (await entries(server)).at(-1)?.seq;
      return (await checkpoints(server)).checkpoints.at(-1)?.seq === last;
    });
    const sessions = await Promise.all(
      ids.map(async (id) => ({ id, entries: await entries(server, `&session_id=${id}`) })),
    );
    const told = await checkpoints(server);
    const report = verifyAudit(
      { server: await entries(server), sessions },
      told.checkpoints,
      told.keys,
    );
    expect(report.faults).toEqual([]);
    expect(report.provenSeq).toBe(report.lastSeq);
  });

  it('pages by seq, and needs the scope; a session that is not there is not found', async () => {
    const server = await start();
    const [first, second] = await entries(server);
    expect(await entries(server, `&after=${first?.seq}`)).toMatchObject([{ seq: second?.seq }]);
    const { body } = await server.api('POST', '/integrator-keys', {
      name: 'x',
      scopes: ['sessions:read'],
    });
    const key = String(body['key']);
    for (const path of ['/audit', '/audit/checkpoints'])
      expect(await server.api('GET', path, undefined, { key })).toMatchObject({
        status: 403,
        body: { code: 'scope_missing' },
      });
    const nobody = `/audit?session_id=ses_${'0'.repeat(26)}`;
    expect(await server.api('GET', nobody)).toMatchObject({ body: { code: 'session_not_found' } });
  });
});

describe('verify-audit', () => {
  it('finds nothing on a running server, again and again, while it writes', async () => {
    const server = await start({ asProcess: true });
    let isOver = false;
    const working = (async () => {
      while (!isOver) {
        const { id } = await server.createSession();
        await server.api('POST', `/sessions/${id}/end`, {});
      }
    })();
    try {
      for (let i = 0; i < 5; i += 1) expect(await verifyStore()).toMatchObject({ code: 0 });
    } finally {
      isOver = true;
      await working;
    }
  });

  it('finds nothing after kill -9, and the next process goes on with the same chain', async () => {
    const server = await start({ asProcess: true });
    const before = await server.createSession();
    for (let i = 0; i < 3; i += 1) {
      const requests = Array.from({ length: 10 }, (_, n) =>
        server.createSession({ device_id: `d${i}-${n}` }).catch(() => undefined),
      );
      await requests[0];
      await server.child.stop('SIGKILL');
      await Promise.all(requests);
      expect(await verifyStore()).toMatchObject({ code: 0 });
      await server.startSignaling();
      await server.ready();
    }
    await server.api('POST', `/sessions/${before.id}/end`, {});
    await server.stopSignaling();
    const found = await verifyStore();
    expect(found.text).toContain('Nothing was touched.');
    expect(found.text).not.toContain('No checkpoint');
  });

  it('names what somebody did to the store', async () => {
    const server = await start();
    const { created } = await server.liveSession();
    const other = await server.createSession();
    for (const { id } of [created, other]) await server.api('POST', `/sessions/${id}/end`, {});
    await server.stopSignaling();
    expect(await verifyStore()).toMatchObject({ code: 0 });
    const whole = readFileSync(store);

    const cases: [string, RegExp][] = [
      [
        `UPDATE journal SET event = replace(event, 'integrator_ended', 'end_user_ended')
         WHERE session_id = '${created.id}'`,
        new RegExp(`FAULT \\(changed\\): ${created.id} #\\d+`),
      ],
      [
        `DELETE FROM journal WHERE session_id = '${created.id}' AND seq = 3`,
        new RegExp(`FAULT \\(missing\\): ${created.id} #3 is missing`),
      ],
      [
        `DELETE FROM journal WHERE session_id = '${created.id}';
         DELETE FROM sessions WHERE id = '${created.id}'`,
        new RegExp(`FAULT \\(missing\\): ${created.id} #1 the whole chain`),
      ],
      ['DELETE FROM audit WHERE seq = 4', /FAULT \(missing\): server #4 is missing/],
      [
        'DELETE FROM audit WHERE seq > 5; DELETE FROM audit_checkpoints WHERE seq > 5',
        /FAULT \(truncated\): server #6 is missing/,
      ],
      [
        "UPDATE audit SET entry = replace(entry, 'tech-7', 'tech-8') WHERE entry LIKE '%tech-7%'",
        /FAULT \(changed\): server #\d+ was changed/,
      ],
      [
        'UPDATE audit SET seq = 1000 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 1000',
        /FAULT \(changed\): server #3/,
      ],
      ['UPDATE journal SET event = 1', /FAULT \(unreadable\)/],
    ];
    for (const [sql, expected] of cases) {
      tamper(sql);
      const found = await verifyStore();
      expect(found.text).toMatch(expected);
      expect(found.code).toBe(1);
      for (const suffix of ['-wal', '-shm']) rmSync(store + suffix, { force: true });
      writeFileSync(store, whole);
    }
    expect(await verifyStore()).toMatchObject({ code: 0 });
  });

  it('checks an export the same, and trusts only the key it is given', async () => {
    const server = await start();
    const { id } = await server.createSession();
    await server.api('POST', `/sessions/${id}/end`, {});
    const { keys } = await checkpoints(server);
    await server.stopSignaling();
    const exported = join(directory, 'export.jsonl');
    expect((await verify('--store', store, '--write-export', exported)).code).toBe(0);
    const check = (key: string) =>
      verify('--export', exported, '--checkpoints', file, '--key', key);
    const key = keys[0]?.public_key ?? '';
    const fine = await check(key);
    expect(fine).toMatchObject({ code: 0 });
    const strange = await check(Buffer.alloc(32, 9).toString('base64url'));
    expect(strange.text).toContain('unknown key');
    const lines = readFileSync(exported, 'utf8').trimEnd().split('\n');
    for (let i = 0; i < lines.length; i += 1) {
      writeFileSync(exported, lines.filter((_, n) => n !== i).join('\n'));
      expect((await check(key)).code, `line ${i + 1} taken out`).toBe(1);
    }
  });

  it('says when it can not look', async () => {
    expect(await verify()).toMatchObject({ code: 2 });
    expect(await verify('--store', join(directory, 'none'))).toMatchObject({ code: 2 });
    const letter = join(directory, 'letter');
    writeFileSync(letter, 'this is a letter to my aunt, and no database at all');
    expect(await verify('--store', letter)).toMatchObject({ code: 2 });
  });
});

describe('a webhook that asks for checkpoints', () => {
  it('gets each, signed twice: as a delivery and as a checkpoint', async () => {
    const server = await start({ env: { GC_WEBHOOK_ALLOW_PRIVATE: '1' } });
    const receiver = await WebhookReceiver.start();
    try {
      await server.api('POST', '/webhooks', { url: receiver.url, events: ['audit.checkpoint'] });
      const { id } = await server.createSession();
      await server.api('POST', `/sessions/${id}/end`, {});
      const { checkpoint } = await until('the checkpoint of the end', async () => {
        const ended = (await entries(server)).find(({ act }) => act === 'session.ended');
        const bodies = receiver.received.map(({ body }) => body);
        const found = bodies
          .map(({ data }) => data as Checkpoint)
          .find(({ seq }) => seq >= (ended?.seq ?? Infinity));
        return found && { checkpoint: found };
      });
      const { keys } = await checkpoints(server);
      expect(isSignedBy(checkpoint, keys[0]?.public_key ?? '')).toBe(true);
    } finally {
      await receiver.down();
    }
  });
});

describe('the file of checkpoints', () => {
  it('gets what a crash kept from it, after what the crash broke off', async () => {
    const server = await start();
    await server.stopSignaling();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const last = lines.at(-1) ?? '';
    writeFileSync(
      file,
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    );
    appendFileSync(file, last.slice(0, 40));
    await server.startSignaling();
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(lines.length, lines.length + 1),
    ).toEqual([last]);
  });

  it('shows at the next start that the store lost entries', async () => {
    const server = await start();
    await server.createSession();
    await server.stopSignaling();
    rmSync(store);
    await server.startSignaling();
    expect(server.log.join('')).toContain('shorter than its checkpoint file says');
    await server.stopSignaling();
    expect((await verifyStore()).code).toBe(1);
  });

  it('is signed by the key of the environment, and the audit says that it changed', async () => {
    const server = await start();
    const [kept] = (await checkpoints(server)).keys;
    await server.close();
    const GC_AUDIT_KEY = Buffer.alloc(32, 5).toString('base64url');
    const next = await start({ env: { GC_AUDIT_KEY } });
    const { keys, checkpoints: signed } = await checkpoints(next);
    expect(keys).toHaveLength(2);
    expect(signed.at(-1)?.key_id).not.toBe(kept?.key_id);
    expect((await entries(next)).filter(({ act }) => act === 'audit_key.changed')).toHaveLength(2);
    await next.stopSignaling();
    expect(await verifyStore()).toMatchObject({ code: 0 });
    expect(readFileSync(store).includes(GC_AUDIT_KEY)).toBe(false);
  });
});
