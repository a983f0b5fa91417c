import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_WAITING_QUESTIONS, type ConsentQuestion } from './prompt.ts';
import { PromptQueue } from './prompt-queue.ts';
import { ScriptedConsentPrompt } from './prompt.scripted.ts';

const question = (name = 'Ana', over: Partial<ConsentQuestion> = {}): ConsentQuestion => ({
  technician: { name },
  grants: ['view'],
  timeoutMs: 10_000,
  ...over,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('asking', () => {
  it.each(['granted', 'denied', 'dismissed'] as const)('tells the answer: %s', async (answer) => {
    const prompt = new ScriptedConsentPrompt(answer);
    expect(await prompt.ask(question())).toMatchObject({ answer });
  });

  it('shows one question at a time, in the order asked', async () => {
    const prompt = new ScriptedConsentPrompt();
    const [first, second] = [prompt.ask(question('Ana')), prompt.ask(question('Bob'))];
    expect(prompt.shown.map(({ technician }) => technician.name)).toEqual(['Ana']);
    prompt.answer('granted');
    expect((await first).answer).toBe('granted');
    await vi.advanceTimersByTimeAsync(0);
    expect(prompt.shown.map(({ technician }) => technician.name)).toEqual(['Ana', 'Bob']);
    prompt.answer('denied');
    expect((await second).answer).toBe('denied');
  });

  it('counts the time from the asking, also for a question that waits', async () => {
    const prompt = new ScriptedConsentPrompt();
    const first = prompt.ask(question('Ana', { timeoutMs: 30_000 }));
    const second = prompt.ask(question('Bob', { timeoutMs: 5000 }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await second).toEqual({ answer: 'timed_out', shownForMs: 0 });
    expect(prompt.isShowing).toBe(true);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(await first).toMatchObject({ answer: 'timed_out' });
    expect(prompt.isShowing).toBe(false);
    expect(prompt.shown).toHaveLength(1);
  });

  it('takes an aborted question off the screen and goes on with the next', async () => {
    const prompt = new ScriptedConsentPrompt();
    const abort = new AbortController();
    const first = prompt.ask(question('Ana', { signal: abort.signal }));
    void prompt.ask(question('Bob'));
    abort.abort();
    expect((await first).answer).toBe('aborted');
    await vi.advanceTimersByTimeAsync(0);
    expect(prompt.shown.at(-1)?.technician.name).toBe('Bob');
  });

  it('never shows a question that was aborted before or while it waited', async () => {
    const prompt = new ScriptedConsentPrompt();
    expect((await prompt.ask(question('Ana', { signal: AbortSignal.abort() }))).answer).toBe(
      'aborted',
    );
    void prompt.ask(question('Bob'));
    const abort = new AbortController();
    const waiting = prompt.ask(question('Eve', { signal: abort.signal }));
    abort.abort();
    expect((await waiting).answer).toBe('aborted');
    expect(prompt.shown.map(({ technician }) => technician.name)).toEqual(['Bob']);
  });

  it('a late answer changes nothing', async () => {
    const late = Promise.withResolvers<'granted'>();
    const queue = new PromptQueue(() => late.promise);
    const asked = queue.ask(question('Ana', { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(100);
    late.resolve('granted');
    expect((await asked).answer).toBe('timed_out');
  });
});

describe('when nobody can be asked', () => {
  it('is unavailable, however the showing fails', async () => {
    const rejects = new PromptQueue(() => Promise.reject(new Error('no display')));
    expect(await rejects.ask(question())).toMatchObject({
      answer: 'unavailable',
      detail: 'Error: no display',
    });
    const throws = new PromptQueue(() => {
      throw new Error('no font');
    });
    expect(await throws.ask(question())).toMatchObject({ answer: 'unavailable' });
  });

  it('refuses a flood of questions', async () => {
    const prompt = new ScriptedConsentPrompt();
    for (let i = 0; i <= MAX_WAITING_QUESTIONS; i++) void prompt.ask(question());
    expect(await prompt.ask(question())).toMatchObject({ answer: 'unavailable' });
    prompt.close();
  });

  it('aborts what is open at close, and is unavailable afterwards', async () => {
    const prompt = new ScriptedConsentPrompt();
    const open = [prompt.ask(question()), prompt.ask(question())];
    prompt.close();
    prompt.close();
    expect((await Promise.all(open)).map(({ answer }) => answer)).toEqual(['aborted', 'aborted']);
    expect((await prompt.ask(question())).answer).toBe('unavailable');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a nonsense time limit is a no', async () => {
    const prompt = new ScriptedConsentPrompt();
    const answers = Promise.all(
      [Number.NaN, -1, Infinity].map((timeoutMs) => prompt.ask(question('Ana', { timeoutMs }))),
    );
    await vi.advanceTimersByTimeAsync(10);
    for (const { answer } of await answers) expect(answer).toBe('timed_out');
  });
});
