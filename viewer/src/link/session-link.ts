// What this viewer knows of its session, and the socket it knows it from: code -> token -> socket ->
// hello -> journal. Media is not its affair; messages about it are passed on.
import type { Handlers } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { EndedSession } from '@guruconnect/contract/http/v1/viewer';
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

type MediaMessages = Pick<
  Handlers<typeof SIGNALING_TO_VIEWER>,
  'video.offered' | 'video.prefer' | 'video.closed'
>;

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
  /** Nobody will tell more of the journal than was told. */
  #heardAll = false;

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
    const outcome = await exchangeCode({
      send: () => {
        const response = first ?? requestExchange(this.#options, keys, { signal });
        first = undefined;
        return response;
      },
      signal,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    if (this.#stop.signal.aborted) return;
    if ('ended' in outcome) {
      this.#learnEnd(outcome.ended);
      return;
    }
    const exchanged = outcome.admitted;
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

  /**
   * The session has ended: closes when its journal was told to the end, and gets back what is
   * missing if the socket goes before. Call again whenever anything changed; idempotent.
   */
  finish(): void {
    if (this.#heardAll || !this.#isBehind()) this.close();
  }

  /** Idempotent. What is known can still be read. */
  close(): void {
    this.#stop.abort();
    this.#isUp = false;
    this.#signal?.close();
  }

  /** It ended before this viewer was there. */
  #learnEnd({ session, events }: EndedSession): void {
    this.#session = session;
    this.#embedOrigins = session.embed_origins;
    this.#heardAll = true;
    this.#tell(this.#journal.take(events));
    this.#options.onChanged();
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
    this.#tell(this.#journal.take(hello.events));
    if (outcome === 'ended') {
      this.#heardAll = true;
      this.#options.onChanged();
    } else if (this.#isBehind()) void this.#catchUp();
  }

  #handlers(): Handlers<typeof SIGNALING_TO_VIEWER> {
    return {
      ...this.#options.media,
      'journal.appended': ({ event, session }) => {
        this.#session = session;
        this.#tell(this.#journal.take([event]));
        // Several events of one change come one after another, each with the session after all of them.
        if (this.#journal.isBehind(event.seq)) void this.#catchUp();
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

  /** Is something missing of what the session is known to have? */
  #isBehind(): boolean {
    return this.#journal.isBehind(this.#session?.last_seq ?? 0);
  }

  /** Events are missing (one was lost, or were more than one answer holds): asks for them. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      for (let ready = 1; ready > 0 && this.#isBehind();) {
        const { events } = await this.ask('journal.read', { after: this.#journal.lastSeq });
        const told = this.#journal.take(events);
        ready = told.length;
        this.#tell(told);
      }
      this.#tell(this.#journal.skipGap());
    } catch (thrown) {
      this.#options.onTrouble('journal', GcError.from(thrown));
    } finally {
      this.#catchingUp = false;
      this.#options.onChanged();
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
