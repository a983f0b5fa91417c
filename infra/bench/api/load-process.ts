// The load generator as a child: one load at a time. Owned by api-bench.ts.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { LoadResult, type Load } from './load.ts';

const Answer = z.union([z.object({ result: LoadResult }), z.object({ error: z.string() })]);

export class LoadProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<LoadProcess> {
    const child = fork(new URL('load.ts', import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    await once(child, 'message');
    return new LoadProcess(child);
  }

  /** @throws Error with the first answer that was not as expected. */
  async run(load: Load): Promise<LoadResult> {
    this.#child.send(load);
    const [message] = (await once(this.#child, 'message')) as [unknown];
    const answer = Answer.parse(message);
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
