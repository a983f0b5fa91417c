// Everything that holds a credential, at once and for real: signaling and a media node as processes,
// three machines, two sessions with a viewer each. What the credential matrix is tried on.
import { createHash, KeyObject, randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@guruconnect/contract/client/client';
import { newIntegratorKey } from '@guruconnect/signaling/integrator-key';
import { newId, type BootId, type MachineId, type SessionId } from '@guruconnect/contract/ids';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import type { SessionOffer } from '@guruconnect/contract/signal/agent-messages';
import {
  AGENT_TOKEN,
  CONSENT_TOKEN,
  NODE_TOKEN,
  TOKEN_TYPES,
  VIEWER_PROOF,
  VIEWER_TOKEN,
} from '@guruconnect/contract/tokens';
import { FakeAgent, newMachineKey, type Identity } from '../../signaling/test/fake-agent.ts';
import { newViewerKey, type ViewerKey } from '../../signaling/test/fake-viewer.ts';
import { publish } from '../release/publish.ts';
import { Stack } from '../stack/stack.ts';
import { until } from '../stack/until.ts';
import type { Genuine } from './forgeries.ts';
import { eddsa, es256, hmac, privateKeyOf } from './signed.ts';

const nowS = (): number => Math.floor(Date.now() / 1000);

export type HeldViewer = {
  readonly sessionId: SessionId;
  readonly viewerId: string;
  readonly page: ViewerKey;
  /** The private half of the same. */
  readonly key: KeyObject;
  readonly token: string;
};
export type HeldMachine = {
  readonly identity: Identity;
  readonly key: KeyObject;
  readonly deviceId: string;
  readonly bootId: BootId;
};
export type Answer = { readonly status: number; readonly text: string; readonly code: string };

/** What the only agent release holds. */
export const RELEASE = 'an agent of another day';

export const CURRENT_SECRET = 'the-current-cluster-secret-0123456789abcdef';
export const PREVIOUS_SECRET = 'the-previous-cluster-secret-0123456789abcd';

const codeIn = (text: string): string => {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'string' ? code : '';
  } catch {
    // a page or a file
    return '';
  }
};

type Parts = Pick<
  World,
  'stack' | 'contract' | 'keys' | 'machine' | 'otherMachine' | 'viewer' | 'otherViewer'
> & { readonly agent: FakeAgent; readonly signing: SigningKey };
type SigningKey = { readonly kid: string; readonly key: KeyObject };

export class World {
  readonly stack: Stack;
  readonly contract: Client;
  /** The two live keys of the environment. */
  readonly keys: readonly [string, string];
  readonly machine: HeldMachine;
  readonly otherMachine: HeldMachine;
  readonly viewer: HeldViewer;
  readonly otherViewer: HeldViewer;
  readonly #signing: SigningKey;
  readonly #agent: FakeAgent;
  readonly #opened: AsyncDisposableStack;
  readonly #identities = new Map<string, Identity>();
  #asked: SessionOffer | undefined;
  #requests = 0;

  private constructor(parts: Parts, opened: AsyncDisposableStack) {
    this.#opened = opened;
    this.stack = parts.stack;
    this.contract = parts.contract;
    this.keys = parts.keys;
    this.machine = parts.machine;
    this.otherMachine = parts.otherMachine;
    this.viewer = parts.viewer;
    this.otherViewer = parts.otherViewer;
    this.#agent = parts.agent;
    this.#signing = parts.signing;
  }

  /** @param more environment of signaling. */
  static async start(more: Record<string, string> = {}): Promise<World> {
    await using opened = new AsyncDisposableStack();
    const releases = await mkdtemp(join(tmpdir(), 'guruconnect-releases-'));
    opened.defer(() => rm(releases, { recursive: true }));
    const source = join(releases, 'agent.bin');
    await writeFile(source, RELEASE);
    await publish({ directory: releases, platform: 'linux-x64', version: '1.0.0', source });

    const keys = [newIntegratorKey(), newIntegratorKey()] as const;
    const secrets = { GC_CLUSTER_SECRET: `${CURRENT_SECRET},${PREVIOUS_SECRET}` };
    const stack = await Stack.start({
      display: 'none',
      port: 0,
      agent: false,
      env: {
        sfu: secrets,
        signaling: {
          ...secrets,
          GC_INTEGRATOR_KEY: keys.join(','),
          // Each request says another address, so that no limit by address hides a refusal.
          GC_TRUSTED_PROXIES: '127.0.0.1',
          GC_RELEASES_DIR: releases,
          ...more,
        },
      },
    });
    opened.defer(() => stack.close());
    const { contract } = stack;
    const admission = { baseUrl: stack.baseUrl, contract };
    const machine = await enrol(admission, 'device-1');
    const agent = await new FakeAgent({
      url: stack.baseUrl,
      identity: machine.identity,
      bootId: machine.bootId,
      answer: () => undefined,
      publishes: false,
    }).connect();
    opened.defer(() => {
      agent.close();
    });
    const parts = {
      stack,
      contract,
      keys,
      machine,
      otherMachine: await enrol(admission, 'device-2'),
      viewer: await admit(admission, 'device-3'),
      otherViewer: await admit(admission, 'device-4'),
      agent,
      signing: await signingKeyOf(stack),
    };
    return new World(parts, opened.move());
  }

  /** One HTTP request, from an address that made none before. */
  async request(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Answer> {
    const response = await fetch(this.stack.baseUrl + path, {
      method,
      headers: {
        ...this.address(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, code: codeIn(text) };
  }

  address(): Record<string, string> {
    this.#requests += 1;
    const bytes = [this.#requests >> 16, (this.#requests >> 8) & 255, this.#requests & 255];
    return { 'x-forwarded-for': `10.${bytes.join('.')}` };
  }

  async enrolmentToken(deviceId: string): Promise<string> {
    return (await this.contract.enrolmentTokens.create({ device_id: deviceId })).token;
  }

  async viewerCode(): Promise<string> {
    const { sessionId } = this.viewer;
    return (await this.contract.viewerCodes.create({ session_id: sessionId })).code;
  }

  connectionProof(machine: HeldMachine = this.otherMachine): Genuine {
    return {
      header: { typ: TOKEN_TYPES.agent, kid: machine.identity.thumbprint },
      claims: {
        iss: machine.identity.machineId,
        aud: AGENT_TOKEN.audience,
        boot_id: machine.bootId,
        iat: nowS(),
        exp: nowS() + AGENT_TOKEN.lifetimeS,
        jti: randomUUID(),
      },
      signer: eddsa(machine.key),
      key: machine.key,
    };
  }

  /** Of the machine whose end user is being asked, that they agree. */
  async consentProof(
    machine: HeldMachine = this.machine,
    change: Partial<SessionOffer> = {},
  ): Promise<Genuine> {
    const offer = { ...(await this.askedOffer()), ...change };
    return {
      header: { typ: TOKEN_TYPES.consent },
      claims: {
        iss: machine.identity.machineId,
        aud: CONSENT_TOKEN.audience,
        sid: offer.session_id,
        answer: 'granted',
        technician: { id: offer.technician.id, name: offer.technician.name },
        grants: offer.grants,
        iat: nowS(),
      },
      signer: eddsa(machine.key),
      key: machine.key,
    };
  }

  viewerToken(viewer: HeldViewer = this.viewer): Genuine {
    const [, payload = ''] = viewer.token.split('.');
    const told = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { cnf: unknown };
    return {
      header: { typ: TOKEN_TYPES.viewer, kid: this.#signing.kid },
      claims: {
        iss: 'gc-signaling',
        aud: VIEWER_TOKEN.audience,
        sub: viewer.viewerId,
        sid: viewer.sessionId,
        grants: ['view'],
        cnf: told.cnf,
        iat: nowS(),
        exp: nowS() + VIEWER_TOKEN.lifetimeS,
      },
      signer: eddsa(this.#signing.key),
      key: this.#signing.key,
    };
  }

  viewerProof(token: string = this.viewer.token, viewer: HeldViewer = this.viewer): Genuine {
    return {
      header: { typ: TOKEN_TYPES.viewerProof },
      claims: {
        aud: VIEWER_PROOF.audience,
        ath: createHash('sha256').update(token).digest('base64url'),
        iat: nowS(),
        jti: randomUUID(),
      },
      signer: es256(viewer.key),
      key: viewer.key,
    };
  }

  nodeToken(secret: string = CURRENT_SECRET): Genuine {
    return {
      header: { typ: TOKEN_TYPES.node },
      claims: {
        iss: 'signaling',
        aud: NODE_TOKEN.audience,
        iat: nowS(),
        exp: nowS() + NODE_TOKEN.lifetimeS,
        jti: randomUUID(),
      },
      signer: hmac(secret),
      key: undefined,
    };
  }

  /** What the end user of the machine is being asked now. */
  async askedOffer(): Promise<SessionOffer> {
    if (this.#asked) return this.#asked;
    const created = await this.contract.sessions.create({
      device_id: this.machine.deviceId,
      mode: 'attended',
      technician: { id: 'tech-1', name: 'Ada Example' },
      grants: ['view', 'control'],
      consent_timeout_s: 300,
    });
    this.#asked = await until('the offer to arrive', () =>
      (this.#agent.told('session.offer') as SessionOffer[]).find(
        ({ session_id }) => session_id === created.id,
      ),
    );
    return this.#asked;
  }

  /** Says on the asked machine's own socket that its end user agreed. @throws GcError. */
  async answerConsent(proof: string): Promise<void> {
    const { session_id } = await this.askedOffer();
    await this.#agent.ask('consent.answer', { session_id, answer: 'granted', proof });
    this.#asked = undefined;
    await this.contract.sessions.end({ session_id, reason: 'asked' });
  }

  /** An enrolled machine of that device; the same one each time. */
  async identityOf(deviceId: string): Promise<Identity> {
    const known = this.#identities.get(deviceId);
    if (known) return known;
    const { identity } = await enrol(
      { baseUrl: this.stack.baseUrl, contract: this.contract },
      deviceId,
    );
    this.#identities.set(deviceId, identity);
    return identity;
  }

  /** Its key is superseded: what ran with it is over. */
  async enrolAgain(deviceId: string): Promise<void> {
    this.#identities.delete(deviceId);
    await this.identityOf(deviceId);
  }

  /** The asked machine says something else on its socket. */
  agentSays(name: string, message: object): Promise<unknown> {
    return this.#agent.socket.timeout(5_000).emitWithAck(name, message);
  }

  close(): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

/**
 * What only signaling has: forgeries of its tokens are signed with its own key. Read from a copy,
 * since a running signaling keeps its store to itself.
 */
async function signingKeyOf({ directory }: Stack): Promise<SigningKey> {
  const copy = join(directory, 'copy.sqlite');
  for (const part of ['', '-wal'])
    await copyFile(join(directory, `store.sqlite${part}`), `${copy}${part}`);
  const database = new DatabaseSync(copy);
  const row = database.prepare('SELECT kid, private_jwk FROM signing_keys').get();
  database.close();
  return { kid: String(row?.['kid']), key: privateKeyOf(String(row?.['private_jwk'])) };
}

type Admission = { readonly baseUrl: string; readonly contract: Client };

async function post<T>(
  baseUrl: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(baseUrl + API_BASE + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} was refused: ${await response.text()}`);
  return (await response.json()) as T;
}

async function enrol({ baseUrl, contract }: Admission, deviceId: string): Promise<HeldMachine> {
  const { token } = await contract.enrolmentTokens.create({ device_id: deviceId });
  const made = await newMachineKey();
  const { machine_id } = await post<{ machine_id: MachineId }>(baseUrl, '/agent/enrol', {
    token,
    device_id: deviceId,
    public_key: made.publicKey,
  });
  const identity = { ...made, machineId: machine_id };
  return { identity, key: KeyObject.from(made.privateKey), deviceId, bootId: newId('boot') };
}

/** A session of a device that is not there, with a viewer that was let in and waits. */
async function admit({ baseUrl, contract }: Admission, deviceId: string): Promise<HeldViewer> {
  const created = await contract.sessions.create({
    device_id: deviceId,
    mode: 'unattended',
    technician: { id: 'tech-1', name: 'Ada Example' },
    grants: ['view'],
  });
  const page = await newViewerKey();
  const { token, viewer_id } = await post<{ token: string; viewer_id: string }>(
    baseUrl,
    '/viewer/exchange',
    { session_id: created.id, code: created.viewer.code, public_key: page.publicKey },
    { origin: baseUrl },
  );
  const key = KeyObject.from(page.privateKey);
  return { sessionId: created.id, viewerId: viewer_id, page, key, token };
}
