// Reads the counters of running sessions from the workers and keeps the node's totals. What one
// tick may ask of the workers is bounded: with very many sessions each is read less often, and its
// last known rates stand in meanwhile. Owned by MediaNode.
import type { types } from 'mediasoup';
import type { SessionId } from '@guruconnect/contract/ids';
import type { FlowingMedia } from './endpoint.ts';
import { RateMeter, type Carried } from './load-meter.ts';
import type { MediaWorker } from './media-worker.ts';
import type { SessionRouter } from './session-router.ts';

/** Sessions read in one tick; about 8 requests of 0.1 ms each to a worker per session. */
const SESSIONS_PER_TICK = 50;

type Rates = {
  readonly egressBps: number;
  readonly ingressBps: number;
  readonly packetsPerS: number;
};
const IDLE: Rates = { egressBps: 0, ingressBps: 0, packetsPerS: 0 };

export class LoadSampler {
  readonly #rates = new Map<SessionId, Rates>();
  readonly #packets = new RateMeter();
  #next = 0;
  #own = { cpuUs: 0, atMs: 0, share: 0 };

  /** Reads the next sessions in turn. Never rejects: what is gone meanwhile counts as idle. */
  async tick(sessions: ReadonlyMap<SessionId, SessionRouter>, nowMs: number): Promise<void> {
    for (const id of this.#rates.keys()) if (!sessions.has(id)) this.#rates.delete(id);
    this.#packets.keep(new Set([...sessions.values()].flatMap(streamIds)));
    const all = [...sessions];
    const due = Math.min(SESSIONS_PER_TICK, all.length);
    const chosen = Array.from({ length: due }, (_, i) => all[(this.#next + i) % all.length]);
    this.#next = all.length === 0 ? 0 : (this.#next + due) % all.length;
    for (const entry of chosen) {
      if (!entry) continue;
      const [id, session] = entry;
      const rates = await this.#read(session, nowMs).catch(() => IDLE);
      if (sessions.get(id) === session) this.#rates.set(id, rates);
    }
    this.#measureSelf(nowMs);
  }

  carried(
    sessions: ReadonlyMap<SessionId, SessionRouter>,
    workers: readonly MediaWorker[],
  ): Carried {
    const rates = [...this.#rates.values()];
    return {
      workerCpu: workers.map(({ cpu }) => cpu),
      ownCpu: this.#own.share,
      egressBps: sum(rates.map(({ egressBps }) => egressBps)),
      ingressBps: sum(rates.map(({ ingressBps }) => ingressBps)),
      packetsPerS: sum(rates.map(({ packetsPerS }) => packetsPerS)),
      consumers: sum(
        [...sessions.values()].flatMap(flowingOf).map(({ consumers }) => consumers.length),
      ),
      sessions: sessions.size,
    };
  }

  async #read(session: SessionRouter, nowMs: number): Promise<Rates> {
    const flowing = flowingOf(session);
    // The worker keeps bit rates itself, over its last seconds; packets it only counts.
    const transports = await Promise.all(
      flowing.flatMap(({ transports }) => transports.map((transport) => transport.getStats())),
    );
    const packets = await Promise.all(
      flowing.flatMap(({ producers, consumers }) => [
        ...producers.map((producer) => this.#packetsOf(producer, 'inbound-rtp', nowMs)),
        ...consumers.map((consumer) => this.#packetsOf(consumer, 'outbound-rtp', nowMs)),
      ]),
    );
    return {
      egressBps: sum(transports.flat().map(({ sendBitrate }) => sendBitrate)),
      ingressBps: sum(transports.flat().map(({ recvBitrate }) => recvBitrate)),
      packetsPerS: sum(packets),
    };
  }

  /** @param type a consumer's statistics hold its producer's stream too; only one of them is asked. */
  async #packetsOf(
    stream: types.Producer | types.Consumer,
    type: 'inbound-rtp' | 'outbound-rtp',
    nowMs: number,
  ): Promise<number> {
    const stats = await stream.getStats();
    const own = stats.filter((each) => each.type === type);
    return this.#packets.read(stream.id, sum(own.map(({ packetCount }) => packetCount)), nowMs);
  }

  #measureSelf(nowMs: number): void {
    const { user, system } = process.cpuUsage();
    const cpuUs = user + system;
    if (this.#own.atMs > 0 && nowMs > this.#own.atMs)
      this.#own.share = (cpuUs - this.#own.cpuUs) / ((nowMs - this.#own.atMs) * 1000);
    this.#own = { cpuUs, atMs: nowMs, share: this.#own.share };
  }
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const flowingOf = (session: SessionRouter): FlowingMedia[] =>
  [...session.endpoints.values()].map(({ flowing }) => flowing);

const streamIds = (session: SessionRouter): string[] =>
  flowingOf(session).flatMap(({ producers, consumers }) =>
    [...producers, ...consumers].map(({ id }) => id),
  );
