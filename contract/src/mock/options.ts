// The command line of the mock broker, parsed once.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { FEATURES, type Feature } from '../http/v1/capabilities.ts';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';

const FEATURE_NAMES = Object.keys(FEATURES) as [Feature, ...Feature[]];

const Options = z.strictObject({
  scenario: z
    .enum(SCENARIO_NAMES, { error: `must be one of ${SCENARIO_NAMES.join(', ')}` })
    .default('goes_well'),
  speed: z.coerce.number('must be a number').min(0).max(10_000).default(1),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number('must be a number').int().min(0).max(65535).default(8090),
  'public-url': z
    .url({ protocol: /^https?$/, error: 'must be an origin such as http://gc-mock:8090' })
    .transform((text) => new URL(text).origin)
    .optional(),
  'features-off': z
    .string()
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(FEATURE_NAMES, { error: `knows only ${FEATURE_NAMES.join(', ')}` })))
    .default([]),
  key: z
    .string()
    .regex(/^[\x21-\x7e]{8,256}$/, 'must be 8-256 visible characters')
    .optional(),
  json: z.boolean().default(false),
  help: z.boolean().default(false),
});
export type CommandLine = z.output<typeof Options>;

export const USAGE = `npm run mock-broker -- [options]

  --scenario NAME      what happens to sessions (default goes_well)
  --speed N            2 is twice as fast as life; 0 stands still until POST /mock/step (default 1)
  --host ADDRESS       where to listen (default 127.0.0.1)
  --port N             0: any that is free (default 8090)
  --public-url URL     origin at which others reach it, when that is not host and port
  --features-off LIST  features to be without: remote_input,webhooks
  --key KEY            the integrator key with every scope (default: GC_INTEGRATOR_KEY, or a new one)
  --json               print one line of JSON when it answers, then one for each event
  --help               this text

Scenarios; a session whose device_id is mock:NAME or mock:NAME:anything has that one:

${Object.entries(SCENARIOS)
  .map(([name, { about }]) => `  ${name.padEnd(20)} ${about}`)
  .join('\n')}
`;

/**
 * @param environment GC_INTEGRATOR_KEY counts when there is no --key.
 * @returns the options, or what is wrong with them in one line.
 */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine | { readonly fault: string } {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const { values } = parseArgs({
      args: [...argv],
      options: {
        scenario: text,
        speed: text,
        host: text,
        port: text,
        'public-url': text,
        'features-off': text,
        key: text,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    });
    const key = environment['GC_INTEGRATOR_KEY'] || undefined;
    const parsed = Options.safeParse({ ...(key === undefined ? {} : { key }), ...values });
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues.map(
      ({ path: [name = ''], message }) => `--${String(name)} ${message}`,
    );
    return { fault: [...new Set(faults)].join('; ') };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}
