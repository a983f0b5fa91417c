// Gets the rivals: Debian's packages when we are root, npm's into a folder of the cache. None of it is a
// dependency of ours; what cannot be had is told and left out.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../bootstrap/cache-folder.mjs';
import { ensurePackages } from '../../bootstrap/packages.mjs';

const run = promisify(execFile);
const NPM_TIMEOUT_MS = 300_000;

const folder = (): string => join(cacheFolder(process.env), 'bench-rivals');

/** @throws Error that says what to do. */
export async function ensureDebianPackages(
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const step = { update: () => undefined, note: say, done: () => undefined };
  mkdirSync(folder(), { recursive: true });
  const packages = names.map((name) => ({ name, why: 'a rival in the comparison' }));
  await ensurePackages(packages, { step, logFile: join(folder(), 'apt.log') });
}

/** @param modules as `name@version`. */
export async function ensureModules(modules: readonly string[]): Promise<void> {
  mkdirSync(folder(), { recursive: true });
  const file = join(folder(), 'package.json');
  if (!existsSync(file)) writeFileSync(file, '{"private":true}\n');
  const missing = modules.filter((module) => !isThere(module));
  if (missing.length === 0) return;
  const npm = join(dirname(process.execPath), 'npm');
  const program = existsSync(npm) ? npm : 'npm';
  const options = ['--no-audit', '--no-fund', '--save-exact', '--ignore-scripts'];
  await run(program, ['install', ...options, ...missing], {
    cwd: folder(),
    timeout: NPM_TIMEOUT_MS,
  });
}

/** Where a package of the rivals is. */
export const moduleFolder = (name: string): string => join(folder(), 'node_modules', name);

/** A package of the rivals, loaded. */
export const requireModule = (name: string): unknown =>
  createRequire(join(folder(), 'package.json'))(name);

function isThere(module: string): boolean {
  const at = module.lastIndexOf('@');
  const file = join(moduleFolder(module.slice(0, at)), 'package.json');
  if (!existsSync(file)) return false;
  const { version } = createRequire(file)(file) as { version: string };
  return version === module.slice(at + 1);
}
