// A browser window that shows one monitor, for people with several screens of their own. It has no
// page, no connection and no secret: an empty document of our origin, in which this page's code shows
// a pane. It goes when this page goes. Owned by panes.ts.
import { GcError } from '@guruconnect/contract/errors';
import type { Monitor } from '@guruconnect/contract/monitor';

/** Of the technician's own screen, at first. */
const MAX_SHARE = 0.85;

export class MonitorWindow {
  readonly container: HTMLElement;
  readonly #window: Window;
  readonly #stop = new AbortController();

  /**
   * @param onClosed closed by the technician.
   * @throws GcError `invalid_request` when the browser opens none: popups are blocked, or the page
   * that frames this one does not allow them.
   */
  constructor(opener: Window, monitor: Monitor, title: string, onClosed: () => void) {
    const { availWidth, availHeight } = opener.screen;
    const dpr = opener.devicePixelRatio;
    const factor = Math.min(
      1 / dpr,
      (availWidth * MAX_SHARE) / monitor.width,
      (availHeight * MAX_SHARE) / monitor.height,
    );
    const width = Math.round(monitor.width * factor);
    const height = Math.round(monitor.height * factor);
    const opened = opener.open('', '', `popup,width=${width},height=${height}`);
    if (!opened)
      throw new GcError('invalid_request', 'The browser did not allow a window for the monitor');
    this.#window = opened;
    const { document } = opened;
    document.title = title;
    document.documentElement.lang = 'en';
    Object.assign(document.body.style, { margin: '0', background: '#0d0f12', overflow: 'hidden' });
    this.container = document.createElement('div');
    Object.assign(this.container.style, { position: 'fixed', inset: '0', background: 'inherit' });
    document.body.replaceChildren(this.container);
    const { signal } = this.#stop;
    opened.addEventListener('pagehide', () => onClosed(), { signal });
    opener.addEventListener('pagehide', () => this.close(), { signal });
  }

  focus(): void {
    this.#window.focus();
  }

  /** Idempotent; `onClosed` is not called. */
  close(): void {
    this.#stop.abort();
    this.#window.close();
  }
}
