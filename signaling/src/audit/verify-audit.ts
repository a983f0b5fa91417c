// verify-audit: was the audit of a store, or an export of it, touched? Reads, never writes to what it
// reads; a server may be running on the store.
//
//   npm run verify-audit -- --store FILE [--checkpoints FILE] [--key PUBLIC_KEY]…
//   npm run verify-audit -- --export FILE --checkpoints FILE [--key PUBLIC_KEY]…
//
// Ends with 0 when nothing was found, 1 when something was, 2 when it could not look.
import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { keyIdOf } from '@guruconnect/contract/node/audit-chain';
import { verifyAudit, type AuditReport } from '@guruconnect/contract/node/audit-verifier';
import { openExportedAudit, openStoreAudit, readLines, type OpenedAudit } from './audit-source.ts';
import { snapshotStore } from './store-snapshot.ts';

const USAGE = `verify-audit: was the audit touched?

  --store FILE          the embedded store (GC_STORE); a server may be running on it
  --export FILE         entries as JSON lines instead, as --write-export wrote them, or as GET /audit told them
  --checkpoints FILE    checkpoints as JSON lines (GC_AUDIT_FILE), from where nobody could change them
  --key PUBLIC_KEY      whose checkpoints count (public_key of GET /audit/checkpoints); may be repeated
  --write-export FILE   also writes all entries of the store as JSON lines
  --json                the report as JSON
`;

export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void };

/** @returns the exit code. */
export async function runVerifyAudit(
  args: readonly string[],
  { out, err }: Output,
): Promise<0 | 1 | 2> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        store: { type: 'string' },
        export: { type: 'string' },
        checkpoints: { type: 'string' },
        key: { type: 'string', multiple: true },
        'write-export': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      out(USAGE);
      return 0;
    }
    if ((values.store === undefined) === (values.export === undefined))
      throw new Error('either --store or --export is needed');
    using audit = await open(values.store, values.export);
    if (values['write-export'] !== undefined) writeExport(audit.opened, values['write-export']);
    const given = values.checkpoints === undefined ? undefined : readLines(values.checkpoints);
    const keys = values.key?.map((public_key) => ({ key_id: keyIdOf(public_key), public_key }));
    const report = verifyAudit(
      audit.opened.source,
      given ?? audit.opened.checkpoints,
      keys ?? audit.opened.keys,
    );
    if (values.json) out(`${JSON.stringify(report)}\n`);
    else out(inWords(report, given !== undefined, keys !== undefined));
    return report.faults.length === 0 ? 0 : 1;
  } catch (error) {
    err(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
}

type Opened = Disposable & { readonly opened: OpenedAudit };

async function open(store: string | undefined, exported: string | undefined): Promise<Opened> {
  if (store === undefined) {
    const opened = openExportedAudit(exported ?? '');
    return { opened, [Symbol.dispose]: () => undefined };
  }
  const snapshot = await snapshotStore(store);
  try {
    const opened = openStoreAudit(snapshot.file);
    return {
      opened,
      [Symbol.dispose]: () => {
        opened.close();
        snapshot.close();
      },
    };
  } catch (error) {
    snapshot.close();
    throw error;
  }
}

function writeExport({ source }: OpenedAudit, file: string): void {
  const fd = openSync(file, 'wx', 0o600);
  const write = (entry: unknown): void => {
    writeSync(fd, `${JSON.stringify(entry)}\n`);
  };
  try {
    for (const entry of source.server) write(entry);
    for (const { entries } of source.sessions) for (const entry of entries) write(entry);
  } finally {
    closeSync(fd);
  }
}

function inWords(report: AuditReport, areGiven: boolean, isKeyGiven: boolean): string {
  const { faults, entries, sessions, checkpoints, lastSeq, provenSeq } = report;
  const lines = [
    `${entries} entries of the server, up to ${lastSeq}; ${sessions} sessions; ${checkpoints} checkpoints`,
    provenSeq === 0
      ? 'No checkpoint vouches for any of it: that the end was cut off would not show.'
      : `Checkpoints vouch for everything up to entry ${provenSeq}.`,
  ];
  if (!areGiven)
    lines.push('The checkpoints are the store’s own: whoever owns it could have made them anew.');
  else if (!isKeyGiven)
    lines.push('The keys are its own, too: give --key with one that you have from elsewhere.');
  for (const { kind, chain, seq, says } of faults) {
    const where = chain === undefined ? '' : `${chain}${seq === undefined ? '' : ` #${seq}`} `;
    lines.push(`FAULT (${kind}): ${where}${says}`);
  }
  lines.push(faults.length === 0 ? 'Nothing was touched.' : `${faults.length} faults.`);
  return `${lines.join('\n')}\n`;
}

if (import.meta.main)
  process.exitCode = await runVerifyAudit(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
