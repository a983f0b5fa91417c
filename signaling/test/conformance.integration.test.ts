// The conformance runner: it passes on the real server, and it is worth something, because each of
// these servers breaks one promise and fails exactly the check of that promise.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS, runChecks } from '@guruconnect/contract/conformance/run-checks';
import { BreakingProxy, type Flaw, type Passed, type Passing } from './breaking-proxy.ts';
import { Harness } from './harness.ts';

let gc: Harness;
let viewerDir: string;
beforeAll(async () => {
  viewerDir = await mkdtemp(join(tmpdir(), 'gc-viewer-'));
  await writeFile(join(viewerDir, 'index.html'), '<!doctype html><title>viewer</title>');
  gc = await Harness.start({
    // A node takes some fifty sessions within ten seconds; here come thousands.
    nodes: 8,
    env: { GC_VIEWER_DIR: viewerDir, GC_TRUSTED_PROXIES: '127.0.0.1' },
  });
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  await gc.close();
  await rm(viewerDir, { recursive: true });
});

const brokenAt = async (url: string): Promise<string[]> =>
  (await runChecks({ url, key: gc.key }))
    .filter(({ result }) => result === 'broken')
    .map(({ check, detail }) => `${check.id}: ${String(detail)}`);

describe('the real server', () => {
  it('keeps every promise, and none is left out', async () => {
    const outcomes = await runChecks({ url: gc.url, key: gc.key });
    expect(outcomes.filter(({ result }) => result !== 'kept')).toEqual([]);
    expect(outcomes).toHaveLength(CHECKS.length);
    const open = await gc.api<{ sessions: unknown[] }>('GET', '/sessions?state=waiting_agent');
    expect(open.body.sessions).toEqual([]);
  });

  it('keeps them with features switched off, too', async () => {
    const off = 'events_api,agent_releases,remote_input,embedded_viewer';
    const less = await Harness.start({ env: { GC_FEATURES_OFF: off } });
    const outcomes = await runChecks({ url: less.url, key: less.key });
    expect(outcomes.filter(({ result }) => result === 'broken')).toEqual([]);
    expect(outcomes.find(({ check }) => check.id === 'capabilities.true')?.result).toBe('kept');
    await less.close();
  });

  it('may say more than this version knows', async () => {
    const proxy = await BreakingProxy.start(gc.url, {
      answer: (answer) => {
        if (!answer.headers['content-type']?.startsWith('application/json')) return;
        change(answer, (json) => ({ ...json, from_a_later_version: { nested: [1] } }));
        answer.headers['x-later'] = 'yes';
      },
    });
    expect(await brokenAt(proxy.url)).toEqual([]);
    await proxy.close();
  });
});

type Json = Record<string, unknown>;
const change = (part: { body: string }, how: (json: Json) => Json): void => {
  let json: unknown;
  try {
    json = JSON.parse(part.body);
  } catch {
    // no body, or one that is meant to be broken
    return;
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    part.body = JSON.stringify(how(json as Json));
};
const isCreate = ({ method, url }: Passing): boolean =>
  method === 'POST' && url.endsWith('/v1/sessions');
const isExchange = ({ url }: Passing): boolean => url.endsWith('/viewer/exchange');
const isPage = ({ url }: Passing): boolean => /^\/viewer\/ses_/.test(url);
const codeOf = ({ body }: { body: string }): string =>
  /"code":"(gcv_[^"]+)"/.exec(body)?.[1] ?? 'none';

/** Named after what is wrong; the check that has to find it, and only that one. */
const FLAWS: [what: string, check: string, flaw: () => Flaw][] = [
  [
    'does not say whether it records sessions',
    'capabilities.shape',
    () => ({
      answer: (answer, { url }) => {
        if (!url.includes('/capabilities')) return;
        change(answer, (json) => {
          const { session_recording: _, ...features } = json['features'] as Json;
          return { ...json, features };
        });
      },
    }),
  ],
  [
    'sends the capabilities again to who has them',
    'capabilities.etag',
    () => ({
      request: ({ headers }) => {
        delete headers['if-none-match'];
      },
    }),
  ],
  [
    'says a feature is off that works',
    'capabilities.true',
    () => ({
      answer: (answer, { url }) => {
        if (!url.includes('/capabilities')) return;
        change(answer, (json) => ({
          ...json,
          features: { ...(json['features'] as Json), view_only: false },
          feature_details: {
            ...(json['feature_details'] as Json),
            view_only: { since: '1.0.0', state: 'off', reason_if_off: 'so it says' },
          },
        }));
      },
    }),
  ],
  [
    'calls its refusals plain JSON',
    'errors.problem-documents',
    () => ({
      answer: (answer) => {
        if (answer.status !== 405 && answer.headers['content-type']?.includes('problem'))
          answer.headers['content-type'] = 'application/json';
      },
    }),
  ],
  [
    'ignores unknown fields',
    'requests.unknown-field',
    () => ({
      request: (request) => {
        change(request, ({ no_such_field: _, ...known }) => known);
      },
    }),
  ],
  [
    'does not say which credential it wants',
    'authentication.required',
    () => ({
      answer: ({ headers }) => {
        delete headers['www-authenticate'];
      },
    }),
  ],
  [
    'makes a session for each repeated request',
    'sessions.idempotency',
    () => ({
      request: ({ headers }) => {
        delete headers['idempotency-key'];
      },
    }),
  ],
  [
    'refuses to end what has ended',
    'sessions.end-again',
    () => {
      const ended = new Set<string>();
      return {
        answer: (answer, { url }) => {
          if (!url.endsWith('/end')) return;
          if (ended.has(url))
            Object.assign(answer, { status: 409, body: '{"code":"session_ended"}' });
          ended.add(url);
        },
      };
    },
  ],
  [
    'shows the first page again and again',
    'lists.cursor',
    () => ({
      request: (request) => {
        request.url = request.url.replace(/&cursor=[^&]*/, '');
      },
    }),
  ],
  [
    'loses an event',
    'events.journal',
    () => ({
      answer: (answer, { url }) => {
        if (!/events\?after=0/.test(url)) return;
        change(answer, (json) => ({
          ...json,
          events: (json['events'] as { seq: number }[]).filter(({ seq }) => seq !== 2),
        }));
      },
    }),
  ],
  [
    'does not wait when it is asked to',
    'events.long-poll',
    () => ({
      request: (request) => {
        request.url = request.url.replace(/&wait_s=\d+/, '');
      },
    }),
  ],
  [
    'numbers the messages of a stream by itself',
    'events.stream',
    () => ({
      answer: (answer) => {
        answer.body = answer.body.replaceAll(/^id: \d+$/gm, 'id: 1');
      },
    }),
  ],
  [
    'takes a code twice',
    'codes.once',
    () => {
      const answers = new Map<string, Passed>();
      return {
        answer: (answer, request) => {
          if (!isExchange(request)) return;
          const code = codeOf(request);
          const before = answers.get(code);
          if (before) Object.assign(answer, before);
          else if (answer.status === 200) answers.set(code, { ...answer });
        },
      };
    },
  ],
  [
    'takes a code for any session',
    'codes.bound',
    () => {
      const sessions = new Map<string, unknown>();
      return {
        request: (request) => {
          if (isExchange(request))
            change(request, (json) => ({
              ...json,
              session_id: sessions.get(codeOf(request)) ?? json['session_id'],
            }));
        },
        answer: (answer, request) => {
          if (isCreate(request) && answer.status === 201)
            sessions.set(codeOf(answer), (JSON.parse(answer.body) as Json)['id']);
        },
      };
    },
  ],
  [
    'gives out codes for an hour',
    'codes.short',
    () => ({
      answer: (answer, request) => {
        if (isCreate(request))
          answer.body = answer.body.replace(
            /"code_expires_at":"[^"]*"/,
            `"code_expires_at":"${new Date(Date.now() + 3_600_000).toISOString()}"`,
          );
      },
    }),
  ],
  [
    'lets a further viewer have more than its session',
    'codes.grants',
    () => ({
      request: (request) => {
        if (request.url.endsWith('/viewer-codes')) change(request, () => ({}));
      },
    }),
  ],
  [
    'lets anybody frame the viewer',
    'framing.viewer',
    () => ({
      answer: ({ headers }, request) => {
        if (isPage(request) && request.url !== '/viewer/ses_nobody')
          delete headers['content-security-policy'];
      },
    }),
  ],
  [
    'forbids framing in a way that knows no origins',
    'framing.viewer',
    () => ({
      answer: ({ headers }, request) => {
        if (isPage(request)) headers['x-frame-options'] = 'DENY';
      },
    }),
  ],
  [
    'does not tell what is left of the rate',
    'headers.answers',
    () => ({
      answer: ({ headers }) => {
        delete headers['ratelimit'];
      },
    }),
  ],
  [
    'is open to pages of any origin',
    'methods.sane',
    () => ({
      answer: ({ headers }) => {
        headers['access-control-allow-origin'] = '*';
      },
    }),
  ],
];

describe('a server that', () => {
  it.each(FLAWS)('%s fails %s and nothing else', async (_what, check, flaw) => {
    const proxy = await BreakingProxy.start(gc.url, flaw());
    const broken = await brokenAt(proxy.url);
    await proxy.close();
    expect(broken).toEqual([expect.stringMatching(new RegExp(`^${check.replace('.', '\\.')}: `))]);
  });
});

describe('the program', () => {
  const run = promisify(execFile);
  const main = fileURLToPath(new URL('../../contract/src/conformance/main.ts', import.meta.url));
  const args = (url: string): string[] => [
    '--disable-warning=ExperimentalWarning',
    main,
    '--url',
    url,
  ];
  const env = (): Record<string, string> => ({ GC_INTEGRATOR_KEY: gc.key });

  it('ends well when every promise is kept', async () => {
    const { stdout } = await run(process.execPath, args(gc.url), { env: env() });
    expect(stdout).toMatch(/^ok {3}capabilities\.shape: /m);
    expect(stdout).toMatch(new RegExp(`^${CHECKS.length} kept, 0 broken`, 'm'));
    expect(stdout).not.toContain(gc.key);
  });

  it('says what is wrong and which chapter promises it', async () => {
    const proxy = await BreakingProxy.start(gc.url, {
      answer: ({ headers }) => {
        delete headers['ratelimit'];
      },
    });
    const failed = run(process.execPath, args(proxy.url), { env: env() });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^FAIL headers\.answers: .*\n +there is no ratelimit header \(CONTRACT\.md, Limits\)$/m,
      ) as string,
    });
    await proxy.close();
  });

  it('asks for what it needs', async () => {
    await expect(run(process.execPath, [main], { env: {} })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('usage:') as string,
    });
  });
});
