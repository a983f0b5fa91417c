// The agent's log: JSON lines on stdout. Never SDP, tokens, codes, key content or clipboard.
import { pino, type Logger } from 'pino';
import { GcError } from '@guruconnect/contract/errors';

export type { Logger } from 'pino';

/** Fields that hold secrets wherever somebody puts them into a line by mistake. */
const SECRET_FIELDS = ['token', 'proof', 'secret', 'privateKey', 'enrolmentToken', 'authorization'];

/** Only what a reader needs of an error; what a peer wrote into it stays out but for its code. */
const printError = (error: unknown): object => {
  if (error instanceof GcError) return { code: error.code, message: error.message };
  if (error instanceof Error)
    return { name: error.name, message: error.message, stack: error.stack };
  return { message: String(error) };
};

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { app: 'agent' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: printError },
    redact: {
      paths: [...SECRET_FIELDS, ...SECRET_FIELDS.map((name) => `*.${name}`)],
      censor: '[secret]',
    },
  });
}
