// Signaling as the process it is in production: started, seen ready, stopped or killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export class SignalingChild {
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Exit);
  }

  /** @param log gets every line of its output. @throws Error when it exits before it is ready. */
  static async start(environment: Record<string, string>, log: string[]): Promise<SignalingChild> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => log.push(text));
    const self = new SignalingChild(child);
    const ready = once(child, 'message').then(() => 'ready' as const);
    const outcome = await Promise.race([ready, self.exited]);
    if (outcome !== 'ready')
      throw new Error(`signaling stopped at its start (${outcome.code}): ${log.join('')}`);
    return self;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As when the parent dies: the IPC channel ends. */
  letGo(): void {
    this.#child.disconnect();
  }

  async stop(signal: NodeJS.Signals): Promise<Exit> {
    if (this.running) this.#child.kill(signal);
    return this.exited;
  }
}
