// The dashboard's files, read once and served as they are.
import { readFile } from 'node:fs/promises';

export type PageFile = { readonly type: string; readonly body: string };

const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/rmm.css', 'rmm.css', 'text/css'],
  ['/rmm.js', 'rmm-page.mjs', 'text/javascript'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
] as const;

export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  return new Map(
    await Promise.all(
      FILES.map(async ([path, name, type]) => {
        const body = await readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
        return [path, { type, body }] as const;
      }),
    ),
  );
}
