// What an agent's and a viewer's socket have in common: everything they say is rate-limited,
// parsed, answered and counted; a socket that does not say hello is closed. Owned by gateway.ts.
import type { Socket } from 'socket.io';
import {
  answer,
  type Conversation,
  type Handlers,
  type Name,
  type RequestOf,
} from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { MessageRate } from './message-rate.ts';

export type ConnectionParts = {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly timings: Timings;
};

type Door = 'agent' | 'viewer';

/** Listens to one socket until it is closed. @param hello name of the only message allowed first. */
export function listen<C extends Conversation>(
  socket: Socket,
  door: Door,
  conversation: C,
  hello: keyof C & string,
  handlers: Handlers<C>,
  parts: ConnectionParts,
): void {
  const { logger, metrics, timings } = parts;
  const rate = new MessageRate(performance.now());
  let greeting: 'awaited' | 'heard' | 'done' = 'awaited';
  const greet = handlers[hello];
  const heard: Handlers<C> = {
    ...handlers,
    [hello]: async (request: RequestOf<C, Name<C>>) => {
      const reply = await greet(request);
      greeting = 'done';
      return reply;
    },
  };
  const tooLate = setTimeout(() => {
    if (greeting === 'done') return;
    logger.info('socket closed: it did not say hello');
    socket.disconnect(true);
  }, timings.helloMs);
  const stop = answer(socket, conversation, heard, {
    admit(name) {
      rate.admit(performance.now());
      if (!Object.hasOwn(conversation, name)) return;
      if (name !== hello && greeting !== 'done')
        throw new GcError('illegal_transition', `The first message has to be ${hello}`);
      if (name !== hello) return;
      if (greeting !== 'awaited') throw new GcError('illegal_transition', 'Hello was said already');
      greeting = 'heard';
    },
    onRefused(name, error) {
      // A hello that was refused may be said again.
      if (name === hello && greeting === 'heard') greeting = 'awaited';
      metrics.refusals.inc({ door, code: error.code });
      if (error.code === 'internal') logger.error({ err: error, name }, 'a message failed');
      else logger.debug({ code: error.code, name }, 'message refused');
      if (!rate.isFlood || !socket.connected) return;
      logger.warn('socket closed: it floods');
      socket.disconnect(true);
    },
  });
  metrics.sockets.inc({ kind: door });
  socket.once('disconnect', () => {
    clearTimeout(tooLate);
    stop();
    metrics.sockets.dec({ kind: door });
  });
}
