// Log lines: JSON on stdout, one `info` per step in the life of a session, machine, viewer or media
// node, with session_id, machine_id, viewer_id, node_id bound. Never SDP, tokens, codes, proofs,
// keys, bodies. Refusals of what came from outside are `debug`: anybody can cause them.
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from './config.ts';

export type { Logger } from 'pino';

/** Names that must not be printed even when somebody logs a whole object by mistake. */
const SECRET_NAMES = [
  'token',
  'code',
  'proof',
  'auth',
  'authorization',
  'password',
  'secret',
  'key',
  'jwk',
  'public_key',
  'clusterSecrets',
  'integratorKeys',
  'dtls_parameters',
  'ice_parameters',
];

type PrintedError = {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: PrintedError;
};

/** How deep a chain of causes is printed. */
const MAX_CAUSES = 4;

/**
 * Only these fields of an error: errors of body parsers and sockets carry the offending body along,
 * and a SyntaxError of JSON.parse quotes it in its message.
 */
export function printError(error: unknown, depth = 0): PrintedError {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: typeof error };
  const code: unknown = 'code' in error ? error.code : undefined;
  const message = error instanceof SyntaxError ? 'syntax error' : error.message;
  const stack = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return {
    name: error.name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack ? { stack: stack.join('\n') } : {}),
    ...(error.cause !== undefined && depth < MAX_CAUSES
      ? { cause: printError(error.cause, depth + 1) }
      : {}),
  };
}

/** `code` names two things: what opens a viewer, and what a refusal is called. */
const isErrorCode = (value: unknown, path: readonly string[]): boolean =>
  path.at(-1) === 'code' &&
  typeof value === 'string' &&
  /^\w{1,40}$/.test(value) &&
  !/^gcv_/.test(value);

/** @param destination where lines go instead of stdout (tests). */
export const makeLogger = (
  config: Pick<Config, 'logLevel'>,
  destination?: DestinationStream,
): Logger =>
  pino(
    {
      level: config.logLevel,
      base: { app: 'signaling' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => printError(error) },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: (value, path) => (isErrorCode(value, path) ? value : '[redacted]'),
      },
    },
    ...(destination ? [destination] : []),
  );
