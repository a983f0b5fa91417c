// The viewer's first word to the page that frames it, said while the rest of the page still loads: a
// frame that finished loading without it is one that the browser refused to show. What the host page
// answers meanwhile is kept for the bridge. Imports nothing, like everything that begin.ts needs.
import type { EMBED_VERSION, EmbedEvent } from '@guruconnect/contract/embed/embed-messages';

const VERSION: typeof EMBED_VERSION = 1;
/** A host page says one thing, "connect", perhaps again when it mounts anew. */
const MAX_KEPT = 8;

/** Says no more than silence would, only sooner: not why, and nothing of the session. */
export function refuseOn(port: MessagePort): void {
  port.postMessage({ gc: 'refused' } satisfies EmbedEvent);
  port.close();
}

/** The part of a window that is used here. */
export type GreetingWindow = {
  readonly parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
};

export class Greeting {
  readonly #window: GreetingWindow;
  readonly #kept: MessageEvent[] = [];
  #hear: ((event: MessageEvent) => void) | undefined;

  /** Says "ready" to the parent at once; do not make one for a page that is not framed. */
  constructor(window: GreetingWindow) {
    this.#window = window;
    window.addEventListener('message', this.#onMessage);
    // Says nothing but that somebody is here: whoever frames us knows that already.
    window.parent.postMessage({ gc: 'ready', versions: [VERSION] }, '*');
  }

  /** Everything the parent says goes there, what it has said so far first. */
  handOver(hear: (event: MessageEvent) => void): void {
    this.#hear = hear;
    for (const event of this.#kept.splice(0)) hear(event);
  }

  /** The viewer could not start: a page that wants to talk hears at once that nobody will. */
  refuse(): void {
    this.handOver(({ ports }) => ports.forEach(refuseOn));
  }

  /** Idempotent. */
  close(): void {
    this.#window.removeEventListener('message', this.#onMessage);
    this.#hear = undefined;
    this.#kept.length = 0;
  }

  readonly #onMessage = (event: MessageEvent): void => {
    if (event.source !== this.#window.parent) return;
    if (this.#hear) this.#hear(event);
    else if (this.#kept.length < MAX_KEPT) this.#kept.push(event);
  };
}
