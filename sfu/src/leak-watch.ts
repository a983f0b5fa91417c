// Counts the mediasoup objects of this node through mediasoup's observers, independently of our
// own maps: what we forgot to close shows up here. For metrics, for tests, and for a warning.
import type { types } from 'mediasoup';

export const OBJECT_KINDS = [
  'workers',
  'routers',
  'transports',
  'producers',
  'consumers',
  'data_producers',
  'data_consumers',
  /** Held by the WebRtcServer they listen on; it lets go only of those that were closed one by one. */
  'server_transports',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
export type ObjectCounts = Readonly<Record<ObjectKind, number>>;

type Closable = { readonly observer: { once(event: 'close', listener: () => void): unknown } };

export class LeakWatch {
  readonly #counts: Record<ObjectKind, number> = {
    workers: 0,
    routers: 0,
    transports: 0,
    producers: 0,
    consumers: 0,
    data_producers: 0,
    data_consumers: 0,
    server_transports: 0,
  };

  /** Follows a worker and everything made in it, from its start. */
  follow(worker: types.Worker): void {
    this.#count('workers', worker);
    worker.observer.on('newwebrtcserver', (server) => this.#countHeld(server));
    worker.observer.on('newrouter', (router) => {
      this.#count('routers', router);
      router.observer.on('newtransport', (transport) => {
        this.#count('transports', transport);
        transport.observer.on('newproducer', (producer) => this.#count('producers', producer));
        transport.observer.on('newconsumer', (consumer) => this.#count('consumers', consumer));
        transport.observer.on('newdataproducer', (made) => this.#count('data_producers', made));
        transport.observer.on('newdataconsumer', (made) => this.#count('data_consumers', made));
      });
    });
  }

  get counts(): ObjectCounts {
    return { ...this.#counts };
  }

  #countHeld(server: types.WebRtcServer): void {
    const held = new Set<string>();
    const recount = (change: () => unknown): void => {
      const before = held.size;
      change();
      this.#counts.server_transports += held.size - before;
    };
    server.observer.on('webrtctransporthandled', ({ id }) => recount(() => held.add(id)));
    server.observer.on('webrtctransportunhandled', ({ id }) => recount(() => held.delete(id)));
    server.observer.once('close', () => recount(() => held.clear()));
  }

  #count(kind: ObjectKind, object: Closable): void {
    this.#counts[kind] += 1;
    object.observer.once('close', () => {
      this.#counts[kind] -= 1;
    });
  }
}

/**
 * Routers and transports that no session owns. Above zero for a moment while something is opened
 * or closed; a leak when it stays.
 */
export const ownerless = (
  counts: ObjectCounts,
  owned: { readonly sessions: number; readonly endpoints: number },
): number =>
  Math.max(0, counts.routers - owned.sessions) +
  Math.max(0, counts.transports - 2 * owned.endpoints);
