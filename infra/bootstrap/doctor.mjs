// npm run doctor [-- test]: what this machine has and lacks for running GuruConnect (or its tests),
// and what to do about it. Looks only, changes nothing. Exit code 1 when something is missing.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './bootstrap.mjs';
import { askCommand, findCommand } from './command.mjs';
import { isInstalled, isNewEnough, projectNode } from './dependencies.mjs';
import { starts, workerPlace } from './media-worker.mjs';
import { packagesFor } from './package-lists.mjs';
import { aptCommandLine, isDebianLike, missingPackages } from './packages.mjs';
import { SetupError } from './setup-error.mjs';

/** Where the demo listens when the port is free; otherwise it takes another. */
const DEMO_PORT = 8080;
const OLDEST_SYSTEM_NODE = 20;
const SET_UP = 'npm run demo takes care of it';
const TEST_SET_UP = 'npm test takes care of it';

/**
 * @typedef {'ok' | 'missing' | 'note'} State `note`: worth knowing, nothing to do
 * @typedef {{ what: string, state: State, found: string, todo?: string }} Finding
 */

/** @param {boolean} isThere @returns {State} */
const needed = (isThere) => (isThere ? 'ok' : 'missing');

/** @param {{ forTests: boolean }} options @returns {Promise<Finding[]>} */
async function examine({ forTests }) {
  return [
    system(),
    startingNode(),
    npm(),
    packages('packages', packagesFor([])),
    ...(forTests
      ? [packages('packages for tests', packagesFor(['test']), TEST_SET_UP), browser()]
      : []),
    dependencies(),
    ownNode(),
    mediaWorker(),
    display(),
    await port(),
  ];
}

/** @returns {Finding} */
function system() {
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(readText('/etc/os-release'))?.[1] ?? os.type();
  const found = `${name}, ${os.arch()}, ${os.cpus().length} cores`;
  if (isDebianLike()) return { what: 'system', state: 'ok', found };
  const todo = 'only Debian and Ubuntu are set up without your help';
  return { what: 'system', state: 'note', found, todo };
}

/** @returns {Finding} */
function startingNode() {
  const isFine = Number(process.versions.node.split('.')[0]) >= OLDEST_SYSTEM_NODE;
  const todo = `install Node ${OLDEST_SYSTEM_NODE} or newer`;
  return { what: 'node', state: needed(isFine), found: process.versions.node, todo };
}

/** @returns {Finding} */
function npm() {
  const version = askCommand('npm', ['--version'])?.stdout.trim();
  const todo = 'install npm (it comes with Node)';
  return { what: 'npm', state: needed(Boolean(version)), found: version || 'not found', todo };
}

/**
 * @param {string} what
 * @param {import('./package-lists.mjs').Package[]} wanted
 * @returns {Finding}
 */
function packages(what, wanted, rootTodo = SET_UP) {
  if (!isDebianLike()) return { what, state: 'note', found: 'not looked at on this system' };
  const missing = missingPackages(wanted);
  if (missing.length === 0) return { what, state: 'ok', found: `all ${wanted.length} installed` };
  const found = `lacking ${missing.map(({ name }) => name).join(' ')}`;
  const todo = process.getuid?.() === 0 ? rootTodo : aptCommandLine(missing);
  return { what, state: 'missing', found, todo };
}

/** @returns {Finding} */
function browser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const file = process.env.GC_CHROMIUM ?? names.map((name) => findCommand(name)).find(Boolean);
  const found = file ? askCommand(file, ['--version'])?.stdout.trim() : undefined;
  const todo = 'install chromium, or set GC_CHROMIUM to the path of a Chrome';
  return { what: 'browser', state: needed(Boolean(found)), found: found || 'not found', todo };
}

/** @returns {Finding} */
function dependencies() {
  const isThere = isInstalled(ROOT);
  const found = isThere ? 'as package-lock.json says' : 'not installed, or out of date';
  return { what: 'dependencies', state: needed(isThere), found, todo: SET_UP };
}

/** @returns {Finding} */
function ownNode() {
  const { version } = projectNode(ROOT);
  const found = version || 'not installed';
  return { what: "project's node", state: needed(isNewEnough(version)), found, todo: SET_UP };
}

/** @returns {Finding} */
function mediaWorker() {
  const what = 'media worker';
  const given = process.env.MEDIASOUP_WORKER_BIN;
  if (given) {
    const todo = 'correct MEDIASOUP_WORKER_BIN, or unset it';
    return { what, state: needed(starts(given)), found: given, todo };
  }
  try {
    const { binary, origin, version } = workerPlace(ROOT, process.env);
    const about = JSON.parse(readText(origin) || '{}');
    const isThere = starts(binary);
    const found = isThere ? `${version}, ${about.origin}, ${binary}` : `${version} not made yet`;
    return { what, state: needed(isThere), found, todo: SET_UP };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { what, state: 'missing', found: error.message, todo: SET_UP };
  }
}

/** @returns {Finding} */
function display() {
  const what = 'display';
  const given = process.env.DISPLAY;
  const answers = given !== undefined && askCommand('xrandr', ['--query'])?.code === 0;
  if (answers) {
    const found = `${given} answers`;
    return { what, state: 'ok', found, todo: `npm run demo -- --display ${given} shows it` };
  }
  const canMake = existsSync('/usr/lib/xorg/modules/drivers/dummy_drv.so') || findCommand('Xvfb');
  const found = canMake ? 'none here, the demo makes its own' : 'none, and no way to make one';
  return { what, state: needed(Boolean(canMake)), found, todo: canMake ? undefined : SET_UP };
}

/** @returns {Promise<Finding>} */
async function port() {
  const what = `port ${DEMO_PORT}`;
  const isFree = await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(DEMO_PORT, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  if (isFree) return { what, state: 'ok', found: 'free' };
  const todo = 'the demo takes another; npm run demo -- --port N names one';
  return { what, state: 'note', found: 'taken by another program', todo };
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @param {Finding[]} findings */
export function table(findings) {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const marks = { ok: 'ok     ', note: 'note   ', missing: 'MISSING' };
  return findings
    .map(({ what, state, found, todo }) => {
      const line = `${marks[state]}  ${what.padEnd(width)}  ${found}`;
      return state === 'ok' || !todo ? line : `${line}\n${' '.repeat(11 + width)}→ ${todo}`;
    })
    .join('\n');
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const findings = await examine({ forTests: process.argv.slice(2).includes('test') });
  process.stdout.write(`${table(findings)}\n`);
  if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
}
