// Step 1: the Debian/Ubuntu packages. One question to dpkg when all is there; otherwise root
// installs what is missing, and everybody else is told the one command that does.
import { readFileSync } from 'node:fs';
import { askCommand, findCommand, runCommand } from './command.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {import('./package-lists.mjs').Package} Package */

/**
 * Installing a server must not leave it running: the tests start their own. No file of the system
 * is touched for that (a policy-rc.d or a masked unit would outlive a crash of ours); these two
 * variables reach only the maintainer scripts of this one apt run:
 * - systemctl with SYSTEMD_OFFLINE=1 enables and disables units but starts none;
 * - without systemd, invoke-rc.d asks runlevel(8), which believes $RUNLEVEL, and starts nothing in
 *   runlevel 1.
 * Afterwards the freshly installed units are disabled, so that the next boot does not start them.
 */
const WITHOUT_STARTING_SERVICES = { SYSTEMD_OFFLINE: '1', RUNLEVEL: '1' };

/** Another apt may be at work (unattended-upgrades): wait for it this long. */
const APT_LOCK_TIMEOUT_S = 120;

/**
 * Makes sure the packages are installed; fast when they are.
 * @param {Iterable<Package>} packages
 * @param {{ step: import('./progress.mjs').Step, signal?: AbortSignal, logFile: string }} context
 */
export async function ensurePackages(packages, { step, signal, logFile }) {
  const wanted = [...packages];
  if (!isDebianLike()) return ensureCommands(wanted, step);
  const missing = missingPackages(wanted);
  if (missing.length === 0) return step.done(`all ${wanted.length} are installed`);
  refuseWhatAptDoesNotHave(missing);
  if (process.getuid?.() !== 0) {
    throw new SetupError(`${missing.length} Debian packages are missing: ${names(missing)}`, {
      todo: `install them, then start again:\n\n  ${aptCommandLine(missing)}\n`,
    });
  }
  await installPackages(missing, { step, signal, logFile });
  step.done(`installed ${names(missing)}`);
}

/**
 * @param {Package[]} missing
 * @param {{ step: import('./progress.mjs').Step, signal?: AbortSignal, logFile: string }} context
 */
async function installPackages(missing, { step, signal, logFile }) {
  const services = missing.flatMap(({ service }) => service ?? []);
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    ...(services.length > 0 ? WITHOUT_STARTING_SERVICES : {}),
  };
  step.update('reading the package lists');
  const update = await runCommand('apt-get', ['update'], { env, signal, logFile });
  if (!update.ok) step.note('the package lists could not be refreshed, trying with the old ones');
  const install = await runCommand('apt-get', aptInstallArguments(missing), {
    env,
    signal,
    logFile,
    onLine: (line) => {
      const unpacked = /^(?:Unpacking|Setting up) ([^ :]+)/.exec(line);
      step.update(unpacked ? `installing ${unpacked[1]}` : `installing ${missing.length} packages`);
    },
  });
  // Nothing by these names may be enabled: harmless, so not worth stopping for.
  if (services.length > 0 && findCommand('systemctl')) {
    await runCommand('systemctl', ['disable', ...services], { signal, logFile });
  }
  const still = missingPackages(missing);
  if (still.length === 0) return;
  throw new SetupError(`apt-get could not install ${names(still)} (${install.status})`, {
    details: install.tail.slice(-8),
    todo: `run it by hand and see what it says:\n\n  ${aptCommandLine(still)}\n\nthe whole log is ${logFile}`,
  });
}

/** @param {Package[]} packages @returns {Package[]} in one call of dpkg-query */
export function missingPackages(packages) {
  const listed = packages.map(({ name }) => name);
  const answer = askCommand('dpkg-query', [
    '-W',
    '-f',
    '${Package} ${db:Status-Status}\n',
    ...listed,
  ]);
  return missingFrom(packages, answer?.stdout ?? '', isThereOtherwise);
}

/** @param {Package} wanted */
function isThereOtherwise({ orCommands = [], orVariable }) {
  const isNamed = orVariable !== undefined && Boolean(process.env[orVariable]);
  return isNamed || orCommands.some((command) => findCommand(command) !== undefined);
}

/**
 * @param {Package[]} packages
 * @param {string} dpkgAnswer lines `name status`; packages dpkg has never heard of are absent
 * @param {(wanted: Package) => boolean} isOtherwise whether something else stands in for a package
 * @returns {Package[]}
 */
export function missingFrom(packages, dpkgAnswer, isOtherwise) {
  const installed = new Set(
    dpkgAnswer.split('\n').flatMap((line) => {
      const [name, status] = line.split(' ');
      return status === 'installed' ? [name] : [];
    }),
  );
  return packages.filter((wanted) => !installed.has(wanted.name) && !isOtherwise(wanted));
}

/** @param {Package[]} packages */
export function aptInstallArguments(packages) {
  const patience = `DPkg::Lock::Timeout=${APT_LOCK_TIMEOUT_S}`;
  const options = ['-y', '--no-install-recommends', '-o', patience];
  return ['install', ...options, ...packages.map(({ name }) => name)];
}

/** The one line that a person without root pastes. @param {Package[]} packages */
export function aptCommandLine(packages) {
  const install = `apt-get install -y --no-install-recommends ${names(packages)}`;
  const services = packages.flatMap(({ service }) => service ?? []);
  if (services.length === 0) return `sudo apt-get update && sudo ${install}`;
  const variables = Object.entries(WITHOUT_STARTING_SERVICES).map((pair) => pair.join('='));
  const disable = `systemctl disable ${services.join(' ')}`;
  return `sudo apt-get update && sudo env ${variables.join(' ')} ${install} && sudo ${disable}`;
}

/**
 * Ubuntu's chromium is a snap that apt cannot install: say so instead of failing in apt.
 * @param {Package[]} missing
 */
function refuseWhatAptDoesNotHave(missing) {
  if (distribution() === 'ubuntu' && missing.some(({ name }) => name === 'chromium')) {
    throw new SetupError('there is no Chromium or Chrome on this machine', {
      todo: 'install Google Chrome (google-chrome-stable) or the chromium snap, then start again',
    });
  }
}

/**
 * Elsewhere we cannot install, only look.
 * @param {Package[]} wanted
 * @param {import('./progress.mjs').Step} step
 */
function ensureCommands(wanted, step) {
  const missing = wanted.filter(
    (each) => each.command && !findCommand(each.command) && !isThereOtherwise(each),
  );
  if (missing.length === 0) {
    return step.done('not Debian or Ubuntu: cannot check libraries, the commands are there');
  }
  const commands = missing.map(({ command }) => command).join(' ');
  const libraries = names(wanted.filter(({ command }) => !command));
  throw new SetupError(`this is not Debian or Ubuntu, and commands are missing: ${commands}`, {
    todo: `install what brings them, and what Debian calls ${libraries}, then start again`,
  });
}

export function isDebianLike() {
  return findCommand('dpkg-query') !== undefined && findCommand('apt-get') !== undefined;
}

/** `debian`, `ubuntu`, … from os-release(5). */
function distribution() {
  try {
    return /^ID="?([a-z]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** @param {Package[]} packages */
const names = (packages) => packages.map(({ name }) => name).join(' ');
