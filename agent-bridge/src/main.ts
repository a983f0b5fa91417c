// The process: environment in, an agent, an orderly end that leaves no key down.
import { Agent } from './agent.ts';
import { ConfigError, readConfig, type AgentConfig } from './config.ts';
import { EXIT_CODES, type AgentEnd } from './exit-codes.ts';
import { createLogger } from './logger.ts';
import { UnsupportedPlatform } from './platform.ts';

/** What a supervisor may be kept waiting, ms; the end comes then, orderly or not. */
const STOP_DEADLINE_MS = 5000;

function configOrExit(): AgentConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODES.bad_environment);
  }
}

const config = configOrExit();
const logger = createLogger(config.logLevel);

const agent = await Agent.start(config, { logger }).catch((error: unknown) => {
  logger.fatal({ err: error }, 'the agent could not start');
  process.exit(
    error instanceof UnsupportedPlatform ? EXIT_CODES.unsupported_platform : EXIT_CODES.failed,
  );
});

const exit = (end: AgentEnd): void => {
  setTimeout(() => process.exit(EXIT_CODES[end]), STOP_DEADLINE_MS).unref();
  agent.close(end).then(
    () => process.exit(EXIT_CODES[end]),
    (error: unknown) => {
      logger.error({ err: error }, 'stopping failed');
      process.exit(EXIT_CODES.failed);
    },
  );
};
void agent.ended.then((end) => {
  if (end !== 'stopped') exit(end);
});
process.once('SIGTERM', () => exit('stopped'));
process.once('SIGINT', () => exit('stopped'));
// Started by somebody who is gone now: nobody would ever stop us.
process.once('disconnect', () => exit('stopped'));
// A promise of the WebRTC library that nobody waits for must not take a running session with it.
process.on('unhandledRejection', (error) => {
  logger.error({ err: error }, 'a rejection that nobody handled');
});
// Whatever is broken now: no key stays down, and the supervisor starts a sound process.
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'an error that nobody handled');
  exit('failed');
});

logger.info({ device_id: config.deviceId, boot_id: agent.bootId }, 'ready');
process.send?.({ ready: true });
