// Facts of the node to every signaling process that is connected. Whoever is not connected learns
// them from `session.describe` when it comes back, so nothing is kept for later.
import { ask, type Socket } from '@guruconnect/contract/base/conversation';
import { NODE_TO_SIGNALING } from '@guruconnect/contract/media-node/node-messages';
import type { Logger } from '../logger.ts';
import type { MediaNode, NodeFacts } from '../media-node.ts';

/** A signaling process that takes longer than this has other troubles; its ping will end it. */
const NOTICE_TIMEOUT_MS = 5000;

/** @returns a function that stops sending. */
export function sendNotices(
  node: MediaNode,
  sockets: () => Iterable<Socket>,
  logger: Logger,
): () => void {
  const names = Object.keys(NODE_TO_SIGNALING) as (keyof NodeFacts)[];
  const stops = names.map((name) =>
    node.facts.on(name, (fact) => {
      for (const socket of sockets())
        ask(socket, NODE_TO_SIGNALING, name, fact, NOTICE_TIMEOUT_MS).catch((error: unknown) =>
          logger.debug({ notice: name, err: error }, 'a notice was not acknowledged'),
        );
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
