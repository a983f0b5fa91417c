// The conformance runner as a program:
//
//   GC_INTEGRATOR_KEY=gci_… node contract/src/conformance/main.ts --url https://gc.example
//
// Ends with 0 when every promise is kept, 1 when one is broken, 2 when it could not be asked. The
// key may also be given as --key, where others on the machine can read it.
import { parseArgs } from 'node:util';
import { runChecks, type Outcome } from './run-checks.ts';

const USAGE = 'usage: main.ts --url <server> [--key <integrator key>] [--json]';
const MARKS = { kept: 'ok  ', broken: 'FAIL', not_applicable: 'n/a ' } as const;

function print({ check, result, detail }: Outcome): void {
  console.log(`${MARKS[result]} ${check.id}: ${check.promise}`);
  if (detail === undefined) return;
  const where = result === 'broken' ? ` (CONTRACT.md, ${check.section})` : '';
  console.log(`       ${detail}${where}`);
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const key = values.key ?? process.env['GC_INTEGRATOR_KEY'];
  if (values.url === undefined || key === undefined || !URL.canParse(values.url))
    throw new Error(USAGE);
  const asked = { url: values.url, key };
  const outcomes = await runChecks(values.json ? asked : { ...asked, onOutcome: print });
  const count = (result: Outcome['result']) =>
    outcomes.filter((outcome) => outcome.result === result).length;
  const broken = count('broken');
  if (values.json)
    console.log(
      JSON.stringify(
        outcomes.map(({ check: { id, section }, result, detail }) => ({
          id,
          section,
          result,
          ...(detail === undefined ? {} : { detail }),
        })),
      ),
    );
  else
    console.log(
      `${count('kept')} kept, ${broken} broken, ${count('not_applicable')} not applicable here`,
    );
  return broken === 0 ? 0 : 1;
}

process.exitCode = await run().catch((error: unknown) => {
  console.error((error as Error).message);
  return 2;
});
