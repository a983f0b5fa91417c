// A shell in which somebody follows CONTRACT.md by hand: code blocks of the document, by name and word
// for word, one after another, with the variables that the earlier ones have set.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { block } from '../../contract/test/contract-document.ts';
import { until } from '../stack/until.ts';

/** Longer than any block of the document takes that does not follow a session. */
const BLOCK_TIMEOUT_MS = 60_000;

export class DocumentShell {
  readonly #bash: ChildProcess;
  /** All that was printed so far. */
  #printed = '';
  #complaints = '';
  readonly #changed = new Set<() => void>();

  /** @param env what the reader of the document fills in: GC, KEY, DEVICE, … */
  constructor(env: Readonly<Record<string, string>>, folder: string) {
    // A process group of its own, so that what runs in the background can be ended with it.
    this.#bash = spawn('bash', ['-eu', '-o', 'pipefail'], {
      cwd: folder,
      detached: true,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    });
    const changed = (): void => {
      for (const each of this.#changed) each();
    };
    this.#bash.stdout?.on('data', (chunk: Buffer) => {
      this.#printed += chunk.toString();
      changed();
    });
    this.#bash.stderr?.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
    this.#bash.once('exit', changed);
  }

  /** Types one block. @returns what it printed. @throws Error when one of its commands fails. */
  run(name: string): Promise<string> {
    return this.#type(name, block(name));
  }

  /** A variable that a block has set. */
  async value(variable: string): Promise<string> {
    return (await this.#type(variable, `echo "$${variable}"`)).trim();
  }

  /** Ends the shell and everything it started. Idempotent. */
  async close(): Promise<void> {
    const group = -(this.#bash.pid ?? 0);
    const lives = (): boolean => {
      try {
        return process.kill(group, 0);
      } catch {
        return false; // nobody is left in it
      }
    };
    if (group === 0 || !lives()) return;
    process.kill(group, 'SIGTERM');
    await until('everything the document started to end', () => !lives());
  }

  async #type(what: string, lines: string): Promise<string> {
    const end = `--${randomUUID()}--`;
    const from = this.#printed.length;
    const found = (): number => this.#printed.indexOf(end, from);
    this.#bash.stdin?.write(`${lines}\nprintf '%s\\n' '${end}'\n`);
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (found() >= 0) resolve();
      else if (this.#bash.exitCode !== null || this.#bash.signalCode !== null)
        reject(new Error(`"${what}" of CONTRACT.md failed: ${this.#complaints.trim()}`));
    };
    const late = setTimeout(() => {
      reject(new Error(`"${what}" of CONTRACT.md did not end: ${this.#complaints.trim()}`));
    }, BLOCK_TIMEOUT_MS);
    this.#changed.add(look);
    look();
    try {
      await done;
    } finally {
      clearTimeout(late);
      this.#changed.delete(look);
    }
    return this.#printed.slice(from, found());
  }
}
