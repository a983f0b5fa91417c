import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { makeLogger, printError } from './logger.ts';

const logged = (write: (logger: ReturnType<typeof makeLogger>) => void): string => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  write(makeLogger({ logLevel: 'trace' }, sink));
  return lines.join('');
};

it('secrets are not printed, even when a whole object is logged by mistake', () => {
  const line = logged((logger) => {
    logger.info({
      token: 'canary',
      auth: { proof: 'canary' },
      headers: { authorization: 'canary' },
    });
  });
  expect(line).toContain('[redacted]');
  expect(line).not.toContain('canary');
});

it('the code of a refusal is printed: it is what an operator looks for', () => {
  const line = logged((logger) => {
    logger.info({ code: 'agent_offline', cause: { code: 'limit_reached' } });
  });
  expect(line).toContain('agent_offline');
  expect(line).toContain('limit_reached');
});

it('of an error only name, message, code and where it came from are printed', () => {
  const error = Object.assign(new Error('broken'), { body: 'canary', code: 'EBROKEN' });
  const line = logged((logger) => {
    logger.error({ err: error }, 'failed');
  });
  expect(line).toContain('EBROKEN');
  expect(line).toContain('logger.test.ts');
  expect(line).not.toContain('canary');
});

it('a syntax error does not quote what it could not read', () => {
  let fault: unknown;
  try {
    JSON.parse('{"token":"canary');
  } catch (error) {
    fault = error;
  }
  const printed = JSON.stringify(printError(new Error('outer', { cause: fault })));
  expect(printed).toContain('syntax error');
  expect(printed).not.toContain('canary');
  expect(printError('canary')).toEqual({ name: 'NotAnError', message: 'string' });
});
