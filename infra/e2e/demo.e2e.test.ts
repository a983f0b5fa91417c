// `npm run demo`, as a newcomer runs it.
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../stack/until.ts';
import { startBrowser, type RunningBrowser } from './browser.ts';
import { ViewerPage } from './viewer-page.ts';

const root = new URL('../../', import.meta.url).pathname;
const ReadyLine = z.strictObject({
  ready: z.literal(true),
  baseUrl: z.url(),
  integrationKey: z.string().startsWith('gci_'),
  deviceId: z.string(),
  viewerUrl: z.url(),
  hostPageUrl: z.url(),
  display: z.string().regex(/^:\d+$/),
});

let demo: ChildProcess;
let ready: z.output<typeof ReadyLine>;
let chromium: RunningBrowser;
const lines: string[] = [];

beforeAll(async () => {
  chromium = await startBrowser();
  // Its own session (setsid), so that whatever it leaves behind can be told from everything else.
  demo = spawn('npm', ['run', '--silent', 'demo', '--', '--json', '--port', '0'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!demo.stdout) throw new Error('no output');
  createInterface(demo.stdout).on('line', (line) => lines.push(line));
  await until('the ready line', () => lines.length > 0, 100_000);
  ready = ReadyLine.parse(JSON.parse(lines[0] ?? ''));
});
afterAll(async () => {
  for (const pid of inSession(demo.pid ?? -1)) process.kill(pid, 'SIGKILL');
  await chromium.close();
});

describe('npm run demo -- --json', () => {
  it('prints one line, and everything in it answers', async () => {
    expect(lines).toHaveLength(1);
    const capabilities = await fetch(`${ready.baseUrl}/api/integration/capabilities`);
    expect(await capabilities.json()).toMatchObject({
      product: 'guruconnect',
      features: { multi_monitor: true },
    });
    const machine = await fetch(`${ready.baseUrl}/api/integration/v1/machines/${ready.deviceId}`, {
      headers: { authorization: `Bearer ${ready.integrationKey}` },
    });
    expect(await machine.json()).toMatchObject({ device_id: ready.deviceId, online: true });
  });

  it('has a viewer link that opens the desktop, at every visit', async () => {
    for (let visit = 0; visit < 2; visit += 1) {
      const viewer = await ViewerPage.openUrl(chromium.browser, ready.viewerUrl);
      expect(await viewer.picture()).toMatchObject({ width: 1280, height: 720 });
      await viewer.close();
    }
  });

  it('has a page of an RMM on another origin that frames the viewer and hears its events', async () => {
    const host = await ViewerPage.openUrl(chromium.browser, ready.hostPageUrl);
    expect(new URL(ready.hostPageUrl).origin).not.toBe(new URL(ready.baseUrl).origin);
    const frame = await until('the framed viewer', () =>
      host.page.frames().find((each) => each.url().startsWith(`${ready.baseUrl}/viewer/`)),
    );
    await until('the picture in the frame', () =>
      frame.evaluate(
        () =>
          (window as unknown as { gcProbe: { picture(): unknown } }).gcProbe.picture() !==
          undefined,
      ),
    );
    await host.saying(/session\.live/);
    // The page hears each event of the viewer, its server by webhook and from the events API: rows of
    // one seq each, and every one of them told all three ways.
    const log = () =>
      host.page.$$eval('#events tr', (rows) =>
        rows.map((row) => ({ seq: row.cells[0]?.textContent, ...row.dataset })),
      );
    const told = { page: 'told', webhook: 'told', api: 'told' };
    await until('every event by every way', async () => {
      const rows = await log();
      expect(rows).toEqual(rows.map((_row, i) => ({ seq: String(i + 1), ...told })));
      return rows.length > 4;
    });
    await host.press('End session');
    await host.saying(/Ended: integrator ended/);
    await host.close();
  });

  it('leaves no process behind when it is told to stop', async () => {
    expect(inSession(demo.pid ?? -1).length).toBeGreaterThan(3);
    // What a terminal or a supervisor does: tell the process it started.
    process.kill(demo.pid ?? -1, 'SIGTERM');
    await until('every process to be gone', () => inSession(demo.pid ?? -1).length === 0, 20_000);
  });
});

/** Living processes of a session (field 6 of proc(5) stat). */
function inSession(sid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(session) === sid && state !== 'Z';
      } catch {
        return false; // gone while we looked
      }
    })
    .map(Number);
}
