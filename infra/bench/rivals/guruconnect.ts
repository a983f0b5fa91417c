// GuruConnect itself, as `npm run demo` starts it.
import type { Browser } from 'puppeteer-core';
import { browserBuildIsFresh, buildForBrowsers } from '../../demo/browser-build.ts';
import { ViewerPage } from '../../e2e/viewer-page.ts';
import { UdpShaper } from '../../shaper/udp-shaper.ts';
import { freePort } from '../../stack/ports.ts';
import { Stack } from '../../stack/stack.ts';
import type { Seat } from '../seat.ts';
import type { Contender, ContenderOptions, ContenderSpec } from './contender.ts';

export const GC_PICTURE = 'video[data-shown="true"]';

export const GURUCONNECT: ContenderSpec = {
  name: 'guruconnect',
  label: 'GuruConnect',
  packages: [],
  modules: [],
  start: (options) => startGuruConnect(options),
};

/** Beside the media node's own address: the browser is sent there, and so through the shaper. */
const SHAPER_ADDRESS = '127.0.0.2';
const NODE_ADDRESS = '127.0.0.1';

async function startGuruConnect({ display, link }: ContenderOptions): Promise<Contender> {
  if (!browserBuildIsFresh()) await buildForBrowsers();
  await using opened = new AsyncDisposableStack();
  const rtcPort = await freePort();
  if (link) {
    const port = rtcPort;
    const shaper = await UdpShaper.open({
      listen: { address: SHAPER_ADDRESS, port },
      target: { address: NODE_ADDRESS, port },
      // the agent stands in the same house as the servers, as the rivals' do
      links: { browser: link, agent: {} },
      linkOf: (owner) => owner,
    });
    opened.defer(() => shaper.close());
  }
  const rtc = { GC_RTC_PORT: String(rtcPort) };
  const stack = await Stack.start({
    display,
    port: 0,
    deviceId: 'bench-desktop',
    env: { sfu: link ? { ...rtc, GC_RTC_ANNOUNCED_ADDRESS: SHAPER_ADDRESS } : rtc },
  });
  opened.defer(() => stack.close());
  const owned = opened.move();
  return {
    display,
    sitDown: (browser) => sitDown(browser, stack),
    close: () => owned.disposeAsync(),
  };
}

async function sitDown(browser: Browser, stack: Stack): Promise<Seat> {
  const session = await stack.contract.sessions.create({
    device_id: stack.deviceId,
    mode: 'unattended',
    technician: { id: 'tech-1', name: 'Ada Example', organization: 'Example MSP' },
    grants: ['view', 'control'],
  });
  const viewer = await ViewerPage.open(browser, session.viewer);
  await viewer.picture();
  await viewer.click({ x: 20, y: 20 }); // keyboard focus on the picture
  return {
    page: viewer.page,
    picture: GC_PICTURE,
    close: async () => {
      await viewer.close();
      await stack.contract.sessions.end({ session_id: session.id });
    },
  };
}
