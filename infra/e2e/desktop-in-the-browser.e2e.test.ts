// The main job: a real two-monitor desktop, seen and driven from a browser tab.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

let product: Product;
let viewer: ViewerPage;
const scratch = join(tmpdir(), `guruconnect-e2e-${process.pid}`);
const SHELL = 'GuruConnect demo – shell';

const same = (a: { x: number; y: number }, b: { x: number; y: number }): boolean =>
  a.x === b.x && a.y === b.y;

beforeAll(async () => {
  product = await Product.start({ apps: true });
  const session = await product.session();
  viewer = await product.view(session.viewer);
});

afterAll(async () => {
  await product.close();
  rmSync(scratch, { force: true });
});

describe('a technician with a link', () => {
  it('sees the first monitor at its own size', async () => {
    const picture = await viewer.picture();
    expect(picture).toMatchObject({ width: 1280, height: 720 });
    expect(await viewer.monitorButtons()).toEqual(['Monitor 1', 'Monitor 2']);
  });

  it('leaves no code in the address bar', () => {
    expect(viewer.page.url()).not.toContain('code');
  });

  it('types into the remote shell, shifted characters included', async () => {
    const shell = await product.x.windowPlace(await product.x.window(SHELL));
    await viewer.click({ x: shell.x + shell.width / 2, y: shell.y + shell.height / 2 });
    await viewer.page.keyboard.type(`echo "Hello, World! ~ {42} | <ok>" > ${scratch}\n`);
    await until(
      'the file the shell writes',
      () => existsSync(scratch) && readFileSync(scratch, 'utf8').length > 0,
    );
    expect(readFileSync(scratch, 'utf8')).toBe('Hello, World! ~ {42} | <ok>\n');
  });

  it('holds a key down, and it repeats', async () => {
    const { keyboard } = viewer.page;
    await keyboard.type('echo ');
    // Chromium marks every further down of a held key as a repeat.
    for (let times = 0; times < 4; times += 1) await keyboard.down('z');
    await keyboard.up('z');
    await keyboard.type(` > ${scratch}\n`);
    await until('what was typed', () => readFileSync(scratch, 'utf8') === 'zzzz\n');
  });

  it('drags a window by its title bar', async () => {
    const id = await product.x.window(SHELL);
    const before = await product.x.windowPlace(id);
    const grip = { x: before.x + 60, y: before.y - 8 };
    await viewer.drag(grip, { x: grip.x + 90, y: grip.y + 40 });
    await until('the window to have moved', async () => {
      const now = await product.x.windowPlace(id);
      return now.x - before.x === 90 && now.y - before.y === 40;
    });
  });

  it('switches to the second monitor and clicks land there', async () => {
    await viewer.press('Monitor 2');
    await until('the second monitor', async () => (await viewer.picture()).width === 1024);
    await viewer.click({ x: 700, y: 500 });
    await until('the pointer on the second monitor', async () => {
      const { x, y } = await product.x.pointer();
      return x === 1280 + 700 && y === 500;
    });
    await viewer.press('Monitor 1');
    await until('the first monitor again', async () => (await viewer.picture()).width === 1280);
  });

  it('sees a monitor disappear and another one appear, without a reload', async () => {
    const document = await viewer.page.evaluateHandle(() => window.document);
    await product.desktop.unplug('DUMMY1');
    await until('one monitor button', async () => (await viewer.monitorButtons()).length === 1);
    await product.desktop.plug('DUMMY1', { width: 1024, height: 768 }, { x: 1280, y: 0 });
    await until('two monitor buttons', async () => (await viewer.monitorButtons()).length === 2);
    await viewer.press('Monitor 2');
    await until('the new monitor’s picture', async () => (await viewer.picture()).width === 1024);
    expect(await document.evaluate((before) => before === window.document)).toBe(true);
  });

  it('cannot click on a desktop that is not as they see it any more', async () => {
    await viewer.press('Monitor 1');
    await until('the first monitor', async () => (await viewer.picture()).width === 1280);
    await viewer.click({ x: 300, y: 650 });
    const here = { x: 300, y: 650 };
    await until('the pointer there', async () => same(await product.x.pointer(), here));
    await viewer.deaf(true);
    const { topology } = await product.stack.contract.machines.read({
      device_id: product.stack.deviceId,
    });
    await product.desktop.unplug('DUMMY1');
    await until('signaling to know', async () => {
      const now = await product.stack.contract.machines.read({ device_id: product.stack.deviceId });
      return (now.topology?.topology_epoch ?? 0) > (topology?.topology_epoch ?? 0);
    });
    await viewer.click({ x: 900, y: 100 });
    await viewer.saying(/monitors (have )?changed/i);
    expect(await product.x.pointer()).toEqual(here);
    await viewer.deaf(false);
    await product.desktop.plug('DUMMY1', { width: 1024, height: 768 }, { x: 1280, y: 0 });
    await until('both monitors again', async () => (await viewer.monitorButtons()).length === 2);
    await until('a click to land', async () => {
      await viewer.click({ x: 900, y: 100 });
      return same(await product.x.pointer(), { x: 900, y: 100 });
    });
  });

  it('never made the page complain', () => {
    expect(viewer.complaints).toEqual([]);
  });
});
