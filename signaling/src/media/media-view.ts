// What one placement's router holds, as signaling knows it: filled by the answers to our own orders
// and by the node's notices, or from the node's description after a restart. Pure data; the truth
// is the node's.
import type { ViewerId } from '@guruconnect/contract/ids';
import type { EndpointDescription } from '@guruconnect/contract/media-node/node-messages';
import type { MonitorId } from '@guruconnect/contract/monitor';

type Consumer = { readonly monitorId: MonitorId; paused: boolean };

export class MediaView {
  readonly #videos = new Set<MonitorId>();
  readonly #consumers = new Map<ViewerId, Map<string, Consumer>>();
  #factsId: string | undefined;

  /** Monitors the agent publishes, in order of their ids. */
  get videos(): MonitorId[] {
    return [...this.#videos].sort((a, b) => a - b);
  }

  /** The agent's `facts` channel, once it is open. */
  get factsId(): string | undefined {
    return this.#factsId;
  }

  /** Monitors that at least one viewer looks at: only these are captured and encoded. */
  get watched(): MonitorId[] {
    const watched = new Set<MonitorId>();
    for (const consumers of this.#consumers.values())
      for (const { monitorId, paused } of consumers.values()) if (!paused) watched.add(monitorId);
    return [...watched].sort((a, b) => a - b);
  }

  published(monitorId: MonitorId): void {
    this.#videos.add(monitorId);
  }

  withdrawn(monitorId: MonitorId): void {
    this.#videos.delete(monitorId);
  }

  factsOpened(dataProducerId: string): void {
    this.#factsId = dataProducerId;
  }

  /** A viewer's transports are new: whatever it consumed over the old ones is gone. */
  viewerOpened(viewerId: ViewerId): void {
    this.#consumers.set(viewerId, new Map());
  }

  viewerClosed(viewerId: ViewerId): void {
    this.#consumers.delete(viewerId);
  }

  consumed(viewerId: ViewerId, monitorId: MonitorId, consumerId: string): void {
    const consumers = this.#consumers.get(viewerId) ?? new Map<string, Consumer>();
    this.#consumers.set(viewerId, consumers);
    // Consuming a monitor again gives the same consumer, which may be running.
    if (!consumers.has(consumerId)) consumers.set(consumerId, { monitorId, paused: true });
  }

  /** The monitor of a consumer; undefined when this viewer has no such consumer. */
  monitorOf(viewerId: ViewerId, consumerId: string): MonitorId | undefined {
    return this.#consumers.get(viewerId)?.get(consumerId)?.monitorId;
  }

  paused(viewerId: ViewerId, consumerId: string, paused: boolean): void {
    const consumer = this.#consumers.get(viewerId)?.get(consumerId);
    if (consumer) consumer.paused = paused;
  }

  consumerClosed(viewerId: ViewerId, consumerId: string): void {
    this.#consumers.get(viewerId)?.delete(consumerId);
  }

  static of(endpoints: readonly EndpointDescription[]): MediaView {
    const view = new MediaView();
    for (const endpoint of endpoints) {
      if (endpoint.endpoint_id === 'agent') {
        for (const { monitor_id } of endpoint.videos) view.published(monitor_id);
        const facts = endpoint.data_producers.find(({ label }) => label === 'facts');
        if (facts) view.factsOpened(facts.data_producer_id);
        continue;
      }
      const viewerId = endpoint.endpoint_id as ViewerId;
      view.viewerOpened(viewerId);
      for (const { monitor_id, consumer, paused } of endpoint.consumers) {
        view.consumed(viewerId, monitor_id, consumer.consumer_id);
        view.paused(viewerId, consumer.consumer_id, paused);
      }
    }
    return view;
  }
}
