// The examples of CONTRACT.md, run as they stand: the curl lines against a server that takes only
// what the schemas take, the embedding examples in a real Chromium.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type RunningBrowser } from '../../infra/e2e/browser.ts';
import { ROUTES, type RouteName } from '../src/http/v1/routes.ts';
import { SessionId } from '../src/ids.ts';
import type { JournalEvent } from '../src/journal.ts';
import { elementBundle } from './bundle.ts';
import { block, namedBlocks } from './contract-document.ts';
import { EXAMPLE_KEY, ExampleServer } from './example-server.ts';
import { FAKE_VIEWER, servePages, type WebPages } from './fake-viewer.ts';

const run = promisify(execFile);
const ENDED: JournalEvent = {
  seq: 9,
  session_id: SessionId.parse('ses_01m8rf12e0h7jabye05xx38nan'),
  type: 'session.ended',
  at: '2026-12-01T09:40:00.000Z',
  data: { end_reason: 'integrator_ended' },
};

describe('the curl lines of CONTRACT.md', () => {
  let server: ExampleServer;
  let folder: string;
  beforeAll(async () => {
    server = await ExampleServer.start();
    folder = await mkdtemp(join(tmpdir(), 'gc-contract-document-'));
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('run from top to bottom, and use every route an integrator has', async () => {
    // Whoever follows the session is done when it has ended.
    server.play(({ name, query }) =>
      name === 'sessions.events' && Number(query['after']) >= 8 ? { events: [ENDED] } : undefined,
    );
    const script = namedBlocks.filter(({ language }) => language === 'sh').map(({ code }) => code);
    const { stdout } = await run('bash', ['-eu', '-o', 'pipefail', '-c', script.join('\n')], {
      cwd: folder,
      // Not the agent, but its place in the script.
      env: { PATH: process.env['PATH'], GC: server.url, KEY: EXAMPLE_KEY, AGENT: 'true' },
    });
    const used = new Set(server.seen.map(({ name }) => name));
    const forIntegrators = (Object.keys(ROUTES) as RouteName[]).filter(
      (name) => name !== 'agent.enrol' && name !== 'viewer.exchange',
    );
    expect([...used].sort()).toEqual(forIntegrators.sort());
    expect(stdout).toMatch(/^https?:\/\/\S+\/viewer\/ses_\w+#code=\S+$/m);
    const created = server.seen.find(({ name }) => name === 'sessions.create');
    expect(created?.idempotencyKey).toMatch(/^ticket-1187-/);
    const paths = server.seen.flatMap(({ params }) => Object.values(params));
    expect(paths.every((part) => part !== '')).toBe(true);
  });
});

describe('the embedding examples of CONTRACT.md', () => {
  let browser: RunningBrowser;
  let viewers: WebPages;
  let host: WebPages;

  beforeAll(async () => {
    const bundle = await elementBundle();
    const script = { type: 'text/javascript', headers: { 'access-control-allow-origin': '*' } };
    viewers = await servePages('localhost', (path) =>
      path === '/embed/v1/guru-session.js' ? { ...script, body: bundle } : FAKE_VIEWER,
    );
    const invitation = JSON.stringify({ url: `${viewers.origin}/viewer/ses_x?obey`, code: 'c' });
    const page = (body: string) => ({ type: 'text/html', body: `<!doctype html><body>${body}` });
    host = await servePages('127.0.0.1', (path) => {
      switch (path) {
        case '/element':
          return page(block('element').replaceAll('https://gc.example', viewers.origin));
        case '/protocol':
          return page(
            `<script type="module">const invitation = ${invitation}; const told = [];
             const heard = (data, say) => { told.push(data); if (data.gc === 'connected') say({ gc: 'focus', id: 7 }); };
             globalThis.told = told;
             ${block('protocol')}</script>`,
          );
        case '/support/start':
          return { type: 'application/json', body: invitation };
        default:
          return undefined;
      }
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([host.close(), viewers.close()]);
  });

  it('the element shows the state of the viewer and ends the session', async () => {
    const tab = await browser.browser.newPage();
    await tab.goto(`${host.origin}/element`);
    const state = `document.querySelector('guru-session').state`;
    await tab.waitForFunction(`${state} === 'joining'`);
    const frame = tab.frames().find((each) => each.url().includes('/viewer/'));
    await frame?.evaluate(`fake.say({ gc: 'state', state: 'ended', end_reason: 'time_limit' })`);
    await tab.waitForFunction(`document.querySelector('#status').textContent === 'time_limit'`);
    await tab.click('#end');
    await frame?.waitForFunction(`fake.heard.at(-1)?.gc === 'end_session'`);
    await tab.close();
  });

  it('the protocol by hand connects, hears, commands and is answered', async () => {
    const tab = await browser.browser.newPage();
    await tab.goto(`${host.origin}/protocol`);
    await tab.waitForFunction(`told.length === 2`);
    expect(await tab.evaluate(`told`)).toMatchObject([{ gc: 'connected' }, { gc: 'done', id: 7 }]);
    await tab.close();
  });
});
