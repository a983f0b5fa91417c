// Pages that frame a viewer, each kind on an origin of its own: as small as can be, and they keep what
// the viewer says. Over http, or over https with a certificate made for the occasion.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs in the page: frames what its query names, connects to whoever says "ready" in there. */
const SCRIPT = `
  const query = new URLSearchParams(location.search);
  window.heard = [];
  const frame = document.createElement('iframe');
  const sandbox = query.get('sandbox');
  if (sandbox !== null) frame.setAttribute('sandbox', sandbox);
  addEventListener('message', ({ source, data }) => {
    if (source !== frame.contentWindow || data.gc !== 'ready') return;
    window.heard.push(data);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => window.heard.push(data);
    frame.contentWindow.postMessage({ gc: 'connect', version: 1 }, '*', [port2]);
  });
  frame.src = query.get('frames');
  document.body.append(frame);
`;

const answer: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(
    `<!doctype html><title>RMM</title><style>iframe{width:800px;height:500px}</style><body><script>${SCRIPT}</script>`,
  );
};

export type HostPage = {
  readonly origin: string;
  /** Address of a page there that frames `url`. @param sandbox attribute of the frame. */
  framing(url: string, sandbox?: string): string;
  close(): Promise<void>;
};

export const httpHost = (): Promise<HostPage> => listening(createHttp(answer), 'http');

/** @throws Error when there is no openssl to make the certificate with. */
export async function httpsHost(): Promise<HostPage> {
  const folder = await mkdtemp(join(tmpdir(), 'guruconnect-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
    ]);
    const identity = { key: await readFile(key), cert: await readFile(cert) };
    return await listening(createHttps(identity, answer), 'https');
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function listening(server: Server, scheme: string): Promise<HostPage> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `${scheme}://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    framing: (url, sandbox) =>
      `${origin}/?${new URLSearchParams({ frames: url, ...(sandbox === undefined ? {} : { sandbox }) })}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
