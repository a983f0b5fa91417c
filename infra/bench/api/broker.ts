// Signaling as in production (its own process, its store in a file) with a media node that takes
// everything, to be measured. Owned by api-bench.ts.
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { newIntegratorKey } from '@guruconnect/signaling/integrator-key';
import { freePort } from '../../stack/ports.ts';
import { StackProcess } from '../../stack/stack-process.ts';
import { until } from '../../stack/until.ts';

const root = new URL('../../../', import.meta.url).pathname;

export class Broker {
  readonly url: string;
  readonly key: string;
  readonly #store: string;
  readonly #node: StackProcess;
  readonly #signaling: StackProcess;

  private constructor(
    url: string,
    key: string,
    store: string,
    processes: { node: StackProcess; signaling: StackProcess },
  ) {
    this.url = url;
    this.key = key;
    this.#store = store;
    this.#node = processes.node;
    this.#signaling = processes.signaling;
  }

  /** @param directory for its store and logs; the caller removes it. */
  static async start(directory: string, name: string): Promise<Broker> {
    const [port, control] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const key = newIntegratorKey();
    const store = join(directory, `${name}.sqlite`);
    const secret = randomBytes(32).toString('base64url');
    const started = (what: string, entry: string, env: Record<string, string>) =>
      StackProcess.start({
        name: what,
        entry: join(root, entry),
        logFile: join(directory, `${name}-${what}.log`),
        env: { GC_CLUSTER_SECRET: secret, ...env },
      });
    const node = await started('node', 'infra/bench/api/idle-node.ts', {
      GC_CONTROL_PORT: String(control),
    });
    try {
      const signaling = await started('signaling', 'signaling/src/main.ts', {
        GC_PORT: String(port),
        GC_INTEGRATOR_KEY: key,
        GC_MEDIA_NODES: `http://127.0.0.1:${control}`,
        GC_STORE: store,
        GC_RATE_PER_MINUTE: '1000000',
        GC_LOG_LEVEL: process.env['GC_LOG_LEVEL'] ?? 'info',
      });
      const broker = new Broker(url, key, store, { node, signaling });
      await until('signaling to be ready', async () => (await fetch(`${url}/readyz`)).ok);
      return broker;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  get pid(): number {
    return this.#signaling.pid;
  }

  /** Used by JavaScript, MiB, as the process itself tells it. */
  async heapMib(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    const bytes = /^gc_signaling_nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1];
    return Math.round(Number(bytes) / 2 ** 20);
  }

  /** Size of the store, its write-ahead log included, MiB. */
  storeMib(): number {
    const files = [this.#store, `${this.#store}-wal`];
    const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20);
  }

  async close(): Promise<void> {
    await this.#signaling.stop();
    await this.#node.stop();
  }
}
