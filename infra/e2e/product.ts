// What an end-to-end test file needs, started once: a desktop, the product, a browser.
import { startDesktop, type Desktop } from '../desktop/desktop.ts';
import { Stack, type StackOptions } from '../stack/stack.ts';
import { browserBuildIsFresh, buildForBrowsers } from '../demo/browser-build.ts';
import { startBrowser, type RunningBrowser } from './browser.ts';
import { ViewerPage, type Invitation } from './viewer-page.ts';
import { XTools } from './x-tools.ts';

export class Product {
  readonly desktop: Desktop;
  readonly stack: Stack;
  readonly x: XTools;
  readonly #browser: RunningBrowser;

  private constructor(desktop: Desktop, stack: Stack, browser: RunningBrowser) {
    this.desktop = desktop;
    this.stack = stack;
    this.x = new XTools(desktop.display);
    this.#browser = browser;
  }

  static async start(
    options: { apps: boolean } & Pick<StackOptions, 'env' | 'agent'>,
  ): Promise<Product> {
    if (!browserBuildIsFresh()) await buildForBrowsers();
    await using opened = new AsyncDisposableStack();
    const desktop = await startDesktop({ apps: options.apps });
    opened.defer(() => desktop.close());
    const stack = await Stack.start({
      display: desktop.display,
      port: 0,
      deviceId: 'e2e-desktop',
      ...(options.env ? { env: options.env } : {}),
      ...(options.agent === undefined ? {} : { agent: options.agent }),
    });
    opened.defer(() => stack.close());
    const browser = await startBrowser();
    opened.defer(() => browser.close());
    const product = new Product(desktop, stack, browser);
    opened.move();
    return product;
  }

  get browser(): RunningBrowser['browser'] {
    return this.#browser.browser;
  }

  /** Pre-creates a session as an RMM does. */
  session(more: Partial<Parameters<Stack['contract']['sessions']['create']>[0]> = {}) {
    return this.stack.contract.sessions.create({
      device_id: this.stack.deviceId,
      mode: 'unattended',
      technician: { id: 'tech-1', name: 'Ada Example', organization: 'Example MSP' },
      grants: ['view', 'control'],
      ...more,
    });
  }

  view(invitation: Invitation): Promise<ViewerPage> {
    return ViewerPage.open(this.browser, invitation);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.stack.close();
    await this.desktop.close();
  }
}
