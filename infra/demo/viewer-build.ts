// Builds the viewer when its sources (or the contract's) are newer than what was built.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
const built = join(root, 'viewer/dist/index.html');
const sources = [
  'viewer/src',
  'viewer/index.html',
  'viewer/vite.config.ts',
  'viewer/package.json',
  'contract/src',
  'package-lock.json',
];

export function viewerIsFresh(): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return sources.every((source) => newest(join(root, source)) <= builtAt);
}

/** @throws Error with vite's own words. */
export async function buildViewer(): Promise<void> {
  const output: Buffer[] = [];
  const vite = spawn('npm', ['run', '--silent', 'build', '-w', '@guruconnect/viewer'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  vite.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  vite.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    vite.once('error', reject);
    vite.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the viewer did not build:\n${Buffer.concat(output).toString()}`);
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
