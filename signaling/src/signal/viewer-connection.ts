// One viewer's socket: what it says becomes calls on its session, what happens in the session goes
// out on it. The session and the viewer are the token's.
import type { Socket } from 'socket.io';
import {
  ask,
  type Handlers,
  type Name,
  type RequestInput,
  type RequestOf,
} from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId, ViewerId } from '@guruconnect/contract/ids';
import { resumeOutcome } from '../session/resume-outcome.ts';
import {
  SIGNALING_TO_VIEWER,
  VIEWER_TO_SIGNALING,
} from '@guruconnect/contract/signal/viewer-messages';
import { CLOCK_TOLERANCE_S, type ViewerClaims } from '@guruconnect/contract/tokens';
import { viewerActor } from '../audit/actors.ts';
import type { ViewerTokens } from '../keys/viewer-tokens.ts';
import { LIMITS } from '../limits.ts';
import type { Session } from '../session/session.ts';
import type { SessionManager } from '../session/session-manager.ts';
import { viewerOf } from '../session/viewer-places.ts';
import { viewerSessionView } from '../session/session-view.ts';
import type { ViewerCommands, ViewerLink } from '../session/links.ts';
import type { BusFacts } from '../store/bus.ts';
import { listen, type ConnectionParts } from './connection.ts';

type Says = typeof VIEWER_TO_SIGNALING;
type Hello = RequestOf<Says, 'viewer.hello'>;

export type ViewerConnectionParts = ConnectionParts & {
  readonly sessions: SessionManager;
  readonly tokens: ViewerTokens;
};

export class ViewerConnection implements ViewerLink {
  readonly viewerId: ViewerId;
  readonly sessionId: SessionId;
  readonly #socket: Socket;
  readonly #parts: ViewerConnectionParts;
  #unanswered = 0;
  #lastHeard: Promise<unknown> = Promise.resolve();
  /** What was appended while the hello is being answered: told after that answer. */
  #waiting: BusFacts['journal.appended'][] | undefined;
  #greeted = false;
  /** Pending while a hello is being answered: nothing else is told before. */
  #greeting: Promise<void> = Promise.resolve();
  #expiry: NodeJS.Timeout | undefined;

  constructor(socket: Socket, claims: ViewerClaims, parts: ViewerConnectionParts) {
    this.viewerId = claims.sub;
    this.sessionId = claims.sid;
    this.#socket = socket;
    const bound = { session_id: claims.sid, viewer_id: claims.sub };
    this.#parts = { ...parts, logger: parts.logger.child(bound) };
    this.#expireAt(claims.exp * 1000);
  }

  /** From now on the viewer is heard. */
  open(): void {
    listen(
      this.#socket,
      'viewer',
      VIEWER_TO_SIGNALING,
      'viewer.hello',
      this.#handlers(),
      this.#parts,
    );
    this.#parts.logger.info('viewer connected');
  }

  tell<N extends Name<ViewerCommands>>(name: N, request: RequestInput<ViewerCommands, N>): void {
    if (!this.#socket.connected) return;
    if (this.#unanswered >= LIMITS.unansweredToViewer) {
      this.close('it does not listen');
      return;
    }
    this.#unanswered += 1;
    this.#lastHeard = ask(this.#socket, SIGNALING_TO_VIEWER, name, request)
      .catch((err: unknown) => {
        const { code } = GcError.from(err);
        this.#parts.logger.debug({ code, name }, 'viewer did not acknowledge');
      })
      .finally(() => {
        this.#unanswered -= 1;
      });
  }

  /** What the journal got; only for a viewer that has said hello. */
  journalAppended(fact: BusFacts['journal.appended']): void {
    const { event, record } = fact;
    if (this.#waiting) this.#waiting.push(fact);
    else if (this.#greeted)
      this.tell('journal.appended', { event, session: viewerSessionView(record) });
  }

  async heard(): Promise<void> {
    if (!this.#socket.connected) return;
    const gone = new Promise((resolve) => this.#socket.once('disconnect', resolve));
    await Promise.race([this.#greeting.then(() => this.#lastHeard), gone]);
  }

  close(why: string): void {
    this.#parts.logger.info({ why }, 'viewer connection closed');
    this.#socket.disconnect(true);
  }

  /** The socket is gone. Called once, by whoever listens to its end. */
  async disconnected(reason: string): Promise<void> {
    clearTimeout(this.#expiry);
    this.#parts.logger.info({ reason }, 'viewer disconnected');
    if (!this.#greeted) return;
    try {
      await (await this.#session()).viewers.disconnected(this);
    } catch (error) {
      if (!(error instanceof GcError)) throw error;
    }
  }

  #session(): Promise<Session> {
    return this.#parts.sessions.open(this.sessionId);
  }

  #handlers(): Handlers<Says> {
    const { viewerId } = this;
    return {
      'viewer.hello': (hello) => this.#hello(hello),
      'journal.read': async ({ after }) => ({
        events: await this.#parts.sessions.missed(this.sessionId, after),
      }),
      'media.join': async () => (await this.#session()).viewers.join(viewerId),
      'transport.connect': async ({ epoch, transport_id, dtls_parameters }) => {
        const session = await this.#session();
        await session.connectTransport(viewerId, epoch, transport_id, dtls_parameters);
        return {};
      },
      'transport.restart_ice': async ({ epoch, transport_id }) =>
        (await this.#session()).restartIce(viewerId, epoch, transport_id),
      'media.consume': async ({ epoch, ...consuming }) =>
        (await this.#session()).viewers.consume(viewerId, epoch, consuming),
      'video.resume': async ({ epoch, consumer_id }) => {
        await (await this.#session()).viewers.setPaused(viewerId, epoch, consumer_id, false);
        return {};
      },
      'video.pause': async ({ epoch, consumer_id }) => {
        await (await this.#session()).viewers.setPaused(viewerId, epoch, consumer_id, true);
        return {};
      },
      'video.keyframe': async ({ epoch, consumer_id }) => {
        await (await this.#session()).viewers.keyframe(viewerId, epoch, consumer_id);
        return {};
      },
      'path.report': async ({ epoch, ...report }) => {
        (await this.#session()).viewers.reportPath(viewerId, epoch, report);
        return {};
      },
      'input.open': async ({ epoch, channel, sctp_stream_parameters }) =>
        (await this.#session()).viewers.openInput(viewerId, epoch, channel, sctp_stream_parameters),
      'token.renew': async () => {
        const { viewers, id } = await this.#session();
        const issued = await this.#parts.tokens.issue(id, viewers.record(viewerId));
        this.#expireAt(issued.expires_at_ms);
        return { token: issued.token, expires_at: new Date(issued.expires_at_ms).toISOString() };
      },
      'session.end': async () => {
        const session = await this.#session();
        session.viewers.requireWholeSession(viewerId);
        const { technician } = session.viewers.record(viewerId);
        await session.end('technician_ended', undefined, viewerActor(viewerId, technician));
        return {};
      },
    };
  }

  async #hello(hello: Hello) {
    const answered = Promise.withResolvers<void>();
    this.#greeting = answered.promise;
    try {
      return await this.#join(hello).catch((error: unknown) => {
        if (error instanceof GcError && error.code === 'session_ended') return this.#tooLate(hello);
        throw error;
      });
    } finally {
      // After the answer has left.
      setImmediate(answered.resolve);
    }
  }

  async #join({ resume }: Hello) {
    const session = await this.#session();
    this.#waiting = [];
    this.#greeted = true;
    await session.viewers.connected(this);
    const { record } = session;
    // A first hello hears the whole journal: a host page is told every event, also earlier ones.
    const events = await this.#parts.sessions.missed(this.sessionId, resume?.last_seq ?? 0);
    // The answer tells everything up to last_seq, the journal everything after it.
    setImmediate(() => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const fact of waiting) if (fact.event.seq > record.last_seq) this.journalAppended(fact);
    });
    return {
      viewer_id: this.viewerId,
      grants: session.viewers.record(this.viewerId).grants,
      session: viewerSessionView(record),
      outcome: resumeOutcome(record, resume?.epoch),
      events: events.filter(({ seq }) => seq <= record.last_seq),
    };
  }

  /** The session is over: how it went and why it ended is all that there is to hear. */
  async #tooLate({ resume }: Hello) {
    const { sessions } = this.#parts;
    this.#waiting = [];
    const record = await sessions.read(this.sessionId);
    const events = await sessions.missed(this.sessionId, resume?.last_seq ?? 0);
    setImmediate(() => {
      this.close('session_ended');
    });
    return {
      viewer_id: this.viewerId,
      grants: viewerOf(record, this.viewerId).grants,
      session: viewerSessionView(record),
      outcome: 'ended' as const,
      events,
    };
  }

  /** A socket lives as long as its token; renewing one renews the other. */
  #expireAt(expiresAtMs: number): void {
    clearTimeout(this.#expiry);
    const delayMs = expiresAtMs + CLOCK_TOLERANCE_S * 1000 - Date.now();
    this.#expiry = setTimeout(() => {
      this.close('token_expired');
    }, delayMs);
  }
}
