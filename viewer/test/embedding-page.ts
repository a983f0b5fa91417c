// A host page on another origin, as small as it can be: frames a viewer and keeps what it says.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** Runs in the host page. */
const SCRIPT = `
  window.heard = [];
  const viewer = new URLSearchParams(location.search).get('viewer');
  const frame = document.createElement('iframe');
  frame.allow = 'fullscreen; autoplay';
  window.addEventListener('message', (event) => {
    if (event.source !== frame.contentWindow || event.data.gc !== 'ready') return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => window.heard.push(data);
    window.port = port1;
    frame.contentWindow.postMessage({ gc: 'connect', version: 1 }, new URL(viewer).origin, [port2]);
  });
  frame.src = viewer;
  document.body.append(frame);
`;

export async function startEmbeddingPage(): Promise<{
  readonly origin: string;
  framing(viewerLink: string): string;
  close(): Promise<void>;
}> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      `<!doctype html><style>iframe{width:900px;height:600px;border:0}</style><body><script>${SCRIPT}</script>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    framing: (viewerLink) => `${origin}/?viewer=${encodeURIComponent(viewerLink)}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
