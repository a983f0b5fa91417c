// noVNC as it is used everywhere: a web server with its files and a page around its RFB class, and
// WebSockets that are piped to a VNC server's port (what websockify does).
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { join, normalize } from 'node:path';
import { moduleFolder, requireModule } from './software.ts';

export const NOVNC = '@novnc/novnc@1.7.0';
export const WS = 'ws@8.18.3';

/** The part of `ws` that is used. */
type WebSocketServer = {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: WebSocket) => void,
  ): void;
};
type WebSocket = {
  on(name: 'message', listener: (data: Buffer) => void): void;
  on(name: 'close' | 'error', listener: () => void): void;
  send(data: Buffer): void;
  close(): void;
};
type Ws = { WebSocketServer: new (options: object) => WebSocketServer };

const PAGE = `<!doctype html><meta charset="utf-8"><title>noVNC</title>
<style>html,body,#screen{margin:0;width:100%;height:100%;background:#222}</style>
<div id="screen"></div>
<script type="module">
  import RFB from '/core/rfb.js';
  const rfb = new RFB(document.getElementById('screen'), 'ws://' + location.host + '/websockify');
  rfb.addEventListener('connect', () => { rfb.focus(); document.title = 'connected'; });
  window.rfb = rfb;
</script>`;

export type NoVncServer = { readonly port: number; close(): Promise<void> };

export async function startNoVnc(vncPort: number): Promise<NoVncServer> {
  const { WebSocketServer } = requireModule('ws') as Ws;
  const files = moduleFolder('@novnc/novnc');
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://novnc').pathname);
    if (path === '/') return response.setHeader('content-type', 'text/html').end(PAGE);
    const file = join(files, path);
    if (!existsSync(file) || !path.endsWith('.js')) return response.writeHead(404).end();
    response.setHeader('content-type', 'text/javascript');
    return createReadStream(file).pipe(response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (browser) => pipe(browser, vncPort));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pipe(browser: WebSocket, vncPort: number): void {
  const vnc = connect({ port: vncPort, host: '127.0.0.1', noDelay: true });
  vnc.on('data', (data) => browser.send(data));
  vnc.on('close', () => browser.close());
  vnc.on('error', () => browser.close());
  browser.on('message', (data) => vnc.write(data));
  browser.on('close', () => vnc.destroy());
  browser.on('error', () => vnc.destroy());
}
