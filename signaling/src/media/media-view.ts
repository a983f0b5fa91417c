// What one placement's router holds, as signaling knows it: filled by the answers to our own orders
// and by the node's notices, or from the node's description after a restart. Pure data; the truth
// is the node's.
import type { ViewerId } from '@guruconnect/contract/ids';
import type { EndpointDescription } from '@guruconnect/contract/media-node/node-messages';
import {
  RENDITION_NAMES,
  videoKey,
  type Rendition,
  type VideoRef,
} from '@guruconnect/contract/rendition';

type Consumer = { readonly video: VideoRef; paused: boolean };

export class MediaView {
  readonly #videos = new Map<string, VideoRef>();
  readonly #consumers = new Map<ViewerId, Map<string, Consumer>>();
  #factsId: string | undefined;

  /** What the agent publishes, in order of monitors and their renditions. */
  get videos(): VideoRef[] {
    return [...this.#videos.values()].sort(inOrder);
  }

  /** The agent's `facts` channel, once it is open. */
  get factsId(): string | undefined {
    return this.#factsId;
  }

  /** What at least one viewer looks at: only this is captured and encoded. */
  get watched(): VideoRef[] {
    const watched = new Map<string, VideoRef>();
    for (const consumers of this.#consumers.values())
      for (const { video, paused } of consumers.values())
        if (!paused) watched.set(videoKey(video), video);
    return [...watched.values()].sort(inOrder);
  }

  /** Who looks at what; a viewer that looks at nothing is left out. */
  get watchers(): { viewer_id: ViewerId; videos: VideoRef[] }[] {
    return [...this.#consumers].flatMap(([viewer_id, consumers]) => {
      const videos = [...consumers.values()].flatMap(({ paused, video }) =>
        paused ? [] : [video],
      );
      return videos.length > 0 ? [{ viewer_id, videos: videos.sort(inOrder) }] : [];
    });
  }

  published({ monitor_id, rendition }: VideoRef): void {
    const video = { monitor_id, rendition };
    this.#videos.set(videoKey(video), video);
  }

  /** All renditions of the monitor. */
  withdrawn(monitorId: number): void {
    for (const [key, { monitor_id }] of this.#videos)
      if (monitor_id === monitorId) this.#videos.delete(key);
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

  consumed(viewerId: ViewerId, { monitor_id, rendition }: VideoRef, consumerId: string): void {
    const consumers = this.#consumers.get(viewerId) ?? new Map<string, Consumer>();
    this.#consumers.set(viewerId, consumers);
    // Consuming a video again gives the same consumer, which may be running.
    if (!consumers.has(consumerId))
      consumers.set(consumerId, { video: { monitor_id, rendition }, paused: true });
  }

  /** Has this viewer a consumer, running or not, of such a rendition? */
  consumes(viewerId: ViewerId, rendition: Rendition): boolean {
    const consumers = [...(this.#consumers.get(viewerId)?.values() ?? [])];
    return consumers.some(({ video }) => video.rendition === rendition);
  }

  /** Consumers of this viewer that are not paused. */
  running(viewerId: ViewerId): string[] {
    const consumers = this.#consumers.get(viewerId) ?? new Map<string, Consumer>();
    return [...consumers].flatMap(([id, { paused }]) => (paused ? [] : [id]));
  }

  /** What a consumer shows; undefined when this viewer has no such consumer. */
  videoOf(viewerId: ViewerId, consumerId: string): VideoRef | undefined {
    return this.#consumers.get(viewerId)?.get(consumerId)?.video;
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
        for (const video of endpoint.videos) view.published(video);
        const facts = endpoint.data_producers.find(({ label }) => label === 'facts');
        if (facts) view.factsOpened(facts.data_producer_id);
        continue;
      }
      const viewerId = endpoint.endpoint_id as ViewerId;
      view.viewerOpened(viewerId);
      for (const each of endpoint.consumers) {
        view.consumed(viewerId, each, each.consumer.consumer_id);
        view.paused(viewerId, each.consumer.consumer_id, each.paused);
      }
    }
    return view;
  }
}

const inOrder = (a: VideoRef, b: VideoRef): number =>
  a.monitor_id - b.monitor_id ||
  RENDITION_NAMES.indexOf(a.rendition) - RENDITION_NAMES.indexOf(b.rendition);
