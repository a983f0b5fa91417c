// A help desk's own web site, on another site than GuruConnect: the page of CONTRACT.md that frames the
// viewer with <guru-session>, word for word, and beside it a script that writes down what it is told.
import type { Browser, Frame, Page } from 'puppeteer-core';
import type { EmbedEvent } from '@guruconnect/contract/embed/embed-messages';
import { JournalEvent } from '@guruconnect/contract/journal';
import { block } from '../../contract/test/contract-document.ts';
import { servePages, type WebPages } from '../../contract/test/fake-viewer.ts';
import { until } from '../stack/until.ts';
import { ViewerPage, type Invitation, type Probe, type Rgb } from './viewer-page.ts';

type StateTold = Omit<Extract<EmbedEvent, { gc: 'state' }>, 'gc'>;

// Of the page: what it was told, and the probe of viewer-page.ts in the frame.
declare const told: { readonly events: unknown[]; readonly states: StateTold[] };
declare const gcProbe: Probe;

const RECORDER = `<script>
  globalThis.told = { events: [], states: [] };
  const session = document.querySelector('guru-session');
  session.addEventListener('gc-event', ({ detail }) => told.events.push(detail.event));
  session.addEventListener('gc-state', ({ detail }) => told.states.push(detail));
</script>`;

export class HelpDesk {
  /** What its server has for the technician's page; told when the page asks. */
  invitation: Invitation | undefined;
  #pages: WebPages | undefined;

  /** @param guruConnect its address: the element comes from there, as the document has it. */
  static async start(guruConnect: string): Promise<HelpDesk> {
    const desk = new HelpDesk();
    const page = block('element').replaceAll('https://gc.example', guruConnect);
    // `localhost`: for a browser that is another site than 127.0.0.1, not only another port.
    desk.#pages = await servePages('localhost', (path) => {
      switch (path) {
        case '/':
          return { type: 'text/html', body: `<!doctype html><body>${page}${RECORDER}` };
        case '/support/start':
          return { type: 'application/json', body: JSON.stringify(desk.invitation) };
        default:
          return undefined;
      }
    });
    return desk;
  }

  get origin(): string {
    return this.#pages?.origin ?? '';
  }

  async open(browser: Browser): Promise<HelpDeskPage> {
    const { page } = await ViewerPage.openUrl(browser, `${this.origin}/`);
    return new HelpDeskPage(page);
  }

  async close(): Promise<void> {
    await this.#pages?.close();
  }
}

export class HelpDeskPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** The journal as the framed viewer told it, in the order it came. */
  async events(): Promise<JournalEvent[]> {
    return JournalEvent.array().parse(await this.#page.evaluate(() => told.events));
  }

  /** What the page was told last of the viewer's state. */
  state(): Promise<StateTold | undefined> {
    return this.#page.evaluate(() => told.states.at(-1));
  }

  /** What the page itself shows of it (`#status` of the document's example). */
  status(): Promise<string | undefined> {
    return this.#page.evaluate(() => document.querySelector('#status')?.textContent);
  }

  async inState(state: string): Promise<StateTold> {
    return until(`the viewer to tell its page "${state}"`, async () => {
      const last = await this.state();
      return last?.state === state ? last : undefined;
    });
  }

  /** Waits until the framed picture has (about) this colour at a pixel of the monitor. */
  async showsColour(x: number, y: number, colour: Rgb): Promise<void> {
    const frame = await this.#viewer();
    await until(`${colour.join()} in the framed picture`, async () => {
      const seen = await frame.evaluate((...at) => gcProbe.pixel(...at), x, y);
      return seen?.every((value, i) => Math.abs(value - (colour[i] ?? 0)) <= 24);
    });
  }

  async hasPicture(): Promise<boolean> {
    const frame = await this.#viewer();
    return frame.evaluate(() => gcProbe.picture() !== undefined);
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  #viewer(): Promise<Frame> {
    return until('the framed viewer', () =>
      this.#page.frames().find((each) => each.url().includes('/viewer/ses_')),
    );
  }
}
