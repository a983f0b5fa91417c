// The demo's command line, parsed once.
import { parseArgs } from 'node:util';
import { z } from 'zod';

const Options = z.strictObject({
  json: z.boolean().default(false),
  display: z
    .string()
    .regex(/^:\d{1,5}(\.\d+)?$/, 'must look like :79')
    .optional(),
  port: z.coerce.number().int().min(0).max(65535).default(8080),
  attended: z.boolean().default(false),
  help: z.boolean().default(false),
});
export type DemoOptions = z.output<typeof Options>;

export const USAGE = `npm run demo -- [options]

  --display :N   show this X display instead of starting a desktop of its own
  --attended     ask the person at the desktop for consent before each session
  --port N       port of GuruConnect when it is free (default 8080; 0: any)
  --json         print one line of JSON when everything answers, nothing else on stdout
  --help         this text
`;

/** @returns the options, or what is wrong with them in one line. */
export function parseOptions(argv: readonly string[]): DemoOptions | { fault: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        json: { type: 'boolean' },
        display: { type: 'string' },
        port: { type: 'string' },
        attended: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const parsed = Options.safeParse(values);
    if (parsed.success) return parsed.data;
    return {
      fault: parsed.error.issues
        .map((issue) => `--${issue.path.join('.')} ${issue.message}`)
        .join('; '),
    };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}
