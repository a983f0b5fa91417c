// The whole of signaling with a fake media node, for tests: real sockets, real HTTP, the embedded
// store, short times. Everything started here is stopped by close().
import { Writable } from 'node:stream';
import type { CreateSession, CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import type { Deprecation } from '@guruconnect/contract/http/v1/deprecations';
import type { EnrolmentToken, Enrolled } from '@guruconnect/contract/http/v1/machines';
import type { EventList } from '@guruconnect/contract/http/v1/sessions';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { MachineId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Session } from '@guruconnect/contract/session';
import type { z } from 'zod';
import { readConfig, type Config } from '../src/config.ts';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import type { Timings } from '../src/limits.ts';
import { makeLogger } from '../src/logger.ts';
import { startSignaling, type Signaling } from '../src/main.ts';
import { SignalingChild } from './signaling-child.ts';
import { FakeAgent, newMachineKey, type FakeAgentOptions, type Identity } from './fake-agent.ts';
import { FakeNode } from './fake-node.ts';
import { FakeViewer } from './fake-viewer.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

export const CLUSTER_SECRET = 'cluster-secret-for-tests-0123456789abcdef';

/** Short enough for tests, long enough for a busy machine. */
export const TEST_TIMINGS: Partial<Timings> = {
  helloMs: 1_000,
  probeMs: 300,
  agentGraceMs: 400,
  mediaGraceMs: 1_500,
  viewerGraceMs: 400,
  settleMs: 400,
  consentSlackMs: 200,
  nodeAskMs: 2_000,
  lastWordMs: 300,
};

export type HarnessOptions = {
  readonly env?: Record<string, string>;
  readonly timings?: Partial<Timings>;
  readonly nodes?: number;
  readonly deprecations?: readonly Deprecation[];
  /** As a process of its own, which can be killed. Needs a store in a file. */
  readonly asProcess?: boolean;
  /** Control URLs of nodes that somebody else started, instead of fake ones. */
  readonly nodeUrls?: readonly string[];
};

export type ApiAnswer<T = Record<string, unknown>> = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
};

export class Harness {
  readonly config: Config;
  readonly key: string;
  readonly nodes: FakeNode[];
  /** Every line logged so far, as JSON text. */
  readonly log: string[] = [];
  readonly badAnswers: string[] = [];
  readonly #timings: Partial<Timings>;
  readonly #deprecations: readonly Deprecation[] | undefined;
  readonly #closers: (() => void)[] = [];
  #requests = 0;
  readonly #environment: Record<string, string>;
  readonly #asProcess: boolean;
  #signaling: Signaling | undefined;
  #child: SignalingChild | undefined;

  private constructor(
    environment: Record<string, string>,
    key: string,
    nodes: FakeNode[],
    options: HarnessOptions,
  ) {
    this.config = readConfig(environment);
    this.key = key;
    this.nodes = nodes;
    this.#environment = environment;
    this.#asProcess = options.asProcess ?? false;
    this.#deprecations = options.deprecations;
    this.#timings = { ...TEST_TIMINGS, ...options.timings };
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const nodes: FakeNode[] = [];
    for (let i = 1; options.nodeUrls === undefined && i <= (options.nodes ?? 1); i += 1)
      nodes.push(await new FakeNode(`node-${i}`, await freePort(), CLUSTER_SECRET).start());
    const key = newIntegratorKey();
    const urls = options.nodeUrls ?? nodes.map(({ url }) => url);
    const environment = {
      GC_PORT: String(await freePort()),
      GC_INTEGRATOR_KEY: key,
      GC_CLUSTER_SECRET: CLUSTER_SECRET,
      GC_MEDIA_NODES: urls.join(',') || 'http://127.0.0.1:1',
      GC_LOG_LEVEL: 'debug',
      // Each request of api() comes from another address, so that limits by address do not mix.
      GC_TRUSTED_PROXIES: '127.0.0.1',
      ...options.env,
    };
    const harness = new Harness(environment, key, nodes, options);
    await harness.startSignaling();
    if (urls.length > 0) await harness.ready();
    return harness;
  }

  get url(): string {
    return this.config.publicUrl;
  }

  /** The only node, where there is one. */
  get node(): FakeNode {
    const [node] = this.nodes;
    if (!node) throw new Error('this harness has no fake node');
    return node;
  }

  async startSignaling(): Promise<void> {
    if (this.#asProcess) {
      this.#child = await SignalingChild.start(this.#environment, this.log);
      return;
    }
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.log.push(chunk.toString());
        done();
      },
    });
    this.#signaling = await startSignaling(this.config, {
      logger: makeLogger(this.config, sink),
      timings: this.#timings,
      processMetrics: false,
      ...(this.#deprecations ? { deprecations: this.#deprecations } : {}),
      onBadAnswer: (route, error) => {
        this.badAnswers.push(`${route}: ${error.message}`);
        throw new Error(`the answer of ${route} does not fit the contract`, { cause: error });
      },
    });
  }

  /** Only of a process. */
  get child(): SignalingChild {
    if (!this.#child) throw new Error('signaling does not run as a process of its own');
    return this.#child;
  }

  async stopSignaling(): Promise<void> {
    await this.#child?.stop('SIGTERM');
    this.#child = undefined;
    await this.#signaling?.close('test');
    this.#signaling = undefined;
  }

  async ready(): Promise<void> {
    await until('signaling to be ready', async () => (await fetch(`${this.url}/readyz`)).ok);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) close();
    await this.stopSignaling();
    for (const node of this.nodes) await node.close();
  }

  /** Any request, as an integrator does it; `key: null` sends none. */
  async api<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    options: { headers?: Record<string, string>; key?: string | null } = {},
  ): Promise<ApiAnswer<T>> {
    const key = options.key === undefined ? this.key : options.key;
    this.#requests += 1;
    const address = `10.${this.#requests >> 16}.${(this.#requests >> 8) & 255}.${this.#requests & 255}`;
    const response = await fetch(
      path.startsWith('/api') ? this.url + path : this.url + API_BASE + path,
      {
        method,
        headers: {
          'x-forwarded-for': address,
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      },
    );
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as T;
    return { status: response.status, headers: response.headers, body: parsed, text };
  }

  async createSession(
    change: Partial<z.input<typeof CreateSession>> = {},
    headers?: Record<string, string>,
  ): Promise<CreatedSession> {
    const answer = await this.api<CreatedSession>(
      'POST',
      '/sessions',
      sessionRequest(change),
      headers ? { headers } : {},
    );
    if (answer.status !== 201) throw new Error(`session refused: ${answer.text}`);
    return answer.body;
  }

  async session(id: string): Promise<Session> {
    return (await this.api<Session>('GET', `/sessions/${id}`)).body;
  }

  async events(id: string, after = 0): Promise<JournalEvent[]> {
    const path = `/sessions/${id}/events?after=${after}&limit=500`;
    return (await this.api<z.output<typeof EventList>>('GET', path)).body.events;
  }

  inState(id: string, state: string, withinMs?: number): Promise<Session> {
    return until(
      `session to be ${state}`,
      async () => {
        const session = await this.session(id);
        return session.state === state ? session : undefined;
      },
      withinMs,
    );
  }

  async enrol(deviceId: string): Promise<Identity> {
    const { body } = await this.api<EnrolmentToken>('POST', '/enrolment-tokens', {
      device_id: deviceId,
    });
    const key = await newMachineKey();
    const enrolled = await this.api<Enrolled>(
      'POST',
      '/agent/enrol',
      { token: body.token, device_id: deviceId, public_key: key.publicKey },
      { key: null },
    );
    if (enrolled.status !== 201) throw new Error(`enrolment refused: ${enrolled.text}`);
    return { ...key, machineId: MachineId.parse(enrolled.body.machine_id) };
  }

  /** An agent of that device, not connected yet. */
  agent(identity: Identity, options: Partial<FakeAgentOptions> = {}): FakeAgent {
    const agent = new FakeAgent({ url: this.url, identity, ...options });
    this.#closers.push(() => {
      agent.close();
    });
    return agent;
  }

  /** Enrolled and connected. */
  async agentOnline(deviceId: string, options: Partial<FakeAgentOptions> = {}): Promise<FakeAgent> {
    return this.agent(await this.enrol(deviceId), options).connect();
  }

  async viewer(created: Pick<CreatedSession, 'id' | 'viewer'>): Promise<FakeViewer> {
    const invitation = { session_id: created.id, code: created.viewer.code };
    return this.owned(await FakeViewer.join(this.url, invitation));
  }

  async admittedViewer(created: Pick<CreatedSession, 'id' | 'viewer'>): Promise<FakeViewer> {
    const invitation = { session_id: created.id, code: created.viewer.code };
    return this.owned(await FakeViewer.admit(this.url, invitation));
  }

  owned(viewer: FakeViewer): FakeViewer {
    this.#closers.push(() => {
      viewer.close();
    });
    return viewer;
  }

  /** Agent online, session live, as most tests begin. */
  async liveSession(
    change: Partial<z.input<typeof CreateSession>> = {},
    agentOptions: Partial<FakeAgentOptions> = {},
  ): Promise<{ created: CreatedSession; agent: FakeAgent }> {
    const agent = await this.agentOnline(change.device_id ?? 'device-1', agentOptions);
    const created = await this.createSession(change);
    await this.inState(created.id, 'live');
    return { created, agent };
  }
}

export const sessionRequest = (
  change: Partial<z.input<typeof CreateSession>> = {},
): z.input<typeof CreateSession> => ({
  device_id: 'device-1',
  mode: 'unattended',
  technician: { id: 'tech-7', name: 'Ada Technician' },
  grants: ['view', 'control'],
  ...change,
});
