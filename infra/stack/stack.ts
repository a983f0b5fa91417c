// The whole product on one machine: media node, signaling with the embedded store, agent. Started
// in that order, stopped in reverse. The demo, the end-to-end tests and the benchmarks use it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '@guruconnect/contract/client/client';
import { newIntegratorKey } from '@guruconnect/signaling/integrator-key';
import { freePort } from './ports.ts';
import { StackProcess, type ProcessSpec } from './stack-process.ts';
import { until } from './until.ts';

export type StackOptions = {
  /** X display the agent publishes, e.g. ":79". */
  readonly display: string;
  readonly deviceId?: string;
  /** Port of signaling when it is free (0: any). */
  readonly port?: number;
  /** More environment for one process. */
  readonly env?: Partial<Record<'sfu' | 'signaling' | 'agent', Record<string, string>>>;
  readonly onStep?: (text: string) => void;
  /** False: no machine is enrolled and no agent started; whoever wants one does it. */
  readonly agent?: boolean;
};

type ProcessName = 'sfu' | 'signaling' | 'agent';

const root = new URL('../../', import.meta.url).pathname;

export class Stack {
  readonly baseUrl: string;
  readonly integratorKey: string;
  readonly deviceId: string;
  readonly display: string;
  /** UDP and TCP port of the media node's worker, for those who stand in between (infra/shaper). */
  readonly rtcPort: number;
  /** The media node's control socket and health routes. */
  readonly controlUrl: string;
  /** The integration contract, as any RMM uses it. */
  readonly contract: Client;
  /** Logs, store and machine key of this run; removed by close(). */
  readonly directory: string;
  readonly #specs: Record<ProcessName, ProcessSpec>;
  readonly #processes = new Map<ProcessName, StackProcess>();

  private constructor(
    directory: string,
    ports: { signaling: number; control: number; rtc: number },
    options: StackOptions,
  ) {
    this.directory = directory;
    this.baseUrl = `http://127.0.0.1:${ports.signaling}`;
    const [given = newIntegratorKey()] =
      options.env?.signaling?.['GC_INTEGRATOR_KEY']?.split(',') ?? [];
    this.integratorKey = given;
    this.deviceId = options.deviceId ?? 'demo-desktop';
    this.display = options.display;
    this.rtcPort = ports.rtc;
    this.controlUrl = `http://127.0.0.1:${ports.control}`;
    this.contract = createClient({ baseUrl: this.baseUrl, key: this.integratorKey });
    const clusterSecret = randomBytes(32).toString('base64url');
    const workerBin = process.env['MEDIASOUP_WORKER_BIN'];
    const spec = (name: ProcessName, entry: string, env: Record<string, string>): ProcessSpec => ({
      name,
      entry: join(root, entry),
      logFile: join(directory, `${name}.log`),
      env: { GC_LOG_LEVEL: process.env['GC_LOG_LEVEL'] ?? 'info', ...env, ...options.env?.[name] },
    });
    this.#specs = {
      sfu: spec('sfu', 'sfu/src/main.ts', {
        GC_NODE_ID: 'node-1',
        GC_CLUSTER_SECRET: clusterSecret,
        GC_CONTROL_PORT: String(ports.control),
        GC_RTC_PORT: String(ports.rtc),
        GC_WORKERS: '1',
        ...(workerBin === undefined ? {} : { MEDIASOUP_WORKER_BIN: workerBin }),
      }),
      signaling: spec('signaling', 'signaling/src/main.ts', {
        GC_PORT: String(ports.signaling),
        GC_PUBLIC_URL: this.baseUrl,
        GC_INTEGRATOR_KEY: this.integratorKey,
        GC_CLUSTER_SECRET: clusterSecret,
        GC_MEDIA_NODES: this.controlUrl,
        GC_STORE: join(directory, 'store.sqlite'),
        GC_VIEWER_DIR: join(root, 'viewer/dist'),
        GC_EMBED_DIR: join(root, 'contract/dist'),
      }),
      agent: spec('agent', 'agent-bridge/src/main.ts', {
        GC_SIGNALING_URL: this.baseUrl,
        GC_DEVICE_ID: this.deviceId,
        GC_STATE_DIR: join(directory, 'agent'),
        DISPLAY: options.display,
        // The desktops of demo and tests have no hardware: their people use XTEST (xdotool, VNC).
        GC_CONSENT_INPUT: 'any',
      }),
    };
  }

  static async start(options: StackOptions): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), 'guruconnect-'));
    const ports = {
      signaling: await freePort(options.port),
      control: await freePort(),
      rtc: await freePort(),
    };
    const stack = new Stack(directory, ports, options);
    const step = options.onStep ?? (() => undefined);
    try {
      step('media node');
      await stack.startProcess('sfu');
      step('signaling');
      await stack.startProcess('signaling');
      if (options.agent === false) {
        await until('signaling to answer', () => stack.contract.capabilities());
        return stack;
      }
      step('agent');
      const { token } = await until('signaling to answer', () =>
        stack.contract.enrolmentTokens.create({ device_id: stack.deviceId }),
      );
      await stack.startProcess('agent', { GC_ENROLMENT_TOKEN: token });
      await stack.agentOnline();
      return stack;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  async startProcess(name: ProcessName, env: Record<string, string> = {}): Promise<StackProcess> {
    const spec = this.#specs[name];
    const running = await StackProcess.start({ ...spec, env: { ...spec.env, ...env } });
    this.#processes.set(name, running);
    return running;
  }

  process(name: ProcessName): StackProcess {
    const found = this.#processes.get(name);
    if (!found) throw new Error(`${name} was never started`);
    return found;
  }

  logFile(name: ProcessName): string {
    return this.#specs[name].logFile;
  }

  async agentOnline(): Promise<void> {
    await until(
      'the agent to come online',
      async () => (await this.contract.machines.read({ device_id: this.deviceId })).online,
    );
  }

  /** Resolves with the name of the first process that stops by itself. */
  firstExit(): Promise<ProcessName> {
    return Promise.race(
      [...this.#processes].map(([name, running]) => running.exited.then(() => name)),
    );
  }

  async close(): Promise<void> {
    for (const name of ['agent', 'signaling', 'sfu'] as const)
      await this.#processes.get(name)?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
