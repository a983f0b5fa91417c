// Modules of contract as a browser gets them, built in memory.
import { fileURLToPath } from 'node:url';
import { build, type InlineConfig, type Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

async function bundle(config: InlineConfig): Promise<string> {
  const built = (await build({ ...config, root, logLevel: 'error' })) as Rolldown.RolldownOutput[];
  const files = built.flatMap(({ output }) => output);
  const [file] = files;
  if (files.length !== 1 || file?.type !== 'chunk')
    throw new Error(`one file expected, built ${files.map((each) => each.fileName).join(', ')}`);
  return file.code;
}

/** The embed SDK exactly as `npm run build` delivers it. */
export const elementBundle = (): Promise<string> =>
  bundle({ configFile: `${root}vite.config.ts`, build: { write: false } });

/** @param entry below contract/, e.g. `src/client/client.ts`. */
export const moduleBundle = (entry: string): Promise<string> =>
  bundle({ configFile: false, build: { write: false, lib: { entry, formats: ['es'] } } });
