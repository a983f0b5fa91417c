// The mock's viewer in a real Chromium, framed by `<guru-session>` on a page of another origin.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser, type RunningBrowser } from '../../../infra/e2e/browser.ts';
import { elementBundle } from '../../test/bundle.ts';
import { servePages, type WebPages } from '../../test/fake-viewer.ts';
import { createClient, type Client } from '../client/client.ts';
import type { JournalEvent } from '../journal.ts';
import { startMockBroker, type MockBroker } from './mock-broker.ts';

type Tab = Awaited<ReturnType<RunningBrowser['browser']['newPage']>>;
type Told = { readonly type: string; readonly detail: Record<string, unknown> };
declare const told: Told[];

const HOST_SCRIPT = `
import '/guru-session.js';
globalThis.told = [];
const element = document.querySelector('guru-session');
for (const type of ['connected', 'state', 'event', 'topology', 'input', 'error'])
  element.addEventListener('gc-' + type, ({ detail }) => told.push({ type, detail }));
`;

describe('the viewer of the mock broker', () => {
  let browser: RunningBrowser;
  let host: WebPages;
  let broker: MockBroker;
  let gc: Client;
  let tab: Tab;

  beforeAll(async () => {
    const bundle = await elementBundle();
    host = await servePages('localhost', (path) => {
      if (path === '/')
        return {
          type: 'text/html',
          body: '<!doctype html><guru-session></guru-session><script type="module" src="/host.js"></script>',
        };
      const body = { '/host.js': HOST_SCRIPT, '/guru-session.js': bundle }[path];
      return body === undefined ? undefined : { type: 'text/javascript', body };
    });
    broker = await startMockBroker({ speed: 0 });
    gc = createClient({ baseUrl: broker.baseUrl, key: broker.integratorKey });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([host.close(), broker.close()]);
  });
  beforeEach(async () => {
    await tab?.close();
    tab = await browser.browser.newPage();
    await tab.goto(`${host.origin}/`);
    await tab.waitForFunction(() => 'told' in globalThis);
  });

  const create = (embedOrigin: string) =>
    gc.sessions.create({
      device_id: 'laptop-1',
      mode: 'attended',
      technician: { id: 'tech-7', name: 'Ada Chen' },
      grants: ['view', 'control'],
      embed_origins: [embedOrigin],
    });
  const run = (script: string): Promise<unknown> =>
    tab.evaluate(
      `(async (element) => { ${script} })(document.querySelector('guru-session'))
         .catch((error) => error.code)`,
    );
  const connect = (invitation: { url: string; code: string }): Promise<unknown> =>
    run(`return element.connect(${JSON.stringify(invitation)})`);

  it('tells the page that frames it the journal, with the same seq, and obeys it', async () => {
    const { id, viewer } = await create(host.origin);
    expect(await connect(viewer)).toMatchObject({ gc: 'connected', session_id: id });
    while (broker.step(id)[0]?.step);
    await tab.waitForFunction(() => told.some(({ detail }) => detail['state'] === 'live'));
    await tab.waitForFunction(() =>
      told.some(({ type, detail }) => type === 'input' && detail['enabled'] === true),
    );
    expect(await run(`await element.selectMonitor(2); return element.selectedMonitorId`)).toBe(2);
    expect(await run(`return element.selectMonitor(7)`)).toBe('invalid_request');
    expect(
      await run(`await element.sendKeys(['KeyA']); await element.focus(); return 'done'`),
    ).toBe('done');
    const { viewers } = await gc.viewers.list({ session_id: id });
    expect(viewers).toMatchObject([{ technician: { name: 'Ada Chen' } }]);

    expect(await run(`await element.endSession(); return 'ended'`)).toBe('ended');
    await tab.waitForFunction(() =>
      told.some(({ detail }) => detail['end_reason'] === 'technician_ended'),
    );
    const heard = await tab.evaluate(() =>
      told.filter(({ type }) => type === 'event').map(({ detail }) => detail['event']),
    );
    const { events } = await gc.sessions.events({ session_id: id });
    expect(heard as JournalEvent[]).toEqual(events);
    expect(events.map(({ type }) => type)).toContain('viewer.joined');
  });

  it('hears when it is removed', async () => {
    const { id, viewer } = await create(host.origin);
    await connect(viewer);
    const { viewers } = await gc.viewers.list({ session_id: id });
    await gc.viewers.remove({ session_id: id, viewer_id: viewers[0]?.id ?? '' });
    await tab.waitForFunction(() =>
      told.some(
        ({ detail }) =>
          (detail['error'] as { code?: string } | undefined)?.code === 'credential_revoked',
      ),
    );
  });

  it('says on its own what it is, and takes its code once', async () => {
    const { viewer } = await create(host.origin);
    const shows = (state: string) =>
      tab.waitForFunction(`document.querySelector('#state')?.textContent === '${state}'`);
    await tab.goto(`${viewer.url}#code=${viewer.code}`);
    await shows('waiting_agent');
    expect(await tab.evaluate(`document.body.textContent`)).toContain(
      'There is no machine behind this page',
    );
    expect(tab.url()).toBe(viewer.url);
    await tab.goto('about:blank');
    await tab.goto(`${viewer.url}#code=${viewer.code}`);
    await shows('code_used');
  });
});
