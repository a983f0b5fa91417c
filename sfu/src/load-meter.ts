// What a node carries, against what it may carry. Pure: counters and time in, numbers out.
import type { NodeLoad } from '@guruconnect/contract/media-node/node-messages';
import type { Capacity } from './config.ts';

/** Totals of a moment. Rates are per second. */
export type Carried = {
  /** Share of one core, per worker; each worker is one thread. */
  readonly workerCpu: readonly number[];
  /** Share of one core used by this process itself, which is one thread too. */
  readonly ownCpu: number;
  readonly egressBps: number;
  readonly ingressBps: number;
  readonly packetsPerS: number;
  readonly consumers: number;
  readonly sessions: number;
};

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Three digits are enough to choose a node and keep the notice short. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * Each dimension against its own limit: 0 idle, 1 full. The mean of the workers, since a new
 * session goes to the least busy one; but the control process is a single thread, so when that is
 * the fuller of the two, it is what counts.
 */
export function nodeLoad(carried: Carried, capacity: Capacity): NodeLoad {
  return {
    cpu: rounded(Math.max(mean(carried.workerCpu), carried.ownCpu)),
    egress: rounded(carried.egressBps / capacity.egressBps),
    ingress: rounded(carried.ingressBps / capacity.ingressBps),
    packets: rounded(carried.packetsPerS / capacity.packetsPerS),
    consumers: rounded(carried.consumers / capacity.consumers),
    sessions: carried.sessions,
  };
}

/** Growth of counters that only rise, one per object; objects come and go between two readings. */
export class RateMeter {
  readonly #last = new Map<string, { readonly count: number; readonly atMs: number }>();

  /** Since the last reading of this object, per second; 0 at its first. */
  read(id: string, count: number, nowMs: number): number {
    const last = this.#last.get(id);
    this.#last.set(id, { count, atMs: nowMs });
    if (!last || nowMs <= last.atMs || count < last.count) return 0;
    return ((count - last.count) * 1000) / (nowMs - last.atMs);
  }

  /** Forgets every object that is not in `ids`. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#last.keys()) if (!ids.has(id)) this.#last.delete(id);
  }

  get size(): number {
    return this.#last.size;
  }
}
