// GuruConnect itself, as `npm run demo` starts it.
import type { Browser } from 'puppeteer-core';
import { buildViewer, viewerIsFresh } from '../../demo/viewer-build.ts';
import { ViewerPage } from '../../e2e/viewer-page.ts';
import { Stack, type StackOptions } from '../../stack/stack.ts';
import type { Seat } from '../seat.ts';
import type { Contender, ContenderSpec } from './contender.ts';

export const GC_PICTURE = 'video[data-shown="true"]';

export const GURUCONNECT: ContenderSpec = {
  name: 'guruconnect',
  label: 'GuruConnect',
  packages: [],
  modules: [],
  start: ({ display }) => startGuruConnect({ display }),
};

/** @param options of the stack, e.g. another announced address of the media node. */
export async function startGuruConnect(
  options: Pick<StackOptions, 'display' | 'env'>,
): Promise<Contender> {
  if (!viewerIsFresh()) await buildViewer();
  const stack = await Stack.start({ ...options, port: 0, deviceId: 'bench-desktop' });
  return {
    display: options.display,
    sitDown: (browser) => sitDown(browser, stack),
    close: () => stack.close(),
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
