import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ERRORS, GcError, Problem, WireError, parseOr, type ErrorCode } from './errors.ts';

describe('errors', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])(
    '%s is a lower_snake code with a sensible status',
    (code) => {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(ERRORS[code].status).toBeGreaterThanOrEqual(400);
      expect(Problem.parse(new GcError(code).toProblem('req_1'))).toMatchObject({
        code,
        status: ERRORS[code].status,
      });
    },
  );

  it('survives the wire', () => {
    const error = new GcError('rate_limited', 'slow down', {
      retryAfterMs: 1500,
      faults: [{ pointer: '/a', detail: 'x' }],
    });
    const back = GcError.fromWire(WireError.parse(JSON.parse(JSON.stringify(error.toWire()))));
    expect(back).toMatchObject({
      code: 'rate_limited',
      message: 'slow down',
      retryAfterMs: 1500,
      faults: error.faults,
    });
  });

  it('keeps a code of a newer build readable', () => {
    expect(GcError.fromWire({ code: 'tomorrow', detail: 'new', retryable: false })).toMatchObject({
      code: 'internal',
      message: 'tomorrow: new',
    });
  });

  it('says nothing of the insides of an unexpected error', () => {
    expect(JSON.stringify(GcError.from(new Error('password=hunter2')).toProblem())).not.toContain(
      'hunter2',
    );
  });

  it('tells only the beginning of a name that is none of ours: it may be a secret', () => {
    const secret = 'gce_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
    const refuse = (): unknown => parseOr(z.strictObject({}), { [secret]: 1 });
    expect(refuse).toThrow('/gce_01234567… unknown field');
    expect(refuse).not.toThrow(secret.slice(0, 20));
  });

  it('points at every fault, names unknown fields, never echoes values', () => {
    const schema = z.strictObject({ a: z.strictObject({ 'b/c': z.number() }) });
    const refuse = (): unknown => parseOr(schema, { a: { 'b/c': 'secret-value' }, extra: 1 });
    try {
      refuse();
      expect.unreachable();
    } catch (error) {
      const problem = (error as GcError).toProblem();
      expect(problem.errors?.map((fault) => fault.pointer).sort()).toEqual(['/a/b~1c', '/extra']);
      expect(JSON.stringify(problem)).not.toContain('secret-value');
    }
  });
});
