// One viewer in a frame and the conversation with it: the handshake, events up, commands down. What
// `<guru-session>` is made of; usable on its own where a custom element does not fit.
import type { EMBED_VERSION, EmbedCommand, EmbedEvent } from '../embed/embed-messages.ts';
import { EmbedError } from './embed-error.ts';
import { readEvent, readReady } from './read-message.ts';
import { createViewerFrame, type Invitation } from './viewer-frame.ts';

const VERSION: typeof EMBED_VERSION = 1;

/** Page load, exchange of the code and the handshake, milliseconds. */
const CONNECT_TIMEOUT_MS = 15_000;
/**
 * From the load of the frame until it counts as refused, milliseconds. A viewer says "ready" before
 * its page has loaded, however slowly it boots, so this only covers the way of that word; a frame
 * that the browser does not show (`frame-ancestors`) loads an error page, which says nothing.
 */
const REFUSED_AFTER_MS = 1_000;
const COMMAND_TIMEOUT_MS = 10_000;

export type Connected = Extract<EmbedEvent, { gc: 'connected' }>;
/** `id` is given by the conversation. */
type Unnumbered<C> = C extends unknown ? Omit<C, 'id'> : never;

export type EmbeddedViewerOptions = {
  /** Where the frame is appended; has to be in a document. */
  readonly parent: Node;
  readonly invitation: Invitation;
  /** Everything the viewer says but the answers to commands and its refusal. */
  readonly onEvent: (event: EmbedEvent) => void;
  /** The conversation failed or broke off, not by `close`. The frame may go on showing something. */
  readonly onLost?: (error: EmbedError) => void;
  readonly connectTimeoutMs?: number;
  readonly commandTimeoutMs?: number;
};

type Pending = {
  readonly resolve: () => void;
  readonly reject: (error: EmbedError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
};

export class EmbeddedViewer {
  readonly frame: HTMLIFrameElement;
  /** Resolves when the viewer has answered. After a refusal (`embed_refused`, `timeout`) nothing more is heard of it. */
  readonly connected: Promise<Connected>;
  readonly #window: Window;
  readonly #origin: string;
  readonly #onEvent: (event: EmbedEvent) => void;
  readonly #onLost: (error: EmbedError) => void;
  readonly #commandTimeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #handshake = Promise.withResolvers<Connected>();
  readonly #handshakeTimer: ReturnType<typeof setTimeout>;
  #refusedTimer: ReturnType<typeof setTimeout> | undefined;
  #port: MessagePort | undefined;
  #isReady = false;
  #isConnected = false;
  #isClosed = false;
  #lastId = 0;
  #loadsSinceReady = 0;

  /** @throws EmbedError `invalid_request` or `illegal_transition`. */
  constructor(options: EmbeddedViewerOptions) {
    const { parent, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
    const document = parent.ownerDocument;
    const view = document?.defaultView;
    if (!document || !view || !parent.isConnected)
      throw new EmbedError('illegal_transition', 'a frame loads only in a document that is shown');
    const { frame, origin } = createViewerFrame(document, options.invitation);
    this.frame = frame;
    this.#window = view;
    this.#origin = origin;
    this.#onEvent = options.onEvent;
    this.#onLost = options.onLost ?? (() => undefined);
    this.#commandTimeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
    this.connected = this.#handshake.promise;
    // Whoever only listens to events need not catch it.
    this.connected.catch(() => undefined);
    this.#handshakeTimer = setTimeout(() => {
      const why = this.#port ? 'did not answer' : 'did not appear';
      this.#lose(
        new EmbedError('timeout', `the viewer ${why} within ${connectTimeoutMs} ms`, true),
      );
    }, connectTimeoutMs);
    // Before the frame is there: its "ready" comes once and must not be missed.
    view.addEventListener('message', this.#onWindowMessage);
    frame.addEventListener('load', this.#onLoad);
    parent.appendChild(frame);
  }

  /**
   * @throws EmbedError with the viewer's code; `timeout` when it does not answer;
   * `illegal_transition` before `connected` and after `close`.
   */
  command(command: Unnumbered<EmbedCommand>): Promise<void> {
    const port = this.#port;
    if (!port || !this.#isConnected || this.#isClosed)
      return Promise.reject(new EmbedError('illegal_transition', 'the viewer is not connected'));
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const detail = `no answer to ${command.gc} within ${this.#commandTimeoutMs} ms`;
        this.#settle(id, new EmbedError('timeout', detail, true));
      }, this.#commandTimeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      port.postMessage({ ...command, id });
    });
  }

  /** Takes the frame away, which ends this viewer but not the session. Idempotent. */
  close(): void {
    this.#stop(new EmbedError('illegal_transition', 'closed by this page'));
    this.frame.remove();
  }

  readonly #onWindowMessage = (event: MessageEvent): void => {
    // Exactly this frame, and still the page we sent it to.
    if (event.source !== this.frame.contentWindow || event.origin !== this.#origin) return;
    const versions = readReady(event.data);
    if (!versions) return;
    this.#window.removeEventListener('message', this.#onWindowMessage);
    clearTimeout(this.#refusedTimer);
    this.#refusedTimer = undefined;
    this.#isReady = true;
    if (!versions.includes(VERSION)) {
      const detail = `the viewer speaks version ${versions.join(', ')}, this page ${VERSION}`;
      this.#lose(new EmbedError('unknown_message', detail));
      return;
    }
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (message) => this.#onPortMessage(message.data);
    this.frame.contentWindow?.postMessage({ gc: 'connect', version: VERSION }, this.#origin, [
      port2,
    ]);
  };

  readonly #onLoad = (): void => {
    if (!this.#isReady) {
      clearTimeout(this.#refusedTimer);
      this.#refusedTimer = setTimeout(() => this.#refuse('did not load'), REFUSED_AFTER_MS);
      return;
    }
    // No browser tells that the other end of a port is gone, but a frame tells what it loads. The
    // viewer's own page ends its loading after its "ready"; a second load is another page.
    this.#loadsSinceReady += 1;
    if (this.#loadsSinceReady < 2) return;
    this.#lose(
      new EmbedError('timeout', 'the viewer is gone: its page was left or reloaded', true),
    );
  };

  /** Neither the browser nor the viewer tells why, so that strangers learn nothing. */
  #refuse(what: string): void {
    const hint = `is ${this.#window.origin} among the session's embed_origins, and the code fresh?`;
    this.#lose(new EmbedError('embed_refused', `the viewer ${what}: ${hint}`));
  }

  #onPortMessage(data: unknown): void {
    const event = readEvent(data);
    if (!event) return;
    if (event.gc === 'done') {
      this.#settle(event.id, event.error ? EmbedError.fromWire(event.error) : undefined);
      return;
    }
    if (event.gc === 'refused') {
      this.#refuse('does not speak to this page');
      return;
    }
    if (event.gc === 'connected') {
      clearTimeout(this.#handshakeTimer);
      this.#isConnected = true;
      this.#handshake.resolve(event);
    }
    this.#onEvent(event);
  }

  #settle(id: number, error: EmbedError | undefined): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (error) pending.reject(error);
    else pending.resolve();
  }

  #lose(error: EmbedError): void {
    if (this.#isClosed) return;
    this.#stop(error);
    this.#onLost(error);
  }

  /** Ends the conversation; the frame stays, so that the technician can read what it shows. */
  #stop(error: EmbedError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#handshakeTimer);
    clearTimeout(this.#refusedTimer);
    this.#window.removeEventListener('message', this.#onWindowMessage);
    this.frame.removeEventListener('load', this.#onLoad);
    this.#port?.close();
    this.#handshake.reject(error);
    for (const id of [...this.#pending.keys()]) this.#settle(id, error);
  }
}
