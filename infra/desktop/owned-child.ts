// A program of the desktop that cannot outlive us: stopped by its owner, and by the kernel when we
// are killed before we could (setpriv sets the parent-death signal and then becomes the program).
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';

const SETPRIV = '/usr/bin/setpriv';
/** A program that does not end on SIGTERM is killed after this. */
const STOP_TIMEOUT_MS = 2_000;

export type ChildOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Takes what it prints. */
  readonly logFile: string;
};

export class OwnedChild {
  /** What it writes to its file descriptor 3. */
  readonly fd3: Readable;
  /** Resolves when the program is gone or could not be started. Never rejects. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.fd3 = child.stdio[3] as Readable;
    this.exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  static start(program: string, args: readonly string[], options: ChildOptions): OwnedChild {
    const { env, cwd, logFile } = options;
    const command = existsSync(SETPRIV)
      ? [SETPRIV, '--pdeathsig', 'TERM', '--', program, ...args]
      : [program, ...args];
    const log = openSync(logFile, 'a', 0o600);
    try {
      return new OwnedChild(
        spawn(command[0] ?? program, command.slice(1), {
          env,
          cwd,
          stdio: ['ignore', log, log, 'pipe'],
        }),
      );
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** SIGTERM, then SIGKILL. Idempotent; resolves when the program is gone. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(hard);
  }
}
