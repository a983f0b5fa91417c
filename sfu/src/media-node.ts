// The owner: workers, sessions, the fence between placements, the load. Commands come in as
// method calls (from control/), facts go out as events (to control/notice-sender.ts). It knows
// nothing of technicians, consent or sockets, and nothing here depends on signaling being there:
// running media outlives the control link.
import type { RequestOf } from '@guruconnect/contract/base/conversation';
import { Emitter } from '@guruconnect/contract/base/emitter';
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type { NODE_TO_SIGNALING, NodeLoad } from '@guruconnect/contract/media-node/node-messages';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import type { Fence } from '@guruconnect/contract/tokens';
import type { Config } from './config.ts';
import { EpochFence } from './epoch-fence.ts';
import { LeakWatch, ownerless, type ObjectCounts } from './leak-watch.ts';
import { roomFor, SESSION_LIMITS, type SessionLimits } from './limits.ts';
import { nodeLoad } from './load-meter.ts';
import { LoadSampler } from './load-sampler.ts';
import type { Logger } from './logger.ts';
import type { MediaWorker } from './media-worker.ts';
import { KeyedQueues } from './serial-queue.ts';
import { SessionRouter } from './session-router.ts';
import { WorkerPool } from './worker-pool.ts';

/** How often load is measured and told. */
const LOAD_INTERVAL_MS = 2000;

type Notices = typeof NODE_TO_SIGNALING;
/** Facts of a node; names and contents are those of the notices. */
export type NodeFacts = { [Name in keyof Notices]: RequestOf<Notices, Name> };

export type MediaNodeOptions = {
  readonly config: Config;
  readonly logger: Logger;
  /** Other ones are for tests. */
  readonly limits?: Partial<SessionLimits>;
};

type Step<T> = (session: SessionRouter) => Promise<T> | T;

export class MediaNode {
  readonly config: Config;
  readonly facts: Emitter<NodeFacts>;

  readonly #logger: Logger;
  readonly #limits: SessionLimits;
  readonly #leakWatch: LeakWatch;
  readonly #pool: WorkerPool;
  readonly #queues: KeyedQueues<SessionId>;
  readonly #fence = new EpochFence();
  readonly #sessions = new Map<SessionId, SessionRouter>();
  readonly #sampler = new LoadSampler();
  readonly #ticker: NodeJS.Timeout;
  #ticking = false;
  #ownerlessBefore = 0;
  #closing: Promise<void> | undefined;

  private constructor(options: MediaNodeOptions, leakWatch: LeakWatch, pool: WorkerPool) {
    this.config = options.config;
    this.#logger = options.logger;
    this.#limits = { ...SESSION_LIMITS, ...options.limits };
    this.#leakWatch = leakWatch;
    this.#pool = pool;
    pool.onWorkerDied = (worker) => this.#workerDied(worker);
    this.#queues = new KeyedQueues(this.#limits.waitingCommands);
    this.facts = new Emitter((error) => this.#logger.error({ err: error }, 'fact listener failed'));
    this.#ticker = setInterval(() => void this.#tick(), LOAD_INTERVAL_MS);
  }

  /** Ends when every worker runs. @throws what kept one of them from starting. */
  static async start(options: MediaNodeOptions): Promise<MediaNode> {
    const leakWatch = new LeakWatch();
    const { config, logger } = options;
    const pool = await WorkerPool.start({ config, leakWatch, logger });
    return new MediaNode(options, leakWatch, pool);
  }

  /** Can a session be placed here now? */
  get ready(): boolean {
    return !this.draining && this.#pool.workers.length > 0;
  }

  /** No new session is taken. */
  get draining(): boolean {
    return this.#closing !== undefined;
  }

  get load(): NodeLoad {
    return nodeLoad(
      this.#sampler.carried(this.#sessions, this.#pool.workers),
      this.config.capacity,
    );
  }

  /** As mediasoup's observers see it, not as our maps do. */
  get objectCounts(): ObjectCounts {
    return this.#leakWatch.counts;
  }

  get workerDeaths(): number {
    return this.#pool.deaths;
  }

  get workerPids(): number[] {
    return this.#pool.workers.map(({ pid }) => pid);
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /**
   * Idempotent within an epoch; a newer epoch ends what an older one left, also when it cannot be
   * opened itself then: whatever happens next, the older placement is over.
   * @throws GcError `stale_epoch`, `limit_reached`, `media_failed`, `shutting_down`.
   */
  async openSession({ session_id, epoch }: Fence): Promise<RtpCapabilities> {
    this.#refuseWhenClosing();
    return await this.#queues.run(session_id, async () => {
      const running = this.#sessions.get(session_id);
      if (this.#fence.mayOpen(session_id, epoch) === 'running' && running)
        return running.routerRtpCapabilities;
      if (running) this.#end(running, 'superseded');
      roomFor('sessions of this node', this.#sessions.size, this.config.capacity.sessions);
      const session = await this.#place(session_id, epoch);
      this.#fence.opened(session_id, epoch);
      this.#sessions.set(session_id, session);
      return session.routerRtpCapabilities;
    });
  }

  /** Fine for a session that is not here: it is fenced against a late `session.open`. */
  async closeSession({ session_id, epoch }: Fence, reason: string): Promise<void> {
    await this.#queues.runAlways(session_id, () => {
      this.#fence.mayClose(session_id, epoch);
      const session = this.#sessions.get(session_id);
      if (session) this.#end(session, reason);
      this.#fence.ended(session_id, epoch);
    });
  }

  /**
   * Runs one command of a session, after those that came before it.
   * @throws GcError `stale_epoch`, `session_not_found`, `limit_reached` (too many wait).
   */
  async inSession<T>(fence: Fence, step: Step<T>): Promise<T> {
    this.#refuseWhenClosing();
    return await this.#queues.run(fence.session_id, () => step(this.#fenced(fence)));
  }

  /** The same for what takes something away: in order as well, but never refused for room. */
  async withdrawInSession<T>(fence: Fence, step: Step<T>): Promise<T> {
    return await this.#queues.runAlways(fence.session_id, () => step(this.#fenced(fence)));
  }

  /** @throws GcError `session_not_found`. */
  async describeSession(sessionId: SessionId): Promise<ReturnType<SessionRouter['describe']>> {
    return await this.#queues.run(sessionId, () => this.#session(sessionId).describe());
  }

  /** Tells that its sessions are gone, ends them and the workers; idempotent. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    clearInterval(this.#ticker);
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) this.#end(session, reason);
    this.#tellLost(sessions);
    await this.#pool.close();
    this.facts.removeAll();
  }

  async #place(sessionId: SessionId, epoch: number): Promise<SessionRouter> {
    const worker = this.#pool.leastBusy();
    // Counted before it is there, so that many placed at once spread over the workers.
    worker.sessions.add(sessionId);
    const fence = { session_id: sessionId, epoch };
    try {
      const session = await SessionRouter.open({
        sessionId,
        epoch,
        worker,
        limits: this.#limits,
        facts: {
          onConnection: (endpoint_id, state) =>
            this.facts.emit('endpoint.connection', { ...fence, endpoint_id, state }),
          onVideoClosed: (endpoint_id, video, consumer_id) =>
            this.facts.emit('video.closed', { ...fence, endpoint_id, ...video, consumer_id }),
        },
        logger: this.#logger.child({ ...fence, worker_index: worker.index }),
      });
      if (this.draining) {
        session.close('shutting_down');
        throw new GcError('shutting_down');
      }
      return session;
    } catch (error) {
      worker.sessions.delete(sessionId);
      throw error;
    }
  }

  #end(session: SessionRouter, reason: string): void {
    this.#sessions.delete(session.sessionId);
    session.worker.sessions.delete(session.sessionId);
    this.#fence.ended(session.sessionId, session.epoch);
    session.close(reason);
  }

  #workerDied(worker: MediaWorker): void {
    const lost = [...this.#sessions.values()].filter((session) => session.worker === worker);
    for (const session of lost) this.#end(session, 'worker_died');
    this.#tellLost(lost);
  }

  #tellLost(lost: readonly SessionRouter[]): void {
    if (lost.length === 0) return;
    this.facts.emit('sessions.lost', {
      sessions: lost.map(({ sessionId, epoch }) => ({ session_id: sessionId, epoch })),
    });
  }

  #fenced({ session_id, epoch }: Fence): SessionRouter {
    this.#fence.check(session_id, epoch);
    return this.#session(session_id);
  }

  #session(sessionId: SessionId): SessionRouter {
    const session = this.#sessions.get(sessionId);
    if (!session) throw new GcError('session_not_found', 'that session is not on this node');
    return session;
  }

  #refuseWhenClosing(): void {
    if (this.draining) throw new GcError('shutting_down');
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#sampler.tick(this.#sessions, performance.now());
    } finally {
      this.#ticking = false;
    }
    if (this.draining) return;
    this.#warnOfLeaks();
    const { load, draining } = this;
    this.facts.emit('node.load', { node_id: this.config.nodeId, load, draining });
  }

  #warnOfLeaks(): void {
    const endpoints = [...this.#sessions.values()].reduce(
      (total, session) => total + session.endpoints.size,
      0,
    );
    const now = ownerless(this.objectCounts, { sessions: this.#sessions.size, endpoints });
    // Twice in a row: something being opened in this moment is not a leak.
    if (now > 0 && now === this.#ownerlessBefore)
      this.#logger.warn({ objects: now, ...this.objectCounts }, 'media objects without an owner');
    this.#ownerlessBefore = now;
  }
}
