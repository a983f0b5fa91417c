// What a worker has really received, from its own statistics: with it a test can say "this arrived
// at the node and was not passed on" without waiting for a length of time.
import { observer, type types } from 'mediasoup';

const producers = new Map<string, types.Producer>();
const dataProducers = new Map<string, types.DataProducer>();

observer.on('newworker', (worker) =>
  worker.observer.on('newrouter', (router) =>
    router.observer.on('newtransport', (transport) => {
      transport.observer.on('newproducer', (producer) => producers.set(producer.id, producer));
      transport.observer.on('newdataproducer', (made) => dataProducers.set(made.id, made));
    }),
  ),
);

/** Packets of that video that the node has taken in. */
export async function packetsAtNode(producerId: string): Promise<number> {
  const stats = (await producers.get(producerId)?.getStats()) ?? [];
  return stats.reduce((total, { packetCount }) => total + packetCount, 0);
}

/** Messages on that channel that the node has taken in. */
export async function messagesAtNode(dataProducerId: string): Promise<number> {
  const stats = (await dataProducers.get(dataProducerId)?.getStats()) ?? [];
  return stats.reduce((total, { messagesReceived }) => total + messagesReceived, 0);
}
