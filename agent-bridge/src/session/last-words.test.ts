import { GcError } from '@guruconnect/contract/errors';
import { newId } from '@guruconnect/contract/ids';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LastWords } from './last-words.ts';
import type { Signaling } from './signaling.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const end = (session_id = newId('ses')) =>
  ({ name: 'session.end', request: { session_id, end_reason: 'end_user_ended' } }) as const;

function words() {
  const heard: string[] = [];
  const state = { error: undefined as GcError | undefined };
  const ask = ((_name: string, request: { session_id: string }) => {
    if (state.error) return Promise.reject(state.error);
    heard.push(request.session_id);
    return Promise.resolve({});
  }) as Signaling['ask'];
  return { heard, state, words: new LastWords(ask, pino({ level: 'silent' })) };
}

describe('last words', () => {
  it('are said at once when somebody listens', async () => {
    const { words: last, heard } = words();
    const word = end();
    last.add(word);
    await settle();
    expect(heard).toEqual([word.request.session_id]);
    expect(last.pending).toBe(0);
  });

  it('wait in order until signaling is back, and are said once', async () => {
    const { words: last, heard, state } = words();
    state.error = new GcError('timeout');
    const said = [end(), end(), end()];
    for (const word of said) last.add(word);
    await settle();
    expect(last.pending).toBe(3);
    state.error = undefined;
    last.say();
    last.say();
    await settle();
    expect(heard).toEqual(said.map(({ request }) => request.session_id));
    expect(last.pending).toBe(0);
  });

  it('are not repeated to somebody who refused them', async () => {
    const { words: last, state, heard } = words();
    state.error = new GcError('session_ended');
    last.add(end());
    await settle();
    expect(last.pending).toBe(0);
    state.error = undefined;
    last.say();
    await settle();
    expect(heard).toEqual([]);
  });

  it('are bounded: the oldest are given up', async () => {
    const { words: last, state } = words();
    state.error = new GcError('timeout');
    for (let i = 0; i < 200; i += 1) last.add(end());
    await settle();
    expect(last.pending).toBeLessThanOrEqual(64);
  });
});
