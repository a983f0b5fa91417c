// The built page in a real Chromium, under its real policy, with real media: only signaling and the
// agent are stand-ins.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { build } from 'vite';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Monitor } from '@guruconnect/contract/monitor';
import { toPixel } from '@guruconnect/contract/input/coordinates';
import { complaintsOf, shownPicture, startBrowser, statusOf, until } from './browser.ts';
import { startEmbeddingPage } from './embedding-page.ts';
import { FakeSignaling } from './fake-signaling.ts';

const PORTS = { min: 16_600, max: 16_640 };
const monitor = (monitor_id: number, width: number, height: number): Monitor => ({
  monitor_id,
  name: `DP-${monitor_id}`,
  x: 0,
  y: 0,
  width,
  height,
  scale: 1,
  primary: monitor_id === 1,
});
const LEFT = monitor(1, 1280, 720);
/** Odd on purpose: its video is padded by a pixel each way. */
const RIGHT = monitor(2, 1023, 767);
const RED = [80, 90, 240] as const;
const BLUE = [40, 240, 110] as const;
const isRed = ([r, , b]: readonly [number, number, number]): boolean => r > b + 60;
const isBlue = ([r, , b]: readonly [number, number, number]): boolean => b > r + 60;

let dist: string;
let chromium: Awaited<ReturnType<typeof startBrowser>>;
let signaling: FakeSignaling;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'gc-viewer-dist-'));
  const root = new URL('..', import.meta.url).pathname;
  await build({ root, logLevel: 'error', build: { outDir: dist, emptyOutDir: true } });
  chromium = await startBrowser();
});
afterAll(async () => {
  await chromium.close();
  rmSync(dist, { recursive: true });
});
beforeEach(async () => {
  signaling = await FakeSignaling.start(dist, PORTS);
  page = await chromium.browser.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  complaints = complaintsOf(page);
});
afterEach(async () => {
  await page.close();
  await signaling.close();
});

const says = (words: RegExp | string): Promise<unknown> =>
  until(`the page to say ${words}`, async () => {
    const text = await page.evaluate(() => document.body.innerText);
    return typeof words === 'string' ? text.includes(words) : words.test(text);
  });
const status = (words: string): Promise<unknown> =>
  until(`the status ${words}`, async () => (await statusOf(page).catch(() => '')) === words);
const picture = (colour?: typeof isRed) =>
  until('the picture', async () => {
    const shown = await shownPicture(page);
    return shown && (!colour || colour(shown.colour)) ? shown : undefined;
  });
const press = async (name: string): Promise<void> => {
  const button = await until(`the button ${name}`, () =>
    page.$(`::-p-aria([name="${name}"][role="button"])`).then((found) => found ?? undefined),
  );
  await button.click();
};
const heardInput = (matches: (event: InputEvent) => boolean): Promise<InputEvent> =>
  until('the input to arrive', () => signaling.media.input.find(matches));
const inputIs = (on: 'true' | 'false'): Promise<unknown> =>
  until(
    `input to be ${on}`,
    async () =>
      (await page
        .$eval('.input', (node) => (node as HTMLElement).dataset['on'])
        .catch(() => '')) === on,
  );

/** Colour in the middle of the stage as it is on the screen: what covers the video counts. */
async function screenColour(): Promise<[number, number, number]> {
  const clip = { x: 640, y: 300, width: 1, height: 1 };
  const png = await page.screenshot({ clip, encoding: 'base64' });
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(
      new Blob([Uint8Array.from(atob(data), (each) => each.charCodeAt(0))]),
    );
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    context?.drawImage(image, 0, 0);
    const [r = 0, g = 0, b = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
    return [r, g, b] as [number, number, number];
  }, png);
}

/** Opens the page on a live session with both monitors. */
async function live(): Promise<void> {
  await page.goto(signaling.link());
  await status('Waiting for the machine');
  await signaling.goLive([LEFT, RIGHT], [RED, BLUE]);
  await picture(isRed);
  await inputIs('true');
}

describe('the page', () => {
  it('goes from the link to the picture and says each state on the way', async () => {
    await page.goto(signaling.link());
    await status('Waiting for the machine');
    await says('FRONT-DESK-07');
    expect(page.url()).not.toContain('code');

    signaling.tell(
      'consent.requested',
      { expires_at: new Date(Date.now() + 20_000).toISOString() },
      { state: 'waiting_consent', agent_online: true },
    );
    await status('Waiting for consent');
    await says(/Ada Lovelace \(Northwind IT\) see and control the screen/);
    await says(/No answer within \d+ s means no/);
    expect(await shownPicture(page)).toBeUndefined();

    signaling.tell('consent.granted', {}, { state: 'connecting' });
    await status('Connecting to the desktop');
    await signaling.goLive([LEFT, RIGHT], [RED, BLUE]);
    await picture(isRed);
    await status('Live');
    expect(await page.title()).toBe('FRONT-DESK-07 · GuruConnect');
    // Not one violation of the policy, not one error, from the first byte to the picture.
    expect(complaints).toEqual([]);
  });

  it('is connected to the media node before anybody has consented', async () => {
    await page.goto(signaling.link());
    await until('both transports', () => {
      const [connection] = signaling.connections;
      const states = [...(connection?.transports.values() ?? [])].map((each) => each.dtlsState);
      return states.length === 2 && states.every((state) => state === 'connected');
    });
    expect(signaling.heard).not.toContain('media.consume');
  });

  it('was never white', async () => {
    await page.evaluateOnNewDocument(() => {
      const white: string[] = [];
      Object.assign(window, { white });
      const look = (): void => {
        if (document.body) {
          const { backgroundColor } = getComputedStyle(document.body);
          if (!/rgb\(1[0-9], 1[0-9], 1[0-9]\)/.test(backgroundColor)) white.push(backgroundColor);
        }
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await live();
    expect(await page.evaluate(() => (window as unknown as { white: string[] }).white)).toEqual([]);
  });

  it.each([
    [
      'code_used',
      'This link was already used',
      async () => {
        const link = signaling.link();
        await page.goto(link);
        await status('Waiting for the machine');
        const second = await chromium.browser.newPage();
        await page.close();
        page = second;
        await page.goto(link);
      },
    ],
    [
      'code_invalid',
      'This link carries no valid code',
      async () => {
        await page.goto(signaling.link().replace(/#.*/, ''));
      },
    ],
    [
      'session_not_found',
      'There is no such session',
      async () => {
        await page.goto(signaling.link().replace(/ses_[^#]+/, 'nonsense'));
      },
    ],
    [
      'credential_revoked',
      'Your access was withdrawn',
      async () => {
        signaling.refuse = 'credential_revoked';
        await page.goto(signaling.link());
      },
    ],
  ])('says %s in plain words and with its code', async (code, title, arrange) => {
    await arrange();
    await says(title);
    await says(code);
    await status('Could not connect');
  });
});

describe('monitors', () => {
  it('are switched by buttons with their names, without ever an empty picture', async () => {
    await live();
    const names = await page.$$eval('[aria-pressed].monitor', (buttons) =>
      buttons.map((button) => [
        button.textContent,
        button.getAttribute('aria-pressed'),
        (button as HTMLElement).title,
      ]),
    );
    expect(names).toEqual([
      ['Monitor 1', 'true', 'DP-1, 1280 × 720, primary'],
      ['Monitor 2', 'false', 'DP-2, 1023 × 767'],
    ]);
    await page.evaluate(() => {
      const gaps: number[] = [];
      Object.assign(window, { gaps });
      const look = (): void => {
        if (!document.querySelector('video[data-shown]')) gaps.push(performance.now());
        requestAnimationFrame(look);
      };
      look();
    });
    await press('Monitor 2');
    const shown = await picture(isBlue);
    expect(shown.video).toEqual({ width: 1024, height: 768 });
    expect(shown.videos).toBe(1);
    await press('Monitor 1');
    await picture(isRed);
    expect(await page.evaluate(() => (window as unknown as { gaps: number[] }).gaps)).toEqual([]);
    // Only what is shown is received.
    await until('the other to be paused', () => !signaling.media.monitors.get(2)?.watched);
    expect(signaling.media.monitors.get(1)?.watched).toBe(true);
  });

  it('that are plugged in appear, and that are unplugged disappear, without a reload', async () => {
    await live();
    const [reloads] = await Promise.all([
      page.evaluate(() => Object.assign(window, { same: true }).same),
    ]);
    expect(reloads).toBe(true);
    const third = monitor(3, 800, 600);
    await signaling.media.publish(third, BLUE);
    const all = [LEFT, RIGHT, third];
    signaling.tell('topology.changed', {}, { topology: { topology_epoch: 2, monitors: all } });
    await signaling.offer(3);
    await press('Monitor 3');
    await until('the third', async () => (await shownPicture(page))?.video.width === 800);

    await signaling.withdraw(3);
    signaling.tell(
      'topology.changed',
      {},
      {
        topology: { topology_epoch: 3, monitors: [LEFT, RIGHT] },
      },
    );
    await picture(isRed);
    expect(await page.$$eval('.monitor', (buttons) => buttons.length)).toBe(2);

    await signaling.withdraw(1);
    await signaling.withdraw(2);
    signaling.tell('topology.changed', {}, { topology: { topology_epoch: 4, monitors: [] } });
    await says('No monitor is connected');
    expect(await shownPicture(page)).toBeUndefined();
    expect(await page.evaluate(() => 'same' in window)).toBe(true);
  });
});

describe('input', () => {
  it('clicks the very pixel that was aimed at, letterboxed and scaled', async () => {
    await page.setViewport({ width: 900, height: 860 });
    await live();
    for (const { button, target } of [
      { button: 'Monitor 1', target: LEFT },
      { button: 'Monitor 2', target: RIGHT },
    ]) {
      await press(button);
      await picture(target === LEFT ? isRed : isBlue);
      const { box } = await picture();
      // What is on the screen is the monitor; the padding lies outside of what is visible.
      const frame = await page.$eval('video[data-shown]', (video) => {
        const { x, y, width, height } = (
          video.parentElement as HTMLElement
        ).getBoundingClientRect();
        return { x, y, width, height };
      });
      expect(frame.width / frame.height).toBeCloseTo(target.width / target.height, 2);
      expect(box.width).toBeGreaterThanOrEqual(frame.width);
      for (const pixel of [
        { x: 0, y: 0 },
        { x: 411, y: 307 },
        { x: target.width - 1, y: target.height - 1 },
      ]) {
        signaling.media.input.length = 0;
        await page.mouse.click(
          frame.x + ((pixel.x + 0.5) / target.width) * frame.width,
          frame.y + ((pixel.y + 0.5) / target.height) * frame.height,
        );
        const clicked = await heardInput((event) => event.kind === 'button' && event.down);
        expect(clicked).toMatchObject({
          monitor_id: target.monitor_id,
          topology_epoch: 1,
          button: 0,
        });
        const at = toPixel((clicked as Extract<InputEvent, { kind: 'button' }>).position, target);
        expect(Math.abs(at.x - pixel.x)).toBeLessThanOrEqual(1);
        expect(Math.abs(at.y - pixel.y)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('on the bars beside the picture goes nowhere, a drag that leaves the picture ends', async () => {
    await live();
    const { box } = await picture();
    signaling.media.input.length = 0;
    await page.mouse.click(box.x + 5, box.y - 6);
    await page.mouse.move(box.x + 400, box.y + 300);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, 2, { steps: 3 });
    await page.mouse.up();
    await heardInput((event) => event.kind === 'button' && !event.down);
    const buttons = signaling.media.input.filter((event) => event.kind === 'button');
    expect(buttons).toMatchObject([{ down: true }, { down: false, position: { y: 0 } }]);
  });

  it('types keys by their place, and characters without a key as text', async () => {
    await live();
    const { box } = await picture();
    await page.mouse.click(box.x + 100, box.y + 100);
    signaling.media.input.length = 0;
    await page.keyboard.type('a>');
    await page.keyboard.sendCharacter('日');
    await page.keyboard.down('Control');
    await page.keyboard.press('KeyW');
    await page.keyboard.up('Control');
    await page.keyboard.press('Tab');
    await heardInput((event) => event.kind === 'key' && event.usage === 0x2b && !event.down);
    expect(
      signaling.media.input
        .filter((event) => event.kind === 'key' || event.kind === 'text')
        .map((event) =>
          event.kind === 'text'
            ? event.text
            : `${event.down ? '+' : '-'}${event.usage.toString(16)}`,
        ),
    ).toEqual(['+4', '-4', '>', '日', '+e0', '+1a', '-1a', '-e0', '+2b', '-2b']);
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  });

  it('lets go of everything when the keyboard goes elsewhere', async () => {
    await live();
    const { box } = await picture();
    await page.mouse.click(box.x + 100, box.y + 100);
    await page.keyboard.down('Shift');
    await heardInput((event) => event.kind === 'key' && event.down);
    signaling.media.input.length = 0;
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await heardInput((event) => event.kind === 'release_all');
    await page.keyboard.up('Shift');
  });

  it('has a way out for people without a mouse', async () => {
    await live();
    const { box } = await picture();
    await page.mouse.click(box.x + 100, box.y + 100);
    await page.keyboard.down('Control');
    await page.keyboard.down('Alt');
    await page.keyboard.press('Home');
    await page.keyboard.up('Alt');
    await page.keyboard.up('Control');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Monitor 1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await picture(isBlue);
  });

  it('is off without the grant, and goes off at once when it is withdrawn', async () => {
    await live();
    const { box } = await picture();
    await signaling.setGrants(['view']);
    await inputIs('false');
    await says('View only');
    await until('the last release to arrive', () =>
      signaling.media.input.some((event) => event.kind === 'release_all'),
    );
    signaling.media.input.length = 0;
    await page.mouse.click(box.x + 100, box.y + 100);
    await page.keyboard.type('x');
    await signaling.setGrants(['view', 'control']);
    await inputIs('true');
    await page.mouse.move(box.x + 200, box.y + 200);
    await heardInput((event) => event.kind === 'move');
    expect(
      signaling.media.input.filter(({ kind }) => kind !== 'move' && kind !== 'release_all'),
    ).toEqual([]);
  });

  it('says why the machine refused it', async () => {
    await live();
    signaling.media.tell({
      kind: 'input_refused',
      viewer_id: signaling.viewerId,
      seq: 1,
      code: 'stale_topology',
    });
    await says('The monitors changed. Look again before you click.');
  });
});

describe('the pointer', () => {
  it('wears the remote shape over the picture, and is drawn where others move it', async () => {
    await live();
    const { box } = await picture();
    signaling.media.tell({
      kind: 'cursor_shape',
      width: 16,
      height: 16,
      hotspot_x: 3,
      hotspot_y: 4,
      rgba: new Uint8Array(16 * 16 * 4).fill(255),
    });
    await page.mouse.move(box.x + 50, box.y + 50);
    const cursor = (): Promise<string> =>
      page.$eval(
        'video[data-shown]',
        (video) => getComputedStyle(video.parentElement?.parentElement as HTMLElement).cursor,
      );
    await until('the shape', async () =>
      /^url\("data:image\/png.*"\) 3 4, default$/.test(await cursor()),
    );
    signaling.media.tell({ kind: 'cursor_hidden' });
    await until('no pointer', async () => (await cursor()) === 'none');

    signaling.media.tell({
      kind: 'cursor_shape',
      width: 16,
      height: 16,
      hotspot_x: 0,
      hotspot_y: 0,
      rgba: new Uint8Array(16 * 16 * 4).fill(255),
    });
    const place = { x: 0x8000, y: 0x8000 };
    signaling.media.tell({ kind: 'cursor_position', monitor_id: 1, position: place });
    await page.mouse.move(5, 5);
    const drawn = await until('the drawn pointer', () =>
      page.$eval('.stage canvas', (canvas) => {
        const { x, y } = canvas.getBoundingClientRect();
        return (canvas as HTMLElement).hidden ? undefined : { x, y };
      }),
    );
    expect(drawn.x).toBeCloseTo(box.x + box.width / 2, 0);
    expect(drawn.y).toBeCloseTo(box.y + box.height / 2, 0);
    expect(complaints).toEqual([]);
  });
});

describe('a loss', () => {
  it('of the socket stops neither picture nor input, and is healed with a fresh proof', async () => {
    await live();
    const frames = signaling.media.monitors.get(1)?.framesSent ?? 0;
    signaling.cutSockets();
    await until('a new connection', () => signaling.handshakes === 2);
    await status('Live');
    await until(
      'the picture to go on',
      () => (signaling.media.monitors.get(1)?.framesSent ?? 0) > frames + 5,
    );
    expect(signaling.heard.filter((name) => name === 'media.join')).toHaveLength(1);
    const { box } = await picture(isRed);
    signaling.media.input.length = 0;
    await page.mouse.click(box.x + 100, box.y + 100);
    await heardInput((event) => event.kind === 'button');
  });

  it('of the agent keeps the old picture until the new one comes', async () => {
    await live();
    await signaling.withdraw(1);
    await signaling.withdraw(2);
    signaling.tell('session.reconnecting', { cause: 'agent_lost' }, { state: 'reconnecting' });
    await status('Reconnecting');
    await inputIs('false');
    expect(isRed(await screenColour())).toBe(true);
    await signaling.goLive([LEFT], [BLUE]);
    await picture(isBlue);
    await status('Live');
    await inputIs('true');
  });

  it('of the placement: joins the new one and keeps the old picture meanwhile', async () => {
    await live();
    const black: string[] = [];
    let watching = true;
    const watched = (async () => {
      while (watching) {
        const colour = await screenColour();
        if (!isRed(colour)) black.push(colour.join());
      }
    })();
    const frames = signaling.media.monitors.get(1)?.keyframesSent ?? 0;
    signaling.tell('session.placed', { epoch: 2 }, { epoch: 2 });
    await until(
      'a second join',
      () => signaling.heard.filter((name) => name === 'media.join').length === 2,
    );
    await until(
      'its own picture',
      () => (signaling.media.monitors.get(1)?.keyframesSent ?? 0) > frames,
    );
    await status('Live');
    await inputIs('true');
    const { box } = await picture(isRed);
    signaling.media.input.length = 0;
    await page.mouse.click(box.x + 100, box.y + 100);
    await heardInput((event) => event.kind === 'button');
    watching = false;
    await watched;
    expect(black).toEqual([]);
  });

  it('of the way to the media node: makes a new one, the old picture stays', async () => {
    await live();
    signaling.dropTransports();
    await status('Reconnecting');
    expect(isRed(await screenColour())).toBe(true);
    await inputIs('false');
    await until(
      'a second join',
      () => signaling.heard.filter((name) => name === 'media.join').length === 2,
      30_000,
    );
    await status('Live');
    await inputIs('true');
    expect(
      signaling.heard.filter((name) => name === 'transport.restart_ice').length,
    ).toBeGreaterThan(0);
  });

  it('of the token’s last minute does not happen: it is renewed on the live socket', async () => {
    signaling.tokenLifetimeS = 4;
    await live();
    await until('a renewal', () => signaling.heard.includes('token.renew'));
    signaling.cutSockets();
    await until('a new connection', () => signaling.handshakes === 2);
    await status('Live');
  });

  it('of all frames is told from "nothing changed", and a key frame is asked for', async () => {
    await live();
    const left = signaling.media.monitors.get(1);
    if (!left) throw new Error('no monitor');
    left.fps = 1;
    // Longer than the patience: that nothing happens can only be waited for.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(await statusOf(page)).toBe('Live');
    left.silent = true;
    await status('Picture is stale');
    await until('a key frame to be asked for', () => signaling.heard.includes('video.keyframe'));
    left.silent = false;
    await status('Live');
  });
});

describe('the end', () => {
  it('asks first, then ends for everybody and shows nothing any more', async () => {
    await live();
    await press('End session');
    await says('End this session?');
    await (await page.$('.end-dialog .plain'))?.click();
    expect(signaling.session.state).toBe('live');
    await press('End session');
    await (await page.$('.end-dialog .strong'))?.click();
    await status('Session ended');
    await says('You or another technician ended it.');
    expect(await page.$('video')).toBeNull();
    await until('the socket to be closed', () =>
      [...signaling.connections].every(({ socket }) => !socket.connected),
    );
  });

  it.each([
    ['consent_denied', /said no/],
    ['consent_timed_out', /did not answer in time/],
  ] as const)('%s is said in plain words', async (end_reason, words) => {
    await page.goto(signaling.link());
    await status('Waiting for the machine');
    signaling.tell(
      'session.ended',
      { end_reason },
      {
        state: 'ended',
        end_reason,
        ended_at: new Date().toISOString(),
      },
    );
    await says(words);
  });
});

describe('in a frame', () => {
  let host: Awaited<ReturnType<typeof startEmbeddingPage>>;
  beforeEach(async () => {
    host = await startEmbeddingPage();
  });
  afterEach(async () => {
    await host.close();
  });
  type Host = { heard: { gc: string; [name: string]: unknown }[]; port?: MessagePort };
  const heard = (gc: string): Promise<Host['heard']> =>
    page.evaluate(
      (wanted) => (window as unknown as Host).heard.filter((each) => each.gc === wanted),
      gc,
    );

  it('of an allowed origin: events with their seq, commands with their outcome', async () => {
    signaling.session.embed_origins = [host.origin];
    signaling.tell('session.created');
    await page.goto(host.framing(signaling.link()));
    await until('the handshake', async () => (await heard('connected')).length === 1);
    await until('the viewer', () => signaling.connections.size === 1);
    signaling.tellNobody('agent.connected');
    await signaling.goLive([LEFT, RIGHT], [RED, BLUE]);
    const frame = await until('the frame', () =>
      page.frames().find((each) => each.url().startsWith(signaling.url)),
    );
    await until('the picture', () =>
      frame.evaluate(() => document.querySelector('video[data-shown]') !== null),
    );
    await until('the state', async () => (await heard('state')).at(-1)?.['state'] === 'live');
    const events = await heard('event');
    // All of them, also the one that was lost on its way.
    expect(events.map(({ event }) => (event as { seq: number }).seq)).toEqual([1, 2, 3]);

    await page.evaluate(() =>
      (window as unknown as Host).port?.postMessage({ gc: 'select_monitor', monitor_id: 2, id: 5 }),
    );
    await until('the answer', async () => (await heard('done')).some(({ id }) => id === 5));
    await until(
      'the selection',
      async () => (await heard('topology')).at(-1)?.['selected_monitor_id'] === 2,
    );
    await page.evaluate(() =>
      (window as unknown as Host).port?.postMessage({ gc: 'end_session', id: 6 }),
    );
    await until('the end', async () =>
      (await heard('state')).some(({ end_reason }) => end_reason === 'technician_ended'),
    );
    expect(complaints).toEqual([]);
  });

  const DENIED = { end_reason: 'consent_denied' } as const;
  const OVER = { state: 'ended', ...DENIED } as const;
  const toldDenial = async (): Promise<void> => {
    await until('the end', async () =>
      (await heard('event')).some(({ event }) => (event as JournalEvent).type === 'session.ended'),
    );
    const events = (await heard('event')).map(({ event }) => event);
    expect(events).toEqual(signaling.events);
    expect((await heard('state')).at(-1)).toMatchObject(OVER);
  };
  const framed = async (): Promise<void> => {
    signaling.session.embed_origins = [host.origin];
    signaling.tell('session.created');
    await page.goto(host.framing(signaling.link()));
    await until('the journal', async () => (await heard('event')).length === 1);
  };

  it('hears the end and what ended it, when both come at once', async () => {
    await framed();
    signaling.tellTogether(
      [
        { type: 'consent.denied', data: {} },
        { type: 'session.ended', data: DENIED },
      ],
      OVER,
    );
    await toldDenial();
    // The first told that the session is over; what it did not tell was on its way already.
    expect(signaling.heard).not.toContain('journal.read');
    await until('the socket to be closed', () =>
      [...signaling.connections].every(({ socket }) => !socket.connected),
    );
  });

  it('hears of an end that came while its viewer was cut off', async () => {
    await framed();
    signaling.tellNobody('consent.denied');
    signaling.tellNobody('session.ended', DENIED, OVER);
    signaling.cutSockets();
    await toldDenial();
  });

  it('of another origin is not shown at all: the policy forbids it', async () => {
    signaling.session.embed_origins = ['https://rmm.example'];
    await page.goto(host.framing(signaling.link()));
    await until('the refusal', () => complaints.some((each) => /frame-ancestors/.test(each)));
    expect(await heard('connected')).toEqual([]);
    expect(signaling.heard).toEqual([]);
  });
});
