import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.mjs';

const LOCK = new URL('lock.mjs', import.meta.url).href;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guruconnect-lock-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('lets one in at a time and tells the other that it waits', async () => {
  const file = join(folder, 'a.lock');
  const order: string[] = [];
  let told = (): void => {};
  const isWaiting = new Promise<void>((resolve) => {
    told = resolve;
  });
  const first = withLock(file, {}, async () => {
    order.push('first in');
    await isWaiting;
    order.push('first out');
  });
  await expect.poll(() => order).toContain('first in');
  await withLock(file, { onWait: told }, async () => {
    order.push('second in');
  });
  await first;
  expect(order).toEqual(['first in', 'first out', 'second in']);
});

test('is free at once when its holder was killed', async () => {
  const file = join(folder, 'b.lock');
  const source = `
    import { withLock } from ${JSON.stringify(LOCK)};
    await withLock(${JSON.stringify(file)}, {}, async () => {
      console.log('held');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  holder.kill('SIGKILL');
  expect(await withLock(file, {}, () => Promise.resolve('mine'))).toBe('mine');
});

test('gives the result and the error of what runs under it, and is free afterwards', async () => {
  const file = join(folder, 'c.lock');
  await expect(withLock(file, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(file, {}, () => Promise.resolve(4))).toBe(4);
});

test('waiting for it can be given up', async () => {
  const file = join(folder, 'd.lock');
  const stop = new AbortController();
  await withLock(file, {}, async () => {
    const options = { signal: stop.signal, onWait: () => stop.abort(new Error('enough')) };
    await expect(withLock(file, options, () => Promise.resolve())).rejects.toThrow('enough');
  });
});
