// How fast the contract is served: sessions created and read over real HTTP, with the embedded store
// in a file, beside what express costs by itself; and what 10,000 open sessions take. Servers take
// turns, so that whatever else the machine does meets all of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROUTE_EXAMPLES } from '@guruconnect/contract/openapi/route-examples';
import { SessionList } from '@guruconnect/contract/http/v1/sessions';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { freePort } from '../../stack/ports.ts';
import { StackProcess } from '../../stack/stack-process.ts';
import { processUse } from '../cpu-meter.ts';
import type { BenchOptions } from '../benches.ts';
import { Broker } from './broker.ts';
import type { Load, LoadResult } from './load.ts';
import { LoadProcess } from './load-process.ts';

const ROUNDS = 5;
/** Per server and round: long enough for a figure, together fewer than `open_sessions`. */
const CREATES = 1000;
const READS = 4000;
const WARM_UP = 300;
const CONNECTIONS = 8;
const OPEN_SESSIONS = 10_000;

type Server = {
  readonly pid: number;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  /** One that exists. */
  sessionId: string;
};
type Sample = LoadResult & { readonly cpu_us: number };

const { client_ref: _, ...BODY } = ROUTE_EXAMPLES['sessions.create'].body as Record<
  string,
  unknown
>;
const REQUEST = JSON.stringify({ ...BODY, device_id: 'device-{n}' });

export async function measureApi({ say }: BenchOptions): Promise<Record<string, unknown>> {
  await using owned = new AsyncDisposableStack();
  const load = owned.adopt(await LoadProcess.start(), (process) => process.stop());
  const directory = owned.adopt(mkdtempSync(join(tmpdir(), 'gc-bench-api-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const reference = async (kind: string): Promise<Server> => {
    const port = await freePort();
    const running = await StackProcess.start({
      name: kind,
      entry: new URL('reference-server.ts', import.meta.url).pathname,
      env: {
        GC_PORT: String(port),
        GC_BENCH_KIND: kind,
        GC_STORE: join(directory, `${kind}.sqlite`),
      },
      logFile: join(directory, `${kind}.log`),
    });
    owned.adopt(running, (process) => process.stop());
    return { pid: running.pid, base: `http://127.0.0.1:${port}`, headers: {}, sessionId: '' };
  };
  const broker = owned.adopt(await Broker.start(directory, 'speed'), (running) => running.close());
  const servers = {
    guruconnect: serverOf(broker),
    express_bare: await reference('bare'),
    express_zod_sqlite: await reference('zod_sqlite'),
  };

  let sent = 0;
  const create = (server: Server, requests: number): Load => ({
    url: `${server.base}/sessions`,
    method: 'POST',
    headers: { ...server.headers, 'idempotency-key': 'bench-{n}' },
    body: REQUEST,
    from: (sent += requests) - requests,
    ...{ requests, connections: CONNECTIONS, status: 201 },
  });
  const read = (server: Server, requests: number): Load => ({
    url: `${server.base}/sessions/${server.sessionId}`,
    method: 'GET',
    headers: server.headers,
    from: 0,
    ...{ requests, connections: CONNECTIONS, status: 200 },
  });

  for (const server of Object.values(servers)) {
    server.sessionId = await createOne(server);
    for (const made of [create(server, WARM_UP), read(server, WARM_UP)]) await load.run(made);
  }
  const samples: Record<string, Sample[]> = {};
  for (let round = 1; round <= ROUNDS; round += 1)
    for (const [name, server] of Object.entries(servers))
      for (const [what, made] of [
        ['create', create(server, CREATES)],
        ['read', read(server, READS)],
      ] as const) {
        const before = processUse(server.pid).cpuS;
        const result = await load.run(made);
        const cpuS = processUse(server.pid).cpuS - before;
        const sample = { ...result, cpu_us: Math.round((cpuS / made.requests) * 1e6) };
        (samples[`${what} ${name}`] ??= []).push(sample);
        say(`round ${round}: ${what} ${name}: ${sample.requests_per_s}/s, p95 ${sample.ms.p95} ms`);
      }

  const speed = (what: 'create' | 'read') => {
    const rows = Object.fromEntries(
      Object.keys(servers).map((name) => [name, medians(samples[`${what} ${name}`] ?? [])]),
    ) as Record<keyof typeof servers, ReturnType<typeof medians>>;
    return {
      ...rows,
      times_the_cpu_of_bare: ratio(rows.guruconnect.cpu_us, rows.express_bare.cpu_us),
      times_the_cpu_of_zod_sqlite: ratio(rows.guruconnect.cpu_us, rows.express_zod_sqlite.cpu_us),
      share_of_bare_requests_per_s: ratio(
        rows.guruconnect.requests_per_s,
        rows.express_bare.requests_per_s,
      ),
    };
  };
  return {
    rounds: ROUNDS,
    connections: CONNECTIONS,
    create: speed('create'),
    read: speed('read'),
    open_sessions: await measureOpenSessions(load, directory, say),
  };
}

const serverOf = (broker: Broker): Server => ({
  pid: broker.pid,
  base: broker.url + API_BASE,
  headers: { authorization: `Bearer ${broker.key}` },
  sessionId: '',
});

async function createOne({ base, headers }: Server): Promise<string> {
  const answer = await fetch(`${base}/sessions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: REQUEST.replace('{n}', 'first'),
  });
  if (answer.status !== 201) throw new Error(`no session: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/**
 * What 10,000 sessions that wait for their agents take of signaling, and the file they are in; and
 * what is left of that once they have ended.
 */
async function measureOpenSessions(load: LoadProcess, directory: string, say: BenchOptions['say']) {
  const broker = await Broker.start(directory, 'open');
  try {
    const { base, headers, pid } = serverOf(broker);
    const state = async () => ({
      rss_mib: Math.round(processUse(pid).rssMiB),
      heap_mib: await broker.heapMib(),
      store_mib: broker.storeMib(),
    });
    const at = { method: 'POST', headers, from: 0, connections: CONNECTIONS } as const;
    const before = await state();
    const ids: string[] = [];
    const all = { ...at, requests: OPEN_SESSIONS };
    await load.run({ ...all, url: `${base}/sessions`, body: REQUEST, status: 201 });
    const open = await state();
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await fetch(`${base}/sessions?limit=100${cursor}`, { headers });
      const { sessions, next_cursor } = SessionList.parse(await page.json());
      ids.push(...sessions.map(({ id }) => id));
      cursor = next_cursor === undefined ? undefined : `&cursor=${next_cursor}`;
    }
    for (const id of ids) {
      const ended = await fetch(`${base}/sessions/${id}/end`, { method: 'POST', headers });
      await ended.arrayBuffer();
    }
    const result = { sessions: ids.length, before, open, ended: await state() };
    say(`open sessions: ${JSON.stringify(result)}`);
    return result;
  } finally {
    await broker.close();
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

const medians = (samples: readonly Sample[]) => ({
  requests_per_s: median(samples.map((sample) => sample.requests_per_s)),
  p50_ms: median(samples.map(({ ms }) => ms.p50)),
  p95_ms: median(samples.map(({ ms }) => ms.p95)),
  /** Of the server's processor, microseconds for one request: other load does not change it much. */
  cpu_us: median(samples.map(({ cpu_us }) => cpu_us)),
});

const ratio = (one: number, other: number): number => Math.round((one / other) * 100) / 100;
