// A page that plays the viewer of contract/embed, on an origin of its own. It does nothing by itself
// but say "ready"; the test plays its part from outside: `say(…)`, `heard`, `answer(…)`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type WebPages = { readonly origin: string; close(): Promise<void> };
export type Page = { readonly type: string; readonly body: string; readonly headers?: object };

/** @param page what a path answers; undefined is 404. */
export async function servePages(
  host: string,
  page: (path: string) => Page | undefined,
): Promise<WebPages> {
  const server = createServer((request, response) => {
    const found = page(new URL(request.url ?? '/', 'http://x').pathname);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': found.type, ...found.headers }).end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What runs in the frame; the query says how it misbehaves. */
const SCRIPT = `
const query = new URLSearchParams(location.search);
const fake = {
  heard: [],
  connects: [],
  code: new URLSearchParams(location.hash.slice(1)).get('code'),
  say(message) {
    this.port?.postMessage(message);
  },
};
globalThis.fake = fake;
addEventListener('message', async (event) => {
  if (event.source !== parent) return;
  fake.connects.push({ origin: event.origin, data: event.data });
  const [port] = event.ports;
  if (query.has('refuse')) {
    port.postMessage({ gc: 'refused' });
    return;
  }
  if (query.has('slow')) await new Promise((resolve) => setTimeout(resolve, 2000));
  fake.port = port;
  port.onmessage = ({ data }) => {
    fake.heard.push(data);
    if (query.has('obey')) port.postMessage({ gc: 'done', id: data.id });
  };
  if (query.has('silent')) return;
  const session_id = 'ses_01m8rf12e0h7jabye05xx38nan';
  port.postMessage({ gc: 'connected', version: 1, session_id, state: 'joining' });
});
const versions = (query.get('versions') ?? '1').split(',').map(Number);
parent.postMessage({ gc: 'ready', versions }, '*');
document.querySelector('button').onclick = () => document.body.requestFullscreen();
`;

export const FAKE_VIEWER: Page = {
  type: 'text/html',
  body: `<!doctype html><title>fake viewer</title><button>full</button><script>${SCRIPT}</script>`,
};
