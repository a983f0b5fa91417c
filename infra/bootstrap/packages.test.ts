import { expect, test } from 'vitest';
import { packagesFor } from './package-lists.mjs';
import { aptCommandLine, aptInstallArguments, missingFrom } from './packages.mjs';

const xterm = { name: 'xterm', why: 'a shell' };
const chromium = { name: 'chromium', why: 'a browser', orCommands: ['google-chrome'] };
const redis = { name: 'redis-server', why: 'a store', service: 'redis-server' };

const nothingElse = (): boolean => false;

test('counts only what is really installed', () => {
  const answer = 'xterm installed\nchromium config-files\n';
  expect(missingFrom([xterm, chromium, redis], answer, nothingElse)).toEqual([chromium, redis]);
});

test('does not ask for a package when something else does its work', () => {
  expect(missingFrom([xterm, chromium], '', (wanted) => wanted === chromium)).toEqual([xterm]);
});

test('installs without asking and without what is merely recommended', () => {
  const words = aptInstallArguments([xterm, redis]);
  expect(words[0]).toBe('install');
  expect(words).toContain('-y');
  expect(words).toContain('--no-install-recommends');
  expect(words.slice(-2)).toEqual(['xterm', 'redis-server']);
});

test('gives one line to paste', () => {
  expect(aptCommandLine([xterm])).toBe(
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends xterm',
  );
});

test('that line leaves no service running or enabled', () => {
  const line = aptCommandLine([xterm, redis]);
  expect(line).toContain('sudo env SYSTEMD_OFFLINE=1 RUNLEVEL=1 apt-get install');
  expect(line).toMatch(/ && sudo systemctl disable redis-server$/);
});

test('whoever tests or measures also runs', () => {
  const names = packagesFor(['test', 'bench']).map(({ name }) => name);
  expect(names).toContain('xserver-xorg-core');
  expect(names).toContain('chromium');
  expect(new Set(names).size).toBe(names.length);
  expect(packagesFor([]).map(({ name }) => name)).not.toContain('chromium');
});
