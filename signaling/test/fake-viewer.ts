// A viewer without a screen: exchanges its code, proves its key, keeps the conversation of
// viewer-messages.ts.
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { io, type Socket } from 'socket.io-client';
import {
  answer,
  ask,
  type ReplyOf,
  type RequestInput,
} from '@guruconnect/contract/base/conversation';
import type { ExchangedCode } from '@guruconnect/contract/http/v1/viewer';
import type { SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import {
  SIGNALING_TO_VIEWER,
  VIEWER_TO_SIGNALING,
} from '@guruconnect/contract/signal/viewer-messages';
import { TOKEN_TYPES, VIEWER_PROOF, ViewerJwk } from '@guruconnect/contract/tokens';
import { HandshakeRefused } from './fake-agent.ts';
import { rtpCapabilities } from './rtc-samples.ts';

type Says = typeof VIEWER_TO_SIGNALING;

export type ViewerKey = { readonly privateKey: CryptoKey; readonly publicKey: ViewerJwk };

export async function newViewerKey(): Promise<ViewerKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  return { privateKey, publicKey: ViewerJwk.parse({ kty, crv, x, y }) };
}

export async function viewerProof(
  key: ViewerKey,
  token: string,
  change: { header?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
): Promise<string> {
  return new SignJWT({
    aud: VIEWER_PROOF.audience,
    ath: createHash('sha256').update(token).digest('base64url'),
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ...change.claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: TOKEN_TYPES.viewerProof, ...change.header })
    .sign(key.privateKey);
}

/** POST viewer/exchange as the page does it. */
export async function exchange(
  url: string,
  session_id: string,
  code: string,
  key: ViewerKey,
  origin: string = url,
): Promise<{ status: number; body: ExchangedCode & { code?: string } }> {
  const response = await fetch(`${url}/api/integration/v1/viewer/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ session_id, code, public_key: key.publicKey }),
  });
  return { status: response.status, body: (await response.json()) as ExchangedCode };
}

export class FakeViewer {
  readonly key: ViewerKey;
  readonly events: JournalEvent[] = [];
  readonly heard: { name: string; request: unknown }[] = [];
  token: string;
  closedBecause: string | undefined;
  readonly #url: string;
  #socket: Socket | undefined;

  constructor(url: string, key: ViewerKey, token: string) {
    this.#url = url;
    this.key = key;
    this.token = token;
  }

  /** Exchanges the code, connects, says hello. */
  static async join(
    url: string,
    invitation: { session_id: SessionId; code: string },
  ): Promise<FakeViewer> {
    const viewer = await FakeViewer.admit(url, invitation);
    await viewer.connect();
    await viewer.hello();
    return viewer;
  }

  static async admit(
    url: string,
    { session_id, code }: { session_id: SessionId; code: string },
  ): Promise<FakeViewer> {
    const key = await newViewerKey();
    const { status, body } = await exchange(url, session_id, code, key);
    if (status !== 200) throw new Error(`the exchange was refused: ${JSON.stringify(body)}`);
    return new FakeViewer(url, key, body.token);
  }

  get socket(): Socket {
    if (!this.#socket) throw new Error('the fake viewer is not connected');
    return this.#socket;
  }

  get connected(): boolean {
    return this.#socket?.connected ?? false;
  }

  /** @throws HandshakeRefused. */
  async connect(auth?: { token?: unknown; proof?: unknown }, origin = this.#url): Promise<void> {
    const socket = io(`${this.#url}/viewer`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: { origin },
      auth: auth ?? { token: this.token, proof: await viewerProof(this.key, this.token) },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        socket.disconnect();
        reject(new HandshakeRefused(error));
      });
    });
    this.#socket = socket;
    socket.once('disconnect', (reason) => {
      this.closedBecause = reason;
    });
    socket.onAny((name: string, request: unknown) => {
      this.heard.push({ name, request });
    });
    answer(socket, SIGNALING_TO_VIEWER, {
      'journal.appended': ({ event }) => {
        this.events.push(event);
        return {};
      },
      'video.offered': () => ({}),
      'video.closed': () => ({}),
      'video.prefer': () => ({}),
      'grants.changed': () => ({}),
      'media.moved': () => ({}),
    });
  }

  hello(resume?: { epoch: number; last_seq: number }): Promise<ReplyOf<Says, 'viewer.hello'>> {
    return this.ask('viewer.hello', { wire_version: 1, ...(resume ? { resume } : {}) });
  }

  ask<N extends keyof Says & string>(
    name: N,
    request: RequestInput<Says, N>,
  ): Promise<ReplyOf<Says, N>> {
    return ask(this.socket, VIEWER_TO_SIGNALING, name, request);
  }

  /** Join and consume, as once the session is live. */
  async watch(): Promise<ReplyOf<Says, 'media.consume'> & { epoch: number }> {
    const { epoch } = await this.ask('media.join', {});
    const media = await this.ask('media.consume', { epoch, rtp_capabilities: rtpCapabilities });
    return { ...media, epoch };
  }

  told(name: string): unknown[] {
    return this.heard.filter((entry) => entry.name === name).map(({ request }) => request);
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  cut(): void {
    this.#socket?.io.engine.close();
  }

  close(): void {
    this.#socket?.disconnect();
    this.#socket = undefined;
  }
}
