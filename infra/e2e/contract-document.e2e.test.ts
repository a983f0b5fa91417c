// CONTRACT.md followed by hand against the whole product: its own lines create a session for a machine
// that GuruConnect has never seen, start the agent, frame the viewer on another site and end the
// session. Whoever listens, in whichever way, hears the same journal.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ARMING_MS } from '@guruconnect/agent-bridge/consent/prompt';
import { EventList } from '@guruconnect/contract/http/v1/sessions';
import { JournalEvent } from '@guruconnect/contract/journal';
import type { Session } from '@guruconnect/contract/session';
import { isSignedWith, WebhookReceiver } from '../../signaling/test/webhook-receiver.ts';
import { until } from '../stack/until.ts';
import { DocumentShell } from './document-shell.ts';
import { HelpDesk, type HelpDeskPage } from './help-desk.ts';
import { Product } from './product.ts';

/** Between the two colours of the desktop's background (infra/desktop/wallpaper.ts). */
const WALLPAPER = [33, 63, 96] as const;
const PROMPT = 'remote support request';
const AGENT = new URL('../../agent-bridge/src/main.ts', import.meta.url).pathname;

let product: Product;
let desk: HelpDesk;
let devices = 0;

beforeAll(async () => {
  product = await Product.start({
    apps: false,
    agent: false,
    // The receiver is on this machine.
    env: { signaling: { GC_WEBHOOK_ALLOW_PRIVATE: '1' } },
  });
  desk = await HelpDesk.start(product.stack.baseUrl);
});
afterAll(async () => {
  await desk?.close();
  await product?.close();
});

let folder: string;
let receiver: WebhookReceiver;
let shell: DocumentShell;
let secret: string;
let sessionId: string;
let page: HelpDeskPage | undefined;
const followers: DocumentShell[] = [];
/** What could not be read yet when a webhook told of it. */
const tooEarly: string[] = [];

const read = () => product.stack.contract.sessions.read({ session_id: sessionId });
const journal = async () =>
  (await product.stack.contract.sessions.events({ session_id: sessionId, limit: 500 })).events;

/** Does the session already show what this event tells? */
function shows(session: Session, { seq, type, data }: JournalEvent): boolean {
  if (session.last_seq < seq) return false;
  switch (type) {
    case 'session.live':
      return session.live_at !== undefined;
    case 'session.ended':
      return session.state === 'ended' && session.end_reason === data['end_reason'];
    case 'consent.granted':
      return session.consent.state === 'granted';
    case 'consent.denied':
      return session.consent.state === 'denied';
    default:
      return true;
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guruconnect-document-'));
  receiver = await WebhookReceiver.start(async ({ body }) => {
    const event = JournalEvent.parse(body.data);
    if (event.session_id === sessionId && !shows(await read(), event))
      tooEarly.push(`${event.seq} ${event.type}`);
  });
});
afterEach(async () => {
  await page?.close();
  page = undefined;
  for (const follower of followers.splice(0)) await follower.close();
  await shell.close();
  await receiver.down();
  for (const { id } of (await product.stack.contract.webhooks.list()).webhooks)
    await product.stack.contract.webhooks.remove({ webhook_id: id });
  tooEarly.length = 0;
  await rm(folder, { recursive: true, force: true });
});

/** Steps 1 to 3 of the document; two more terminals follow the session from its beginning. */
async function begin(mode: Session['mode']) {
  const env = {
    GC: product.stack.baseUrl,
    KEY: product.stack.integratorKey,
    DEVICE: `document-${(devices += 1)}`,
    MODE: mode,
    PAGE: desk.origin,
    HOOK: receiver.url,
    AGENT: `${process.execPath} ${AGENT}`,
    // The machine's own: its screen, and that it has no keyboard but xdotool.
    DISPLAY: product.desktop.display,
    GC_CONSENT_INPUT: 'any',
  };
  shell = new DocumentShell(env, folder);
  for (const step of ['setup', 'subscribe', 'create-session']) await shell.run(step);
  sessionId = await shell.value('SESSION');
  secret = await shell.value('SECRET');
  const follow = async (way: string): Promise<string> => {
    const follower = new DocumentShell({ ...env, SESSION: sessionId }, folder);
    followers.push(follower);
    await follower.run('setup');
    return follower.run(way);
  };
  const [polled, streamed] = [follow('long-poll'), follow('stream')];
  // A failure is told by whoever awaits them.
  for (const each of [polled, streamed]) each.catch(() => undefined);
  return { polled, streamed };
}

/** Step 4: the document's page asks its server for the invitation, and frames the viewer. */
async function openPage(): Promise<HelpDeskPage> {
  const [address] = (await shell.run('viewer-link')).trim().split('#');
  desk.invitation = { url: address ?? '', code: await shell.value('CODE') };
  page = await desk.open(product.browser);
  return page;
}

async function startAgent(): Promise<void> {
  await shell.run('enrol');
  await shell.run('start-agent');
}

/** Everybody heard the same, all of it, each event once and in order. @returns what that was. */
async function sameForAll(
  { polled, streamed }: Awaited<ReturnType<typeof begin>>,
  helpDesk: HelpDeskPage,
): Promise<JournalEvent[]> {
  const events = await journal();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)?.type).toBe('session.ended');

  const polls = (await polled).trim().split('\n');
  expect(polls.flatMap((line) => EventList.parse(JSON.parse(line)).events)).toEqual(events);

  const stream = [...(await streamed).matchAll(/^id: (\d+)\ndata: (.*)$/gm)];
  expect(stream.map(([, id]) => Number(id))).toEqual(events.map(({ seq }) => seq));
  expect(stream.map(([, , data]) => JSON.parse(data ?? '') as unknown)).toEqual(events);

  await until('the page to hear the end', async () =>
    (await helpDesk.events()).some(({ type }) => type === 'session.ended'),
  );
  expect(await helpDesk.events()).toEqual(events);

  await until('the webhook to hear the end', () =>
    receiver.events.some(({ type }) => type === 'session.ended'),
  );
  expect(receiver.events).toEqual(events);
  expect(receiver.received.filter((each) => !isSignedWith(each, secret))).toEqual([]);
  expect(tooEarly).toEqual([]);
  return events;
}

const types = (events: readonly JournalEvent[]): string[] => events.map(({ type }) => type);

describe('CONTRACT.md, followed by hand', () => {
  it('unattended: from a device nobody knows to a picture on another site, and to the end', async () => {
    const heard = await begin('unattended');
    const helpDesk = await openPage();
    await helpDesk.inState('waiting_agent');
    await startAgent();
    await helpDesk.inState('live');
    await helpDesk.showsColour(20, 20, WALLPAPER);
    await shell.run('read-session');
    await shell.run('end-session');
    expect(await helpDesk.inState('ended')).toMatchObject({ end_reason: 'integrator_ended' });
    expect(await helpDesk.status()).toBe('integrator_ended');
    expect(await helpDesk.hasPicture()).toBe(false);

    const events = await sameForAll(heard, helpDesk);
    expect(types(events)).toEqual(
      expect.arrayContaining(['viewer.joined', 'agent.connected', 'session.live']),
    );
    expect(events.at(-1)?.data).toEqual({
      end_reason: 'integrator_ended',
      reason: 'Ticket solved',
    });
  });

  it('attended: a page opened while the end user is asked is told what was before it', async () => {
    const heard = await begin('attended');
    await startAgent();
    const prompt = await product.x.window(PROMPT);
    const helpDesk = await openPage();
    await helpDesk.inState('waiting_consent');
    expect(await helpDesk.hasPicture()).toBe(false);
    await product.x.xdotool('windowfocus', '--sync', prompt);
    // Not a wait for something to happen: an answer given sooner must not count.
    await new Promise((resolve) => setTimeout(resolve, ARMING_MS * 2));
    await product.x.xdotool('key', 'Tab', 'space');
    await helpDesk.inState('live');
    await helpDesk.showsColour(20, 20, WALLPAPER);
    await shell.run('end-session');
    await helpDesk.inState('ended');

    const told = types(await sameForAll(heard, helpDesk));
    const order = ['session.created', 'consent.requested', 'viewer.joined', 'consent.granted'];
    const places = [...order, 'session.live'].map((type) => told.indexOf(type));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('attended, and the end user says no: the technician reads why', async () => {
    const heard = await begin('attended');
    const helpDesk = await openPage();
    await helpDesk.inState('waiting_agent');
    await startAgent();
    await deny();
    expect(await helpDesk.inState('ended')).toMatchObject({ end_reason: 'consent_denied' });
    expect(await helpDesk.hasPicture()).toBe(false);
    const events = await sameForAll(heard, helpDesk);
    expect(types(events.slice(-2))).toEqual(['consent.denied', 'session.ended']);
    expect(events.at(-1)?.data).toEqual({ end_reason: 'consent_denied' });
  });

  it('attended, and the no is there before the page is: it reads why all the same', async () => {
    const heard = await begin('attended');
    await startAgent();
    await deny();
    const helpDesk = await openPage();
    expect(await helpDesk.inState('ended')).toMatchObject({ end_reason: 'consent_denied' });
    expect(await helpDesk.status()).toBe('consent_denied');
    expect(types(await sameForAll(heard, helpDesk))).not.toContain('viewer.joined');
  });
});

async function deny(): Promise<void> {
  const prompt = await product.x.window(PROMPT);
  await until('the end', async () => {
    // Again and again: the first may come before an answer counts.
    await product.x.xdotool('windowfocus', prompt, 'key', 'Return').catch(() => undefined);
    return (await read()).state === 'ended';
  });
}
