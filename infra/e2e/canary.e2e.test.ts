// Every secret there is, known to this test, in a whole session of real processes at their most
// talkative, failures included: afterwards none of them is in any log, error, metric, journal, audit,
// command line, page console or URL. What is typed is as secret as a key.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { newIntegratorKey } from '@guruconnect/signaling/integrator-key';
import { SHELL_TITLE } from '../desktop/desktop-apps.ts';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import { ViewerPage } from './viewer-page.ts';

const random = (): string => randomBytes(32).toString('base64url');

/** Name and value of everything that must not be found. */
const secrets = new Map<string, string>();
const plant = (name: string, value = random()): string => {
  secrets.set(name, value);
  return value;
};
/** What everybody may read, or we could: name and text. */
const told = new Map<string, string>();

let product: Product;
let directory: string;
/** Bodies of deliveries. */
const delivered: string[] = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    delivered.push(JSON.stringify(request.headers), body);
    response.end();
  });
});

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gc-canary-'));
  const GC_CLUSTER_SECRET = plant('cluster secret');
  const GC_LOG_LEVEL = 'trace';
  product = await Product.start({
    apps: true,
    agent: false,
    env: {
      signaling: {
        GC_CLUSTER_SECRET,
        GC_LOG_LEVEL,
        GC_AUDIT_KEY: plant('audit key'),
        GC_AUDIT_FILE: join(directory, 'checkpoints.jsonl'),
        GC_WEBHOOK_ALLOW_PRIVATE: '1',
      },
      sfu: { GC_CLUSTER_SECRET, GC_LOG_LEVEL },
      agent: { GC_LOG_LEVEL },
    },
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await product.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A request as any integrator makes it; the text of a refusal is kept. */
const refusals: string[] = [];
async function ask<T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const { baseUrl, integratorKey } = product.stack;
  const response = await fetch(baseUrl + API_BASE + path, {
    method,
    headers: {
      authorization: `Bearer ${integratorKey}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) refusals.push(JSON.stringify([...response.headers]), text);
  return (text === '' ? {} : JSON.parse(text)) as T;
}

it(
  'no secret leaves the hands it was given to, in a whole session',
  { timeout: 150_000 },
  async () => {
    const { stack } = product;
    plant('integrator key', stack.integratorKey);

    // The machine: its token, used twice; its key.
    const { token } = await ask<{ token: string }>('POST', '/enrolment-tokens', {
      device_id: stack.deviceId,
    });
    plant('enrolment token', token);
    await stack.startProcess('agent', { GC_ENROLMENT_TOKEN: token });
    await stack.agentOnline();
    const machineKey = readFileSync(join(stack.directory, 'agent', 'machine-key.json'), 'utf8');
    const { d } = JSON.parse(/\{[^{}]*"d"[^{}]*\}/.exec(machineKey)?.[0] ?? '{}') as { d?: string };
    plant('machine key', d ?? 'the machine key has no private part');
    expect(d?.length).toBeGreaterThan(40);
    const publicKey = { kty: 'OKP', crv: 'Ed25519', x: random() };
    await ask('POST', '/agent/enrol', { token, device_id: stack.deviceId, public_key: publicKey });
    await ask('POST', '/agent/enrol', { token, device_id: token, [token]: token });

    // A further key, a webhook, its two secrets.
    const minted = await ask<{ key: string; id: string }>('POST', '/integrator-keys', {
      name: 'canary',
      scopes: ['sessions:read'],
    });
    plant('minted integrator key', minted.key);
    const { port } = receiver.address() as AddressInfo;
    const webhook = await ask<{ id: string; secret: string }>('POST', '/webhooks', {
      url: `http://127.0.0.1:${port}/hook`,
    });
    plant('webhook secret', webhook.secret);
    const rotated = await ask<{ secret: string }>(
      'POST',
      `/webhooks/${webhook.id}/rotate-secret`,
      {},
    );
    plant('second webhook secret', rotated.secret);

    // The session, asked for under a name of the integrator's own.
    const idempotencyKey = plant('idempotency key');
    const created = await ask<{ id: string; viewer: { url: string; code: string } }>(
      'POST',
      '/sessions',
      {
        device_id: stack.deviceId,
        mode: 'unattended',
        technician: { id: 'tech-1', name: 'Ada Example' },
        grants: ['view', 'control'],
      },
      { 'idempotency-key': idempotencyKey },
    );
    plant('viewer code', created.viewer.code);
    await ask('POST', '/sessions', { device_id: 'other' }, { 'idempotency-key': idempotencyKey });

    // The viewer, in a browser: its token, what its media is encrypted with, what is typed.
    const urls: string[] = [];
    const viewer = await ViewerPage.openUrl(product.browser, 'about:blank', noteDescriptions);
    const { page } = viewer;
    page.on('request', (request) =>
      urls.push(request.url(), JSON.stringify(request.headers()['referer'] ?? '')),
    );
    page.on('response', (response) => {
      if (!response.url().endsWith('/viewer/exchange')) return;
      void response
        .json()
        .then(({ token: given }: { token: string }) => plant('viewer token', given));
    });
    await page.goto(`${created.viewer.url}#code=${created.viewer.code}`);
    await viewer.picture();
    const descriptions = await page.evaluate(() =>
      (window as unknown as { gcDescriptions: string[] }).gcDescriptions.join('\n'),
    );
    const passwords = new Set(
      [...descriptions.matchAll(/a=ice-pwd:([\w+/]+)/g)].map(([, password = '']) => password),
    );
    expect(passwords.size).toBeGreaterThan(1);
    for (const password of passwords)
      plant(`ICE password ${password.length}/${secrets.size}`, password);

    const file = join(directory, 'typed');
    const typed = plant('what is typed', `canary${randomBytes(12).toString('hex')}`);
    const shell = await product.x.windowPlace(await product.x.window(SHELL_TITLE));
    await viewer.click({ x: shell.x + shell.width / 2, y: shell.y + shell.height / 2 });
    await page.keyboard.type(`echo ${typed} > ${file}\n`);
    await until(
      'what was typed',
      () => existsSync(file) && readFileSync(file, 'utf8').trim() === typed,
    );
    await until('the viewer’s token', () => secrets.has('viewer token'));

    // What is wrong: a key nobody made, a code that was used, secrets where none belong.
    const wrong = plant('wrong integrator key', newIntegratorKey());
    await ask('GET', '/sessions', undefined, { authorization: `Bearer ${wrong}` });
    await ask('POST', `/integrator-keys/${minted.id}/revoke`);
    await ask('GET', '/sessions', undefined, { authorization: `Bearer ${minted.key}` });
    const viewerKey = { kty: 'EC', crv: 'P-256', x: random(), y: random() };
    const again = { session_id: created.id, code: created.viewer.code, public_key: viewerKey };
    await ask('POST', '/viewer/exchange', again, { origin: stack.baseUrl });
    await ask('POST', '/sessions', `{"technician":"${stack.integratorKey}"`);
    await ask('POST', '/sessions', {
      device_id: stack.integratorKey,
      mode: created.viewer.code,
      [webhook.secret]: idempotencyKey,
    });
    await ask('GET', `/sessions/${encodeURIComponent(created.viewer.code)}`);
    await ask('GET', `/no-such-route/${stack.deviceId}?x=%zz`);
    await page.goto(`${created.viewer.url}#code=${created.viewer.code}`);
    await page.reload();
    await viewer.saying(/link|code|used/i);
    expect(refusals.length).toBeGreaterThan(16);

    // Processes die and come back; the session ends.
    const signaling = stack.process('signaling');
    signaling.kill('SIGKILL');
    await signaling.exited;
    await stack.startProcess('signaling');
    await stack.agentOnline();
    await ask('POST', `/sessions/${created.id}/end`, {});
    await until('the end to be delivered', () => delivered.join().includes('session.ended'));

    const get = async (url: string): Promise<string> => (await fetch(url)).text();
    told.set(
      'journal',
      JSON.stringify(await ask('GET', `/sessions/${created.id}/events?limit=500`)),
    );
    told.set('audit', JSON.stringify(await ask('GET', '/audit?limit=500')));
    const own = `/audit?limit=500&session_id=${created.id}`;
    told.set('audit of the session', JSON.stringify(await ask('GET', own)));
    told.set('checkpoints', JSON.stringify(await ask('GET', '/audit/checkpoints')));
    told.set(
      'lists',
      JSON.stringify([
        await ask('GET', '/integrator-keys'),
        await ask('GET', '/webhooks'),
        await ask('GET', `/webhooks/${webhook.id}/deliveries`),
        await ask('GET', `/sessions/${created.id}`),
        await ask('GET', `/machines/${stack.deviceId}/keys`),
      ]),
    );
    told.set('metrics of signaling', await get(`${stack.baseUrl}/metrics`));
    told.set('metrics of the media node', await get(`${stack.controlUrl}/metrics`));
    for (const name of ['signaling', 'sfu', 'agent'] as const) {
      const { pid } = stack.process(name);
      told.set(`command line of ${name}`, readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      await stack.process(name).stop();
      told.set(`log of ${name}`, readFileSync(stack.logFile(name), 'utf8'));
    }
    told.set('file of checkpoints', readFileSync(join(directory, 'checkpoints.jsonl'), 'utf8'));
    told.set('problem documents', refusals.join('\n'));
    told.set('webhook deliveries', delivered.join('\n'));
    told.set('console of the page', viewer.complaints.join('\n'));
    told.set('URLs', [...urls, page.url()].map(withoutFragmentOfLink).join('\n'));
    const store = ['', '-wal'].map((suffix) => join(stack.directory, `store.sqlite${suffix}`));
    told.set(
      'store',
      store.map((path) => (existsSync(path) ? readFileSync(path).toString('latin1') : '')).join(''),
    );

    // They did talk: otherwise there is nothing to find.
    for (const [name, text] of told)
      if (name !== 'console of the page') expect(text.length, name).toBeGreaterThan(40);
    expect(secrets.size).toBeGreaterThan(14);
    for (const [name, secret] of secrets)
      for (const [where, text] of told)
        for (const form of formsOf(secret))
          if (!KEPT.has(`${name} in ${where}`))
            expect(text.includes(form), `${name} in ${where}`).toBe(false);
  },
);

/** It opens nothing: it is the name by which a repeated request is known again, for a day. */
const KEPT = new Set(['idempotency key in store']);

/** In the page: keeps the session descriptions, which hold what its media is protected with. */
function noteDescriptions(): void {
  const seen: string[] = [];
  Object.defineProperty(window, 'gcDescriptions', { value: seen });
  for (const name of ['setLocalDescription', 'setRemoteDescription'] as const) {
    const original = RTCPeerConnection.prototype[name] as (...args: unknown[]) => Promise<void>;
    RTCPeerConnection.prototype[name] = function (this: RTCPeerConnection, ...args: unknown[]) {
      seen.push(JSON.stringify(args[0] ?? ''));
      return original.apply(this, args);
    };
  }
}

/** The link itself is navigated to by its owner; the fragment is never sent to a server. */
const withoutFragmentOfLink = (url: string): string => url.replace(/#code=[\w-]+$/, '');

/** As it is, and as a careless hand would write it down. The beginning of some is public. */
function formsOf(secret: string): string[] {
  const core = secret.length > 120 ? secret.slice(-60) : secret.replace(/^(?:gc[a-z]|whsec)_/, '');
  return [
    core,
    encodeURIComponent(core),
    Buffer.from(core).toString('base64url'),
    Buffer.from(core).toString('hex'),
    createHash('md5').update(secret).digest('hex'),
  ];
}
