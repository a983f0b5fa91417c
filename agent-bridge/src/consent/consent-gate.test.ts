import { describe, expect, it } from 'vitest';
import { SessionMode } from '@guruconnect/contract/session';
import { FakeClock } from '../../test/fake-clock.ts';
import { ConsentGate, consentRule, type UnattendedPolicy } from './consent-gate.ts';
import type { ConsentAnswerKind, ConsentPrompt, ConsentQuestion } from './prompt.ts';

const POLICIES: readonly UnattendedPolicy[] = ['allow', 'ask', 'deny'];

/** Every row: what the session asks for x what this machine allows. */
const RULES = {
  attended: { allow: 'ask', ask: 'ask', deny: 'ask' },
  unattended: { allow: 'allow', ask: 'ask', deny: 'refuse' },
} as const;

class OnePrompt implements ConsentPrompt {
  readonly asked: ConsentQuestion[] = [];
  answer: ConsentAnswerKind | 'never' | 'throws' = 'granted';

  ask(question: ConsentQuestion) {
    this.asked.push(question);
    const { answer } = this;
    if (answer === 'throws') return Promise.reject(new Error('the screen is broken'));
    if (answer === 'never') return new Promise<never>(() => undefined);
    return Promise.resolve({ answer, shownForMs: 1 });
  }

  close(): void {}
}

function gate(unattended: UnattendedPolicy = 'allow') {
  const clock = new FakeClock();
  const prompt = new OnePrompt();
  const abort = new AbortController();
  let released = 0;
  const consent = new ConsentGate({
    prompt,
    unattended,
    clock,
    onAsking: () => (released += 1),
  });
  const decide = (mode: SessionMode) =>
    consent.decide({
      mode,
      technician: { name: 'Ada' },
      grants: ['view'],
      timeoutMs: 30_000,
      signal: abort.signal,
    });
  return { clock, prompt, abort, decide, consent, released: () => released };
}

describe('consent', () => {
  it.each(SessionMode.options.flatMap((mode) => POLICIES.map((policy) => ({ mode, policy }))))(
    'rule of an $mode session where the machine says $policy',
    ({ mode, policy }) => {
      expect(consentRule(mode, policy)).toBe(RULES[mode][policy]);
    },
  );

  it.each([
    ['granted', 'granted'],
    ['denied', 'denied'],
    ['dismissed', 'denied'],
    ['timed_out', 'timed_out'],
    ['unavailable', 'unavailable'],
    ['aborted', undefined],
    ['throws', 'unavailable'],
  ] as const)('a prompt that says %s is %s', async (answer, expected) => {
    const { prompt, decide } = gate();
    prompt.answer = answer;
    await expect(decide('attended')).resolves.toBe(expected);
  });

  it('asks nobody where the policy decides', async () => {
    for (const [policy, answer] of [
      ['allow', 'not_required'],
      ['deny', 'refused'],
    ] as const) {
      const { prompt, decide } = gate(policy);
      await expect(decide('unattended')).resolves.toBe(answer);
      expect(prompt.asked).toEqual([]);
    }
  });

  it('does not wait for ever for a prompt that forgets its time, and takes the question back', async () => {
    const { prompt, decide, clock } = gate();
    prompt.answer = 'never';
    const answer = decide('attended');
    clock.advance(60_000);
    await expect(answer).resolves.toBe('timed_out');
    expect(prompt.asked[0]?.signal?.aborted).toBe(true);
  });

  it('keeps remote input out from before the question is seen until it is answered', async () => {
    const { prompt, decide, consent, clock, released } = gate();
    prompt.answer = 'never';
    expect(consent.asking).toBe(false);
    const answer = decide('attended');
    expect([consent.asking, released()]).toEqual([true, 1]);
    clock.advance(60_000);
    await answer;
    expect(consent.asking).toBe(false);
    prompt.answer = 'throws';
    await decide('attended');
    expect(consent.asking).toBe(false);
  });

  it('is not given by an answer that came after the question was taken back', async () => {
    const { prompt, decide, abort } = gate();
    prompt.answer = 'granted';
    abort.abort();
    await expect(decide('attended')).resolves.toBeUndefined();
  });
});
