// One of our own processes (signaling, media node, agent) as a child: started, seen ready, stopped.
// Owned by Stack; used alike by the demo, the end-to-end tests and the benchmarks.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';

export type ProcessSpec = {
  readonly name: string;
  /** Absolute path of its main.ts. */
  readonly entry: string;
  /** The whole environment it gets, beside PATH and HOME: configuration comes from nowhere else. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
};

const Ready = z.object({ ready: z.literal(true), url: z.string().optional() });

const START_TIMEOUT_MS = 30_000;
/** A process that was asked to stop and did not is killed after this. */
const STOP_TIMEOUT_MS = 8_000;

export class StackProcess {
  readonly name: string;
  /** Resolves when the process is gone, with its exit code or signal. Never rejects. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? 'SIGKILL');
      });
      child.once('error', () => {
        resolve(-1);
      });
    });
  }

  /** @throws Error with the end of its log when it stops, or does not report ready in time. */
  static async start(spec: ProcessSpec): Promise<StackProcess> {
    const log = openSync(spec.logFile, 'a', 0o600);
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', spec.entry], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', ...spec.env },
      // The IPC channel carries `ready`, and its end tells the child that we are gone.
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const self = new StackProcess(spec.name, child);
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        if (Ready.safeParse(message).success) resolve();
      });
    });
    const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
    const late = new Promise<'late'>((resolve) => {
      timeout.addEventListener('abort', () => {
        resolve('late');
      });
    });
    const outcome = await Promise.race([
      ready.then(() => 'ready' as const),
      self.exited.then((code) => ({ code })),
      late,
    ]);
    if (outcome === 'ready') return self;
    await self.stop();
    const why =
      outcome === 'late'
        ? `was not ready within ${START_TIMEOUT_MS / 1000} s`
        : `stopped at start (${outcome.code})`;
    throw new Error(
      `${spec.name} ${why}; the end of ${basename(spec.logFile)}:\n${tail(spec.logFile)}`,
    );
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL for one that does not listen. Idempotent. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(hard);
  }
}

const TAIL_LINES = 25;

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
