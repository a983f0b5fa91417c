// Attended sessions: the person at the endpoint is asked by a real window on their screen.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ARMING_MS } from '@guruconnect/agent-bridge/consent/prompt';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

let product: Product;
let viewer: ViewerPage | undefined;
const PROMPT = 'remote support request';

beforeAll(async () => {
  product = await Product.start({ apps: false });
});
afterAll(() => product.close());
afterEach(async () => {
  await viewer?.close();
  viewer = undefined;
});

async function attended(consentTimeoutS = 30) {
  const session = await product.session({
    mode: 'attended',
    reason: 'Printer does not print',
    consent_timeout_s: consentTimeoutS,
  });
  viewer = await product.view(session.viewer);
  // The technician is there before anybody answers: a session that ended sooner is not opened.
  await viewer.saying(/waiting for consent/i);
  const prompt = await product.x.window(PROMPT);
  return { session, viewer, prompt };
}

const state = async (id: string) => {
  const session = await product.stack.contract.sessions.read({ session_id: id });
  return `${session.state} ${session.end_reason ?? session.consent.state}`;
};

describe('the end user', () => {
  it('is asked first: nothing is seen until they allow it', async () => {
    const { session, viewer, prompt } = await attended();
    expect(await state(session.id)).toBe('waiting_consent pending');
    expect(await viewer.hasPicture()).toBe(false);
    await product.x.xdotool('windowfocus', '--sync', prompt);
    // Not a wait for something to happen: an answer given sooner must not count.
    await new Promise((resolve) => setTimeout(resolve, ARMING_MS * 2));
    await product.x.xdotool('key', 'Tab', 'space');
    await viewer.picture();
    expect(await state(session.id)).toBe('live granted');
    await product.stack.contract.sessions.end({ session_id: session.id });
  });

  it('says no, and the technician reads why', async () => {
    const { session, viewer, prompt } = await attended();
    await until('the end', async () => {
      // Again and again: the first may come before an answer counts.
      await product.x.xdotool('windowfocus', prompt, 'key', 'Return').catch(() => undefined);
      return (await state(session.id)) === 'ended consent_denied';
    });
    await viewer.saying(/said no|denied|declined/i);
    expect(await viewer.hasPicture()).toBe(false);
  });

  it('does not answer, which means no', async () => {
    const { session, viewer } = await attended(5);
    await until('the end', async () => (await state(session.id)) === 'ended consent_timed_out');
    await viewer.saying(/in time|no answer|did not answer/i);
    const events = (
      await product.stack.contract.sessions.events({ session_id: session.id })
    ).events.map((event) => event.type);
    expect(events).toContain('consent.timed_out');
    expect(events).not.toContain('session.live');
  });
});
