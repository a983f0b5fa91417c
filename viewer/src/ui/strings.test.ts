import { describe, expect, it } from 'vitest';
import { VIEWER_STATES } from '@guruconnect/contract/embed/embed-messages';
import { ERRORS, type ErrorCode } from '@guruconnect/contract/errors';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import { END_REASONS } from '@guruconnect/contract/session';
import { END_WORDS, KEY_COMBINATIONS, STATE_WORDS, duration, failure, refusal } from './strings.ts';

describe('the page has words', () => {
  it('for every state and every end of the contract', () => {
    expect(Object.keys(STATE_WORDS).sort()).toEqual(Object.keys(VIEWER_STATES).sort());
    expect(Object.keys(END_WORDS).sort()).toEqual(Object.keys(END_REASONS).sort());
  });

  it('for every error, with what to do', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect(failure(code).title).not.toBe('');
      expect(failure(code).advice).not.toBe('');
      expect(refusal(code)).not.toBe('');
    }
  });

  it('for how long it took', () => {
    expect([4_000, 61_000, 3_600_000 + 240_000].map(duration)).toEqual([
      '4 s',
      '1 min',
      '1 h 4 min',
    ]);
  });

  it('for key combinations that the contract can carry', () => {
    for (const { codes } of KEY_COMBINATIONS)
      for (const code of codes) expect(usageOf(code), code).toBeDefined();
  });
});
