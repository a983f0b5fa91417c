// What this viewer knows of its session, and the socket it knows it from: code -> token -> socket ->
// hello -> journal. Media is not its affair; messages about it are passed on.
import type { Handlers } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { resumeStep, type ResumeStep } from '@guruconnect/contract/resume';
import type { Session } from '@guruconnect/contract/session';
import type { SIGNALING_TO_VIEWER } from '@guruconnect/contract/signal/viewer-messages';
import { WIRE_VERSION } from '@guruconnect/contract/version';
import { exchangeCode } from './exchange.ts';
import { JournalFeed } from './journal-feed.ts';
import { SignalLink } from './signal-link.ts';
import { beginOpening, requestExchange, type Opening } from './opening.ts';
import { ViewerKey } from './viewer-key.ts';

type MediaMessages = Pick<Handlers<typeof SIGNALING_TO_VIEWER>, 'video.offered' | 'video.closed'>;

export type SessionLinkOptions = {
  /** Origin of the GuruConnect server. */
  readonly serverUrl: string;
  readonly sessionId: SessionId;
  /** Used once and kept nowhere. */
  readonly code: string;
  /** The exchange, when the page has begun it already. */
  readonly opening?: Opening | undefined;
  readonly media: MediaMessages;
  /** Epoch of the transports this viewer holds; undefined when it holds none. */
  readonly heldEpoch: () => number | undefined;
  /** After each hello: what to do with the media that is held. */
  readonly onResume: (step: ResumeStep) => void;
  /** Session, grants or the state of the socket changed. */
  readonly onChanged: () => void;
  /** The journal, in order, each event once. */
  readonly onEvent: (event: JournalEvent) => void;
  /** Something was refused or malformed; nothing stops because of it. */
  readonly onTrouble: (what: string, error: GcError) => void;
};

export class SessionLink {
  readonly #options: SessionLinkOptions;
  readonly #stop = new AbortController();
  readonly #journal = new JournalFeed();
  #signal: SignalLink | undefined;
  #isUp = false;
  #attempts = 0;
  #session: Session | undefined;
  #viewerId: ViewerId | undefined;
  #grants: readonly Grant[] = [];
  #embedOrigins: readonly string[] = [];
  #consentExpiresAtMs: number | undefined;
  #catchingUp = false;

  constructor(options: SessionLinkOptions) {
    this.#options = options;
  }

  get hasToken(): boolean {
    return this.#signal !== undefined;
  }

  /** The socket is up and the hello was answered. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Attempts to get the socket back since it was lost. */
  get attempts(): number {
    return this.#attempts;
  }

  /** As last told. */
  get session(): Session | undefined {
    return this.#session;
  }

  get viewerId(): ViewerId | undefined {
    return this.#viewerId;
  }

  get grants(): readonly Grant[] {
    return this.#grants;
  }

  get embedOrigins(): readonly string[] {
    return this.#embedOrigins;
  }

  /** When the consent prompt closes by itself, this machine's clock. */
  get consentExpiresAtMs(): number | undefined {
    return this.#session?.state === 'waiting_consent' ? this.#consentExpiresAtMs : undefined;
  }

  /**
   * Runs until `close` (resolves) or until nothing can help any more (rejects). Call once.
   * @throws GcError that is permanent: a refused code, a revoked credential, an ended session.
   */
  async run(): Promise<void> {
    const { serverUrl } = this.#options;
    const opening = this.#options.opening ?? beginOpening(this.#options);
    const keys = await opening.keys;
    const { signal } = this.#stop;
    let first: Promise<Response> | undefined = opening.response;
    const exchanged = await exchangeCode({
      send: () => {
        const response = first ?? requestExchange(this.#options, keys, { signal });
        first = undefined;
        return response;
      },
      signal,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    if (this.#stop.signal.aborted) return;
    this.#grants = exchanged.grants;
    this.#embedOrigins = exchanged.embed_origins;
    const key = await ViewerKey.of(keys);
    this.#signal = new SignalLink({
      serverUrl,
      key,
      token: exchanged.token,
      handlers: this.#handlers(),
      onConnected: () => this.#hello(),
      onLost: (attempt) => {
        this.#isUp = false;
        this.#attempts = attempt + 1;
        this.#options.onChanged();
      },
      onRefused: this.#options.onTrouble,
    });
    this.#options.onChanged();
    try {
      await this.#signal.run();
    } finally {
      this.#isUp = false;
    }
  }

  /** @throws GcError with the server's code; `timeout` at once while the socket is down. */
  readonly ask: SignalLink['ask'] = (name, request, timeoutMs) =>
    this.#signal
      ? this.#signal.ask(name, request, timeoutMs)
      : Promise.reject(new GcError('timeout', 'The viewer is not connected'));

  /** The network is back, or somebody looks at the page again. */
  tryNow(): void {
    this.#signal?.tryNow();
  }

  /** Idempotent. What is known can still be read. */
  close(): void {
    this.#stop.abort();
    this.#isUp = false;
    this.#signal?.close();
  }

  async #hello(): Promise<void> {
    const heldEpoch = this.#options.heldEpoch();
    const hello = await this.ask('viewer.hello', {
      wire_version: WIRE_VERSION,
      ...(heldEpoch === undefined
        ? {}
        : { resume: { epoch: heldEpoch, last_seq: this.#journal.lastSeq } }),
    });
    const { outcome, session } = hello;
    this.#isUp = true;
    this.#attempts = 0;
    this.#viewerId = hello.viewer_id;
    this.#grants = hello.grants;
    this.#session = session;
    this.#options.onResume(
      resumeStep(
        heldEpoch,
        outcome === 'resumed' || outcome === 'moved'
          ? { outcome, epoch: session.epoch }
          : { outcome },
      ),
    );
    this.#options.onChanged();
    // After media: the picture is waited for, the past is not.
    this.#onEvents(hello.events);
  }

  #handlers(): Handlers<typeof SIGNALING_TO_VIEWER> {
    return {
      ...this.#options.media,
      'journal.appended': ({ event, session }) => {
        this.#session = session;
        this.#onEvents([event]);
        this.#options.onChanged();
        return {};
      },
      'grants.changed': ({ grants }) => {
        this.#grants = grants;
        this.#options.onChanged();
        return {};
      },
      'media.moved': ({ epoch }) => {
        if (this.#session) this.#session = { ...this.#session, epoch };
        this.#options.onChanged();
        return {};
      },
    };
  }

  #onEvents(events: readonly JournalEvent[]): void {
    this.#tell(this.#journal.take(events));
    const session = this.#session;
    if (session && this.#journal.isBehind(session.last_seq)) void this.#catchUp(session);
  }

  /** Events are missing (one was lost, or were more than one answer holds): asks for them. */
  async #catchUp(session: Session): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      const { events } = await this.ask('viewer.hello', {
        wire_version: WIRE_VERSION,
        resume: { epoch: Math.max(1, session.epoch), last_seq: this.#journal.lastSeq },
      });
      this.#tell(this.#journal.take(events));
      this.#tell(this.#journal.skipGap());
    } catch (thrown) {
      this.#options.onTrouble('journal', GcError.from(thrown));
    } finally {
      this.#catchingUp = false;
    }
  }

  #tell(events: readonly JournalEvent[]): void {
    for (const event of events) {
      const expiresAt = event.data['expires_at'];
      if (event.type === 'consent.requested' && typeof expiresAt === 'string') {
        this.#consentExpiresAtMs = Date.parse(expiresAt) - (this.#signal?.serverOffsetMs ?? 0);
        this.#options.onChanged();
      }
      this.#options.onEvent(event);
    }
  }
}
