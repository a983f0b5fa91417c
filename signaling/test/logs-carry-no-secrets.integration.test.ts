// A whole session with every credential there is, failures included, at the most talkative level:
// none of it appears in logs, metrics, errors or the journal, nor in the clear in the store.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EnrolmentToken } from '@guruconnect/contract/http/v1/machines';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import { agentToken, consentProof, newMachineKey } from './fake-agent.ts';
import { newId } from '@guruconnect/contract/ids';
import { exchange, newViewerKey, viewerProof } from './fake-viewer.ts';
import { CLUSTER_SECRET, Harness } from './harness.ts';
import { dtlsParameters } from './rtc-samples.ts';

let gc: Harness;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gc-canary-'));
  gc = await Harness.start({
    env: { GC_LOG_LEVEL: 'trace', GC_STORE: join(directory, 'store.sqlite') },
  });
});
afterAll(async () => {
  await gc.close();
  rmSync(directory, { recursive: true, force: true });
});

it('no secret leaves the hands it was given to', async () => {
  const secrets = new Map<string, string>([
    ['integrator key', gc.key],
    ['cluster secret', CLUSTER_SECRET],
  ]);
  /** May be read by the integrator in the journal, but is not for logs. */
  const signed = new Map<string, string>();
  const answers: string[] = [];
  const api: Harness['api'] = async (...call) => {
    const answer = await gc.api(...call);
    if (answer.status >= 400) answers.push(answer.text);
    return answer as never;
  };

  const minted = await gc.api<EnrolmentToken>('POST', '/enrolment-tokens', {
    device_id: 'device-1',
  });
  secrets.set('enrolment token', minted.body.token);
  await api('POST', '/agent/enrol', `{"token":"${minted.body.token}`, { key: null });
  await api(
    'POST',
    '/agent/enrol',
    { token: minted.body.token, extra: minted.body.token },
    { key: null },
  );

  const identity = await gc.enrol('device-1');
  const token = await agentToken(identity, newId('boot'));
  secrets.set('agent token', token);
  const failing = gc.agent(identity, { token });
  await failing.open();
  failing.close();
  await failing.open().catch(() => undefined);

  const agent = gc.agent(identity, { answer: () => undefined });
  await agent.connect();
  const created = await gc.createSession({
    mode: 'attended',
    metadata: { note: 'canary-metadata' },
  });
  secrets.set('viewer code', created.viewer.code);
  await gc.inState(created.id, 'waiting_consent');
  const [offer] = agent.told('session.offer') as never as Parameters<typeof consentProof>[1][];
  if (!offer) throw new Error('no offer');
  const stranger = { ...(await newMachineKey()), machineId: identity.machineId };
  for (const by of [stranger, identity]) {
    const proof = await consentProof(by, offer, 'granted');
    signed.set(`consent proof ${signed.size}`, proof);
    await agent
      .ask('consent.answer', { session_id: created.id, answer: 'granted', proof })
      .catch((error: Error) => answers.push(error.message));
  }
  await gc.inState(created.id, 'live');

  const key = await newViewerKey();
  await exchange(gc.url, created.id, `${created.viewer.code.slice(0, -1)}~`, key);
  const exchanged = await exchange(gc.url, created.id, created.viewer.code, key);
  const again = await exchange(gc.url, created.id, created.viewer.code, key);
  answers.push(JSON.stringify(again.body));
  secrets.set('viewer token', exchanged.body.token);
  const other = await gc.createSession();
  secrets.set('second viewer code', other.viewer.code);
  const viewer = await gc.viewer(other);
  const proof = await viewerProof(viewer.key, viewer.token);
  secrets.set('viewer proof', proof);
  secrets.set('second viewer token', viewer.token);
  viewer.close();
  await viewer.connect({ token: viewer.token, proof });
  viewer.close();
  await viewer.connect({ token: viewer.token, proof }).catch(() => undefined);
  await viewer.connect({ token: viewer.token, proof: 'x' }).catch(() => undefined);
  await agent
    .ask('transport.connect', {
      session_id: created.id,
      epoch: 7,
      transport_id: '00000000-0000-4000-8000-000000000000',
      dtls_parameters: dtlsParameters,
    })
    .catch((error: Error) => answers.push(error.message));
  secrets.set('DTLS fingerprint', dtlsParameters.fingerprints[0]?.value ?? '');

  const wrong = newIntegratorKey();
  secrets.set('wrong integrator key', wrong);
  await api('GET', '/sessions', undefined, { key: wrong });
  await api('POST', '/sessions', `{"technician":"${gc.key}"`);
  await api('POST', '/sessions', {
    [gc.key.slice(0, 20)]: gc.key,
    device_id: gc.key,
    mode: created.viewer.code,
  });

  const log = gc.log.join('');
  expect(log.length).toBeGreaterThan(1000);
  const metrics = await (await fetch(`${gc.url}/metrics`)).text();
  const journal = JSON.stringify(await gc.events(created.id));
  const store = ['', '-wal']
    .map((suffix) => readFileSync(join(directory, `store.sqlite${suffix}`)).toString('latin1'))
    .join('');
  for (const [name, secret] of secrets) {
    // The part that makes it a secret: headers of tokens and prefixes of keys are public.
    const core = secret.length > 120 ? secret.slice(-60) : secret.slice(12);
    for (const [where, text] of Object.entries({
      log,
      metrics,
      journal,
      store,
      refusals: answers.join('\n'),
    }))
      expect(text.includes(core), `${name} in ${where}`).toBe(false);
  }
  for (const [name, proof_] of signed)
    expect(log.includes(proof_.slice(-60)), `${name} in the log`).toBe(false);
  expect(log).not.toContain('canary-metadata');
});
