// Step 2: the npm dependencies, exactly those of package-lock.json, and among them the Node that
// runs the project (the system's may be older). `npm ci` runs only when something changed.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { askCommand, findCommand, runCommand } from './command.mjs';
import { SetupError } from './setup-error.mjs';

/** Type stripping without a flag and without a warning begins here. */
export const MINIMUM_NODE = [22, 18];

/**
 * @param {{ root: string, env: NodeJS.ProcessEnv, step: import('./progress.mjs').Step,
 *           signal?: AbortSignal, logFile: string,
 *           exclusively: <T>(action: () => Promise<T>) => Promise<T> }} context
 * @returns {Promise<string>} path of the project's Node
 */
export async function ensureDependencies({ root, env, step, signal, logFile, exclusively }) {
  let news = 'up to date';
  if (!isInstalled(root)) {
    await exclusively(async () => {
      if (isInstalled(root)) return; // whoever held the lock has just done it
      step.update('npm ci');
      await install({ root, env, step, signal, logFile });
      news = 'installed';
    });
  }
  const { nodeBin, version } = proveNode(root);
  writeStamp(root);
  step.done(`${news}, Node ${version}`);
  return nodeBin;
}

/**
 * @param {{ root: string, env: NodeJS.ProcessEnv, step: import('./progress.mjs').Step,
 *           signal?: AbortSignal, logFile: string }} context
 */
async function install({ root, env, step, signal, logFile }) {
  const searchPath = withoutProjectNode(root, env.PATH ?? '');
  const npm = findCommand('npm', searchPath);
  if (!npm) {
    throw new SetupError('npm is not on the PATH', {
      todo: 'install Node 20 or newer together with npm, then start again',
    });
  }
  // node_modules is about to be deleted and made anew: nothing may run from inside it.
  const npmEnv = { ...env, PATH: searchPath };
  const run = async (/** @type {string[]} */ ...command) => {
    /** @type {string[]} */
    const complaints = [];
    const end = await runCommand(npm, [...command, '--no-audit', '--no-fund'], {
      cwd: root,
      env: npmEnv,
      signal,
      logFile,
      onLine: (line) => {
        step.update(`npm ${command[0]}`);
        if (/^npm (error|ERR!) ./.test(line)) complaints.push(line);
      },
    });
    return { ...end, complaints };
  };
  // No package runs anything at install. Most install scripts here would go to the network for what
  // we do not need (node-av's ffmpeg) or do ourselves in step 3 (mediasoup's worker).
  let end = await run('ci', '--ignore-scripts');
  if (!end.ok && onlyUnknownToRegistry(end.complaints)) {
    // Installs from the same lock file, without comparing it with what the registry says.
    end = await run('install', '--no-save', '--ignore-scripts');
  }
  // The exception: the package `node` fetches the binary for this platform in its script.
  if (end.ok) end = await run('rebuild', 'node', '--ignore-scripts=false');
  if (!end.ok) throw npmFailure(end.status, end.complaints, logFile);
}

/**
 * Some registries (mirrors above all) do not have every optional package for foreign platforms.
 * npm 11's `ci` then finds packages without a version that the lock file does not have and refuses,
 * though nothing of it would be installed here.
 * @param {string[]} complaints npm's error lines
 */
export function onlyUnknownToRegistry(complaints) {
  const differences = complaints.filter((line) => /(Missing|Invalid): /.test(line));
  return (
    differences.length > 0 && differences.every((line) => /Missing: \S+@ from lock/.test(line))
  );
}

/**
 * npm says the reason first and its usage last.
 * @param {string} status
 * @param {string[]} complaints
 * @param {string} logFile
 */
function npmFailure(status, complaints, logFile) {
  const outOfStep = complaints.some((line) => line.includes('EUSAGE'));
  return new SetupError(`npm could not install the dependencies (${status})`, {
    details: complaints.slice(0, 8),
    todo: outOfStep
      ? 'a package.json and package-lock.json disagree: run npm install and commit what it changes'
      : `check that the npm registry can be reached from here (npm ping), then start again; the whole log is ${logFile}`,
  });
}

/**
 * Whether node_modules is what the lock file says.
 * @param {string} root
 */
export function isInstalled(root) {
  if (readText(stampFile(root)) === dependencyStamp(root)) return true;
  // Somebody who ran npm themselves has the right packages but no stamp: leave their tree alone.
  // (An install of ours that was interrupted may look the same, but has no Node yet.)
  const lock = readText(path.join(root, 'package-lock.json'));
  const tree = readText(path.join(root, 'node_modules', '.package-lock.json'));
  if (!lock || !tree || !treeMatchesLock(JSON.parse(tree), JSON.parse(lock))) return false;
  return isNewEnough(projectNode(root).version);
}

/**
 * A hash over everything that decides what `npm ci` installs.
 * @param {string} root
 */
export function dependencyStamp(root) {
  const { workspaces = [] } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const files = [
    'package-lock.json',
    ...['', ...workspaces].map((folder) => path.join(folder, 'package.json')),
  ];
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(readText(path.join(root, file)) ?? '')
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Whether npm's note of what it put into node_modules says the same as the lock file. npm writes
 * that note last, so an interrupted install has none.
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} Entry
 * @param {{ packages?: Record<string, Entry> }} tree
 * @param {{ packages?: Record<string, Entry> }} lock
 */
export function treeMatchesLock(tree, lock) {
  const installed = tree.packages ?? {};
  const locked = { ...lock.packages };
  delete locked['']; // the root package itself is not installed
  const same = Object.entries(locked).every(([location, wanted]) => {
    const there = installed[location];
    if (!there) return wanted.optional === true || wanted.devOptional === true;
    return there.version === wanted.version && there.integrity === wanted.integrity;
  });
  return same && Object.keys(installed).every((location) => location in locked);
}

/**
 * @param {string} root
 * @returns {{ nodeBin: string, version: string }} `version` is empty when it does not run
 */
export function projectNode(root) {
  const nodeBin = path.join(root, 'node_modules', '.bin', 'node');
  const version = askCommand(nodeBin, ['--version'])?.stdout.trim().replace(/^v/, '') ?? '';
  return { nodeBin, version };
}

/** @param {string} root */
function proveNode(root) {
  const { nodeBin, version } = projectNode(root);
  if (!isNewEnough(version)) {
    throw new SetupError(
      version
        ? `the project's Node is ${version}, too old`
        : `the project's own Node (${nodeBin}) does not run`,
      { todo: 'remove the node_modules folder and start again, so that npm installs it anew' },
    );
  }
  return { nodeBin, version };
}

/** @param {string} version `24.21.0` */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minimumMajor = 0, minimumMinor = 0] = MINIMUM_NODE;
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}

/**
 * PATH without the folders npm puts in front of it.
 * @param {string} root
 * @param {string} searchPath
 */
function withoutProjectNode(root, searchPath) {
  const inside = path.join(root, 'node_modules') + path.sep;
  return searchPath
    .split(path.delimiter)
    .filter((folder) => !path.resolve(folder).startsWith(inside))
    .join(path.delimiter);
}

/** @param {string} root */
const stampFile = (root) => path.join(root, 'node_modules', '.gc-stamp');

/** Makes the next look cheap. @param {string} root */
function writeStamp(root) {
  const stamp = dependencyStamp(root);
  if (readText(stampFile(root)) !== stamp) writeFileSync(stampFile(root), stamp);
}

/** @param {string} file @returns {string | undefined} */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
