import { describe, expect, it } from 'vitest';
import type { ConsentPolicy } from '@guruconnect/contract/consent-policy';
import type { SessionMode } from '@guruconnect/contract/session';
import { FakeClock } from '../../test/fake-clock.ts';
import { ConsentGate } from './consent-gate.ts';
import type { UnattendedPolicy } from './consent-policy.ts';
import { ScriptedEndpoint } from './endpoint-state.ts';
import type { ConsentAnswerKind, ConsentPrompt, ConsentQuestion } from './prompt.ts';

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
  const endpoint = new ScriptedEndpoint();
  const consent = new ConsentGate({
    prompt,
    endpoint,
    unattended,
    clock,
    onAsking: () => (released += 1),
  });
  const decideAll = (mode: SessionMode, policy?: ConsentPolicy) =>
    consent.decide({
      mode,
      policy,
      technician: { name: 'Ada' },
      grants: ['control', 'view'],
      timeoutMs: 30_000,
      signal: abort.signal,
    });
  const decide = async (mode: SessionMode) => (await decideAll(mode))?.answer;
  return { clock, prompt, abort, decide, decideAll, endpoint, consent, released: () => released };
}

describe('consent', () => {
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

  it('is by the state of the machine, and may be to watch only', async () => {
    const { decideAll, endpoint, prompt } = gate();
    const policy: ConsentPolicy = {
      when_active: 'ask',
      when_idle: 'view_only',
      when_locked: 'allow',
      when_nobody: 'deny',
      on_timeout: 'deny',
    };
    const said = async (state: typeof endpoint.now) => {
      endpoint.now = state;
      const decision = await decideAll('attended', policy);
      return `${decision?.answer} ${decision?.grants.join()} asked ${prompt.asked.length}`;
    };
    expect(await said('active')).toBe('granted control,view asked 1');
    expect(await said('idle')).toBe('not_required view asked 1');
    expect(await said('locked')).toBe('not_required control,view asked 1');
    expect(await said('nobody')).toMatch(/^refused .* asked 1/);
  });

  it('is not asked for where nobody is logged in', async () => {
    const { decide, endpoint, prompt } = gate();
    endpoint.now = 'nobody';
    await expect(decide('attended')).resolves.toBe('unavailable');
    expect(prompt.asked).toEqual([]);
  });

  it.each([
    ['allow', 'view_only', 'not_required', 'view'],
    ['allow', 'allow', 'not_required', 'control,view'],
    ['allow', 'deny', 'timed_out', 'control,view'],
    ['ask', 'allow', 'timed_out', 'control,view'],
  ] as const)(
    'silence, where the machine says %s and the policy %s, is %s',
    async (machine, on_timeout, answer, grants) => {
      const { decideAll, prompt } = gate(machine);
      prompt.answer = 'timed_out';
      const decision = await decideAll('attended', { on_timeout });
      expect([decision?.answer, decision?.grants.join()]).toEqual([answer, grants]);
      prompt.answer = 'denied';
      expect((await decideAll('attended', { on_timeout }))?.answer).toBe('denied');
    },
  );

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
