// Log lines: JSON on stdout, one `info` per step in the life of a node, a worker, a session or an
// endpoint, with node_id, session_id and endpoint_id bound. Never SDP, tokens, keys or channel bytes.
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';

export type { Logger } from 'pino';

/** Names that must not be printed even when somebody logs a whole object by mistake. */
const SECRET_PATHS = [
  '*.token',
  '*.auth',
  '*.password',
  '*.clusterSecrets',
  '*.dtls_parameters',
  '*.iceParameters',
  '*.dtlsParameters',
];

export const makeLogger = (config: Pick<Config, 'nodeId' | 'logLevel'>): Logger =>
  pino({
    level: config.logLevel,
    base: { node_id: config.nodeId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
  });
