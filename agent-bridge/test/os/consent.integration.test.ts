// The consent prompt on a real screen, answered by mouse and keyboard (xdotool, so with synthetic input
// allowed; see consent-is-not-injectable for the rule that forbids it).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConsentAnswer, ConsentPrompt, ConsentQuestion } from '../../src/consent/prompt.ts';
import { ARMING_MS } from '../../src/consent/prompt.ts';
import { openX11ConsentPrompt } from '../../src/consent/prompt.x11.ts';
import { PROMPT_TITLE } from '../../src/consent/prompt-wording.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { XDisplay } from '../x-display.ts';
import { aWhile, eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';
import { startOpenbox, visibleWindows, type WindowOnScreen } from './window-manager.ts';

/** The primary monitor is the second one, so that centring on it can be seen. */
const PRIMARY = { x: 1280, y: 0, width: 1280, height: 800, scale: 1 };
const QUESTION: ConsentQuestion = {
  technician: { name: 'Ana Petrović', organization: 'Acme IT' },
  reason: 'Printer driver update',
  grants: ['view', 'control'],
  timeoutMs: 20_000,
};

let display: XDisplay;
let x: XConnection;
let prompt: ConsentPrompt;

beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay(), [
    { mode: '1280x720', x: 0, y: 0 },
    { mode: '1280x800', x: 1280, y: 0 },
  ]);
  await startOpenbox(display);
});
afterAll(async () => display.stop());
beforeEach(() => {
  x = XConnection.open(display.name);
  prompt = openX11ConsentPrompt(x, { screen: () => PRIMARY, allowSyntheticInput: true });
});
afterEach(() => {
  prompt.close();
  x.close();
});

const visiblePrompts = (): Promise<WindowOnScreen[]> =>
  visibleWindows((...command) => display.run(...command), 'class', 'guruconnect-consent');

const waitForPrompt = (): Promise<WindowOnScreen> =>
  eventually('the prompt', async () => (await visiblePrompts())[0]);

/** Buttons sit at the bottom right: Allow right, Deny left of it (sizes as in prompt-layout). */
async function clickOn(button: 'allow' | 'deny', at: WindowOnScreen): Promise<void> {
  const right = at.x + at.width - 28 - 52;
  await display.run(
    'xdotool',
    ...[
      'mousemove',
      String(button === 'allow' ? right : right - 116),
      String(at.y + at.height - 37),
    ],
    ...['click', '1'],
  );
}

const key = (name: string): Promise<string> => display.run('xdotool', 'key', name);

/** Asks, waits until the question is on the screen and listens, acts, and returns the answer. */
async function answerTo(act: (at: WindowOnScreen) => Promise<unknown>): Promise<ConsentAnswer> {
  const answer = prompt.ask(QUESTION);
  const at = await waitForPrompt();
  await aWhile(ARMING_MS + 200);
  await act(at);
  return answer;
}

describe('an answer', () => {
  it.each([
    ['a click on Allow', (at: WindowOnScreen) => clickOn('allow', at), 'granted'],
    ['a click on Deny', (at: WindowOnScreen) => clickOn('deny', at), 'denied'],
    ['Return', () => key('Return'), 'denied'],
    ['Escape', () => key('Escape'), 'denied'],
    ['Space, with the focus where it starts', () => key('space'), 'denied'],
    ['Alt+A', () => key('alt+a'), 'granted'],
    ['Tab, then Space', async () => void [await key('Tab'), await key('space')], 'granted'],
    ['Tab, then Return', async () => void [await key('Tab'), await key('Return')], 'denied'],
    ['closing the window', () => key('alt+F4'), 'dismissed'],
  ])('%s', async (_, act, answer) => {
    expect((await answerTo(act)).answer).toBe(answer);
    await eventually('an empty screen', async () => (await visiblePrompts()).length === 0);
  });

  it('is none when somebody destroys the window', async () => {
    const { answer } = await answerTo((at) =>
      display.run('xdotool', 'windowkill', at.id).catch(() => ''),
    );
    expect(['dismissed', 'unavailable']).toContain(answer);
  });

  it('that never comes is "timed out", no earlier and hardly later', async () => {
    const sinceMs = performance.now();
    const answer = await prompt.ask({ ...QUESTION, timeoutMs: 900 });
    expect(answer.answer).toBe('timed_out');
    expect(answer.shownForMs).toBeGreaterThan(700);
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(895);
    expect(performance.now() - sinceMs).toBeLessThan(1300);
    await eventually('an empty screen', async () => (await visiblePrompts()).length === 0);
  });
});

describe('a hasty answer', () => {
  it('within the first half second counts for nothing, whatever it is', async () => {
    const answer = prompt.ask({ ...QUESTION, timeoutMs: 3000 });
    const at = await waitForPrompt();
    await clickOn('allow', at);
    await key('alt+a');
    await key('Return');
    expect((await answer).answer).toBe('timed_out');
  });

  it('counts for nothing either just after the prompt moved under the pointer', async () => {
    const answer = prompt.ask({ ...QUESTION, timeoutMs: 3000 });
    const at = await waitForPrompt();
    await aWhile(ARMING_MS + 200);
    await display.run('xdotool', 'windowmove', at.id, String(at.x - 300), String(at.y - 100));
    const moved = await eventually('the move', async () => {
      const now = await waitForPrompt();
      return now.x !== at.x && now;
    });
    await clickOn('allow', moved);
    expect((await answer).answer).toBe('timed_out');
  });

  it('a press on one button released on the other is no answer', async () => {
    const answer = prompt.ask({ ...QUESTION, timeoutMs: 2500 });
    const at = await waitForPrompt();
    await aWhile(ARMING_MS + 200);
    const [right, y] = [at.x + at.width - 80, String(at.y + at.height - 37)];
    await display.run('xdotool', 'mousemove', String(right - 116), y, 'mousedown', '1');
    await display.run('xdotool', 'mousemove', String(right), y, 'mouseup', '1');
    expect((await answer).answer).toBe('timed_out');
  });
});

describe('the window', () => {
  it('is centred on the primary monitor, titled, classed, above and on every desktop', async () => {
    const answer = prompt.ask(QUESTION);
    const at = await waitForPrompt();
    expect(at.x + at.width / 2).toBeCloseTo(PRIMARY.x + PRIMARY.width / 2, -1);
    expect(Math.abs(at.y + at.height / 2 - PRIMARY.height / 2)).toBeLessThan(30);
    const properties = await display.run(
      'xprop',
      '-id',
      at.id,
      'WM_CLASS',
      '_NET_WM_NAME',
      '_NET_WM_STATE',
      '_NET_WM_DESKTOP',
    );
    expect(properties).toContain('"guruconnect-consent", "guruconnect-consent"');
    expect(properties).toContain(PROMPT_TITLE);
    expect(properties).toContain('_NET_WM_STATE_ABOVE');
    expect(properties).toContain('_NET_WM_DESKTOP(CARDINAL) = 4294967295');
    prompt.close();
    expect((await answer).answer).toBe('aborted');
  });

  it('stays above windows that come later', async () => {
    const answer = prompt.ask(QUESTION);
    const at = await waitForPrompt();
    display.spawn('xterm', '-geometry', `100x50+${at.x - 50}+${at.y - 50}`, '-T', 'cover');
    await eventually(
      'the cover',
      async () =>
        (await display
          .run('xdotool', 'search', '--onlyvisible', '--name', '^cover$')
          .catch(() => '')) !== '',
    );
    await aWhile(ARMING_MS + 300);
    await clickOn('allow', at);
    expect((await answer).answer).toBe('granted');
  });

  it('vanishes at once when the asker aborts', async () => {
    const abort = new AbortController();
    const answer = prompt.ask({ ...QUESTION, signal: abort.signal });
    await waitForPrompt();
    abort.abort();
    expect((await answer).answer).toBe('aborted');
    await eventually('an empty screen', async () => (await visiblePrompts()).length === 0, 500);
  });

  it('shows one question after the other, in the order asked', async () => {
    const first = prompt.ask(QUESTION);
    const second = prompt.ask({ ...QUESTION, technician: { name: 'Bob' } });
    await waitForPrompt();
    expect(await visiblePrompts()).toHaveLength(1);
    await aWhile(ARMING_MS + 200);
    await key('Escape');
    expect((await first).answer).toBe('denied');
    const at = await waitForPrompt();
    await aWhile(ARMING_MS + 200);
    await clickOn('allow', at);
    expect((await second).answer).toBe('granted');
  });
});

describe('the end of the X server', () => {
  it('makes the open question "unavailable", and every later one', async () => {
    const doomed = await XDisplay.start(await freeDisplay());
    const connection = XConnection.open(doomed.name);
    const orphan = openX11ConsentPrompt(connection, { screen: () => ({ ...PRIMARY, x: 0 }) });
    const open = orphan.ask(QUESTION);
    await aWhile(300);
    doomed.kill();
    expect((await open).answer).toBe('unavailable');
    expect((await orphan.ask(QUESTION)).answer).toBe('unavailable');
    orphan.close();
    connection.close();
    await doomed.stop();
  });
});
