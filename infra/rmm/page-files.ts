// The dashboard's files, read once. The script is TypeScript; Node takes its types off, so the
// sample needs no build.
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

export type PageFile = { readonly type: string; readonly body: string };

export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  const read = (name: string): Promise<string> =>
    readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: await read('index.html') }],
    ['/rmm.css', { type: 'text/css', body: await read('rmm.css') }],
    ['/rmm.js', { type: 'text/javascript', body: stripTypeScriptTypes(await read('rmm-page.ts')) }],
  ]);
}
