// Builds the media worker from the source in mediasoup's npm package (recipe.mjs). Works in a copy
// outside node_modules that stays when the build is interrupted, so that the next one goes on.
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../command.mjs';
import { BUILD_PACKAGES } from '../package-lists.mjs';
import { ensurePackages } from '../packages.mjs';
import { formatDuration } from '../progress.mjs';
import { SetupError } from '../setup-error.mjs';
import { applySourceEdits, MESON_ARGUMENTS, SUBPROJECTS } from './recipe.mjs';

/** Its largest translation units take about this much memory each; more jobs would swap. */
const MEMORY_PER_JOB_BYTES = 1.25 * 1024 ** 3;

/**
 * @param {{ mediasoup: string, buildFolder: string, logFile: string,
 *           step: import('../progress.mjs').Step, signal?: AbortSignal }} context
 *   `mediasoup`: the folder of the npm package
 * @returns {Promise<string>} the binary, inside `buildFolder`
 */
export async function buildWorker({ mediasoup, buildFolder, logFile, step, signal }) {
  await ensureBuildPackages({ step, signal, logFile });
  const source = path.join(buildFolder, 'source');
  const prepared = path.join(buildFolder, 'prepared');
  if (!existsSync(prepared)) {
    rmSync(buildFolder, { recursive: true, force: true });
    cpSync(path.join(mediasoup, 'worker'), source, { recursive: true });
    applySourceEdits(source);
    replaceSubprojects(path.join(source, 'subprojects'));
    const meson = ['setup', 'output', ...MESON_ARGUMENTS, '--wrap-mode=nodownload'];
    step.update('configuring');
    await tool('meson', meson, { cwd: source, signal, logFile });
    writeFileSync(prepared, '');
  }
  const showProgress = progressOf(step);
  await tool('ninja', ['-C', 'output', '-j', String(jobs()), 'mediasoup-worker'], {
    cwd: source,
    signal,
    logFile,
    onLine: showProgress,
  });
  return path.join(source, 'output', 'mediasoup-worker');
}

/**
 * The compiler and the libraries' headers; with the headers come the libraries that the finished
 * worker is linked to.
 * @param {{ step: import('../progress.mjs').Step, signal?: AbortSignal, logFile: string }} context
 */
export async function ensureBuildPackages({ step, signal, logFile }) {
  const quiet = { ...step, done: () => {} }; // part of a step, not one of its own
  await ensurePackages(BUILD_PACKAGES, { step: quiet, signal, logFile });
}

/** Ours instead of the ones that would be downloaded. @param {string} folder */
function replaceSubprojects(folder) {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.wrap')) rmSync(path.join(folder, name));
  }
  cpSync(SUBPROJECTS, folder, { recursive: true });
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd: string, signal?: AbortSignal, logFile: string, onLine?: (line: string) => void }} options
 */
async function tool(file, args, options) {
  const end = await runCommand(file, args, options);
  if (end.ok) return;
  throw new SetupError(`building the media worker failed: ${file}: ${end.status}`, {
    details: end.tail,
    todo:
      `read the whole log in ${options.logFile}; when the cause is out of the way (memory, disk, a ` +
      'library), start again and the build goes on where it stopped. A worker from elsewhere can be ' +
      'used with MEDIASOUP_WORKER_BIN=<path>',
  });
}

/**
 * Turns ninja's `[12/212] Compiling …` into percent and a guess of what is left.
 * @param {import('../progress.mjs').Step} step
 */
function progressOf(step) {
  const startedAtMs = Date.now();
  let firstDone = 0;
  return (/** @type {string} */ line) => {
    const progress = parseNinjaProgress(line);
    if (!progress) return;
    const { done, total } = progress;
    firstDone ||= done;
    const rate = (done - firstDone) / (Date.now() - startedAtMs);
    const left =
      done - firstDone >= 10 ? `, about ${formatDuration((total - done) / rate)} left` : '';
    step.update(`building from source, ${Math.floor((100 * done) / total)} %${left}`);
  };
}

/** @param {string} line */
export function parseNinjaProgress(line) {
  const match = /^\[(\d+)\/(\d+)\] /.exec(line);
  return match ? { done: Number(match[1]), total: Number(match[2]) } : undefined;
}

function jobs() {
  return Math.max(1, Math.min(os.cpus().length, Math.floor(os.totalmem() / MEMORY_PER_JOB_BYTES)));
}
