// The bus of a single process: plain calls, in order, and a listener that throws hurts nobody else.
import { Emitter } from '@guruconnect/contract/base/emitter';
import type { Logger } from '../logger.ts';
import type { Bus, BusFacts } from './bus.ts';

export function embeddedBus(logger: Logger): Bus {
  const emitter = new Emitter<BusFacts>((err) => {
    logger.error({ err }, 'a listener of the bus failed');
  });
  return {
    publish: (name, fact) => {
      emitter.emit(name, fact);
    },
    subscribe: (name, listener) => emitter.on(name, listener),
    close: () => {
      emitter.removeAll();
    },
  };
}
