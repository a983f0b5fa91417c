// The dashboard's files, read once and served as they are, but for the address of GuruConnect.
import { readFile } from 'node:fs/promises';

export type PageFile = { readonly type: string; readonly body: string };

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;
const FILES = [
  'index.html',
  'rmm.css',
  'rmm-page.mjs',
  'lifecycle-log.mjs',
  'machine-list.mjs',
  'own-server.mjs',
  'icon.svg',
] as const;

/** @param guruConnect origin that serves the element; index.html says where it belongs. */
export async function loadPage(guruConnect: string): Promise<ReadonlyMap<string, PageFile>> {
  return new Map(
    await Promise.all(
      FILES.map(async (name) => {
        const path = name === 'index.html' ? '/' : `/${name}`;
        const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES];
        const text = await readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
        return [path, { type, body: text.replaceAll('{{guruconnect}}', guruConnect) }] as const;
      }),
    ),
  );
}
