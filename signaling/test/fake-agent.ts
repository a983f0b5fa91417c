// An agent without a screen: enrols, proves its key, keeps the conversation of agent-messages.ts
// and publishes nothing. What it does on an offer is scripted.
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { io, type Socket } from 'socket.io-client';
import {
  answer,
  ask,
  type ReplyOf,
  type RequestInput,
} from '@guruconnect/contract/base/conversation';
import { GcError, WireError } from '@guruconnect/contract/errors';
import { newId, type BootId, type MachineId, type SessionId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import {
  AGENT_TO_SIGNALING,
  SIGNALING_TO_AGENT,
  type MediaOpen,
  type SessionOffer,
} from '@guruconnect/contract/signal/agent-messages';
import {
  AGENT_TOKEN,
  CONSENT_TOKEN,
  MachineJwk,
  TOKEN_TYPES,
  type ConsentAnswer,
} from '@guruconnect/contract/tokens';
import { dtlsParameters, rtpParameters, sctpStream } from './rtc-samples.ts';

type Says = typeof AGENT_TO_SIGNALING;

export type Identity = {
  readonly machineId: MachineId;
  readonly privateKey: CryptoKey;
  readonly publicKey: MachineJwk;
  readonly thumbprint: string;
};

export const TWO_MONITORS: Topology = {
  topology_epoch: 1,
  monitors: [
    {
      monitor_id: 1,
      name: 'DUMMY0',
      x: 0,
      y: 0,
      width: 1280,
      height: 720,
      scale: 1,
      primary: true,
    },
    {
      monitor_id: 2,
      name: 'DUMMY1',
      x: 1280,
      y: 0,
      width: 800,
      height: 600,
      scale: 1,
      primary: false,
    },
  ],
};

export async function newMachineKey(): Promise<Omit<Identity, 'machineId'>> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const { kty, crv, x } = await exportJWK(publicKey);
  const jwk = MachineJwk.parse({ kty, crv, x });
  return { privateKey, publicKey: jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

export type AgentTokenChange = {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
};

export async function agentToken(
  identity: Identity,
  bootId: BootId,
  change: AgentTokenChange = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: identity.machineId,
    aud: AGENT_TOKEN.audience,
    boot_id: bootId,
    iat,
    exp: iat + AGENT_TOKEN.lifetimeS,
    jti: randomUUID(),
    ...change.claims,
  })
    .setProtectedHeader({
      alg: 'EdDSA',
      typ: TOKEN_TYPES.agent,
      kid: identity.thumbprint,
      ...change.header,
    })
    .sign(identity.privateKey);
}

export async function consentProof(
  identity: Identity,
  offer: Pick<SessionOffer, 'session_id' | 'technician' | 'grants'>,
  answered: ConsentAnswer,
  change: AgentTokenChange = {},
): Promise<string> {
  return new SignJWT({
    iss: identity.machineId,
    aud: CONSENT_TOKEN.audience,
    sid: offer.session_id,
    answer: answered,
    technician: { id: offer.technician.id, name: offer.technician.name },
    grants: offer.grants,
    iat: Math.floor(Date.now() / 1000),
    ...change.claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPES.consent, ...change.header })
    .sign(identity.privateKey);
}

/** A refused handshake, as a socket.io client gets it. */
export class HandshakeRefused extends Error {
  readonly code: string;
  constructor(error: Error & { data?: unknown }) {
    super(error.message);
    const wire = WireError.safeParse(error.data);
    this.code = wire.success ? wire.data.code : `(no code) ${error.message}`;
  }
}

export type FakeAgentOptions = {
  readonly url: string;
  readonly identity: Identity;
  readonly bootId?: BootId;
  readonly topology?: Topology;
  /** What it says to an offer; undefined says nothing. Default: not_required / granted by mode. */
  readonly answer?: (offer: SessionOffer) => ConsentAnswer | undefined;
  /** After consent it takes its transports and publishes; false leaves that to the test. */
  readonly publishes?: boolean;
  readonly token?: string;
};

type Held = { offer: SessionOffer; epoch: number; media?: MediaOpen };

export class FakeAgent {
  readonly identity: Identity;
  readonly bootId: BootId;
  /** Everything signaling told, in order. */
  readonly heard: { name: string; request: unknown }[] = [];
  readonly sessions = new Map<SessionId, Held>();
  readonly ended = new Map<SessionId, string>();
  topology: Topology;
  hello: ReplyOf<Says, 'agent.hello'> | undefined;
  /** Acknowledges nothing when true: a process that hangs. */
  deaf = false;
  readonly #options: FakeAgentOptions;
  #socket: Socket | undefined;

  constructor(options: FakeAgentOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.bootId = options.bootId ?? newId('boot');
    this.topology = options.topology ?? TWO_MONITORS;
  }

  get socket(): Socket {
    if (!this.#socket) throw new Error('the fake agent is not connected');
    return this.#socket;
  }

  get connected(): boolean {
    return this.#socket?.connected ?? false;
  }

  /** @throws HandshakeRefused. */
  async connect(): Promise<this> {
    await this.open();
    await this.sayHello();
    return this;
  }

  /** The socket alone, without hello. */
  async open(): Promise<Socket> {
    const token = this.#options.token ?? (await agentToken(this.identity, this.bootId));
    const socket = io(`${this.#options.url}/agent`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: { token },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        socket.disconnect();
        reject(new HandshakeRefused(error));
      });
    });
    this.#socket = socket;
    this.#listen(socket);
    return socket;
  }

  async sayHello(): Promise<void> {
    this.hello = await this.ask('agent.hello', {
      wire_version: 1,
      agent_version: '0.0.0-fake',
      platform: 'linux',
      boot_id: this.bootId,
      topology: this.topology,
      sessions: [...this.sessions].map(([session_id, { epoch }]) => ({ session_id, epoch })),
    });
    for (const outcome of this.hello.sessions)
      if (outcome.outcome === 'ended') {
        this.sessions.delete(outcome.session_id);
        this.ended.set(outcome.session_id, outcome.end_reason);
      }
  }

  ask<N extends keyof Says & string>(
    name: N,
    request: RequestInput<Says, N>,
  ): Promise<ReplyOf<Says, N>> {
    return ask(this.socket, AGENT_TO_SIGNALING, name, request);
  }

  /** As after consent: transports, facts, one video per monitor, ready. */
  async publish(media: MediaOpen): Promise<void> {
    const { session_id, epoch } = media;
    for (const { id } of [media.send_transport, media.recv_transport])
      await this.ask('transport.connect', {
        session_id,
        epoch,
        transport_id: id,
        dtls_parameters: dtlsParameters,
      });
    await this.ask('data.produce', {
      session_id,
      epoch,
      label: 'facts',
      sctp_stream_parameters: sctpStream(1),
    });
    for (const { monitor_id } of this.topology.monitors)
      await this.ask('video.produce', {
        session_id,
        epoch,
        monitor_id,
        rtp_parameters: rtpParameters,
      });
    await this.ask('media.ready', { session_id, epoch });
  }

  told(name: string): unknown[] {
    return this.heard.filter((entry) => entry.name === name).map(({ request }) => request);
  }

  /** The network is gone: no goodbye, and nobody learns it but by the socket's end. */
  cut(): void {
    this.#socket?.io.engine.close();
  }

  close(): void {
    this.#socket?.disconnect();
    this.#socket = undefined;
  }

  #listen(socket: Socket): void {
    const hear = (name: string, request: unknown): void => {
      this.heard.push({ name, request });
    };
    socket.onAny((name: string, request: unknown) => {
      hear(name, request);
    });
    const reply = async (offer: SessionOffer): Promise<void> => {
      const byMode = offer.mode === 'attended' ? 'granted' : 'not_required';
      const given = this.#options.answer ? this.#options.answer(offer) : byMode;
      if (given === undefined) return;
      await this.ask('consent.answer', {
        session_id: offer.session_id,
        answer: given,
        proof: await consentProof(this.identity, offer, given),
      });
    };
    if (this.deaf) return;
    answer(socket, SIGNALING_TO_AGENT, {
      'session.offer': (offer) => {
        this.sessions.set(offer.session_id, { offer, epoch: 0 });
        reply(offer).catch(() => undefined);
        return {};
      },
      'media.open': (media) => {
        const held = this.sessions.get(media.session_id);
        if (!held) throw new GcError('session_not_found');
        this.sessions.set(media.session_id, { ...held, epoch: media.epoch, media });
        if (this.#options.publishes !== false) this.publish(media).catch(() => undefined);
        return {};
      },
      'session.end': ({ session_id, end_reason }) => {
        this.sessions.delete(session_id);
        this.ended.set(session_id, end_reason);
        return {};
      },
      'input.consume': () => ({}),
      'viewer.joined': () => ({}),
      'viewer.left': () => ({}),
      'grants.change': () => ({}),
      'video.watch': () => ({}),
      'path.report': () => ({}),
      'video.keyframe': () => ({}),
    });
  }
}
