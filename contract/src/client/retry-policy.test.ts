import { describe, expect, it } from 'vitest';
import { GcError, type ErrorCode } from '../errors.ts';
import { RETRY, isRepeatable, retryDelayMs, type Failure } from './retry-policy.ts';

const failure = (code: ErrorCode, mayHaveHappened = false, retryAfterMs?: number): Failure => ({
  error: new GcError(code, undefined, retryAfterMs === undefined ? {} : { retryAfterMs }),
  retryable: new GcError(code).retryable,
  mayHaveHappened,
});
const NO_JITTER = 0;

describe('a failed request', () => {
  it.each([
    ['rate_limited', true],
    ['no_media_node', true],
    ['idempotency_in_progress', true],
    ['session_not_found', false],
    ['idempotency_conflict', false],
    ['invalid_request', false],
  ] as const)('%s is sent again: %s', (code, again) => {
    expect(retryDelayMs('sessions.create', 0, failure(code)) !== undefined).toBe(again);
  });

  it('waits longer each time and gives up after the last try', () => {
    const delays = [0, 1, 2, 3, 4].map((attempt) =>
      retryDelayMs('sessions.read', attempt, failure('internal'), RETRY, NO_JITTER),
    );
    expect(delays).toEqual([250, 500, 1000, 2000, undefined]);
  });

  it('waits at least what it was asked to, unless that is too long to sleep through', () => {
    const asked = (ms: number): number | undefined =>
      retryDelayMs('sessions.read', 0, failure('rate_limited', false, ms), RETRY, NO_JITTER);
    expect(asked(5000)).toBe(5000);
    expect(asked(100)).toBe(250);
    expect(asked(RETRY.longestWaitMs + 1)).toBeUndefined();
  });

  it('is not sent again when it may have happened and doing it twice would matter', () => {
    expect(retryDelayMs('enrolment_tokens.create', 0, failure('timeout', true))).toBeUndefined();
    expect(retryDelayMs('enrolment_tokens.create', 0, failure('rate_limited'))).toBeDefined();
    expect(retryDelayMs('sessions.create', 0, failure('timeout', true))).toBeDefined();
    expect(isRepeatable('sessions.end')).toBe(true);
    expect(isRepeatable('viewers.remove')).toBe(true);
    expect(isRepeatable('viewer_codes.create')).toBe(false);
  });

  it('follows what the answer says of a code this build does not know', () => {
    const unknown = { error: GcError.fromWire({ code: 'tomorrow', detail: '', retryable: false }) };
    const told = { ...unknown, retryable: false, mayHaveHappened: false };
    expect(retryDelayMs('sessions.read', 0, told)).toBeUndefined();
  });
});
