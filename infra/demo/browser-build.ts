// Builds what browsers load from signaling, the viewer and the embed element, when its sources are
// newer than what was built.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;

const PACKAGES = [
  {
    name: '@guruconnect/viewer',
    built: 'viewer/dist/index.html',
    sources: [
      'viewer/src',
      'viewer/index.html',
      'viewer/vite.config.ts',
      'viewer/package.json',
      'contract/src',
    ],
  },
  {
    name: '@guruconnect/contract',
    built: 'contract/dist/guru-session.js',
    sources: ['contract/src', 'contract/vite.config.ts', 'contract/package.json'],
  },
] as const;

const stale = () =>
  PACKAGES.filter(({ built, sources }) => {
    const path = join(root, built);
    if (!existsSync(path)) return true;
    const builtAt = statSync(path).mtimeMs;
    return [...sources, 'package-lock.json'].some((source) => newest(join(root, source)) > builtAt);
  });

export const browserBuildIsFresh = (): boolean => stale().length === 0;

/** @throws Error with vite's own words. */
export async function buildForBrowsers(): Promise<void> {
  for (const { name } of stale()) await build(name);
}

async function build(name: string): Promise<void> {
  const output: Buffer[] = [];
  const vite = spawn('npm', ['run', '--silent', 'build', '-w', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  vite.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  vite.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    vite.once('error', reject);
    vite.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${name} did not build:\n${Buffer.concat(output).toString()}`);
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
