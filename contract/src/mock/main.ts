// The mock broker as a program:
//
//   npm run mock-broker -- --scenario consent_denied --port 8090
//
// Serves until SIGINT or SIGTERM. Ends with 2 when its options are wrong or it can not listen.
import type { JournalEvent } from '../journal.ts';
import { startMockBroker } from './mock-broker.ts';
import { parseOptions, USAGE, type CommandLine } from './options.ts';

async function run(options: CommandLine): Promise<void> {
  const { scenario, speed, host, port, key, json } = options;
  const tell = (event: JournalEvent): void => {
    const { session_id, seq, type, data } = event;
    console.log(json ? JSON.stringify({ event }) : `${session_id} ${seq} ${type} ${words(data)}`);
  };
  const broker = await startMockBroker({
    scenario,
    speed,
    host,
    port,
    featuresOff: options['features-off'],
    ...(key === undefined ? {} : { integratorKey: key }),
    ...(options['public-url'] === undefined ? {} : { publicUrl: options['public-url'] }),
    onEvent: tell,
  });
  const { baseUrl, integratorKey } = broker;
  if (json)
    console.log(JSON.stringify({ ready: true, baseUrl, integrationKey: integratorKey, scenario }));
  else
    console.log(
      `GuruConnect mock broker at ${baseUrl}, scenario ${scenario}\nkey ${integratorKey}\n`,
    );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void broker.close());
}

const words = (data: object): string => (Object.keys(data).length > 0 ? JSON.stringify(data) : '');

const options = parseOptions(process.argv.slice(2), process.env);
if ('fault' in options) {
  console.error(`${options.fault}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (options.help) console.log(USAGE);
else
  await run(options).catch((error: unknown) => {
    console.error((error as Error).message);
    process.exitCode = 2;
  });
