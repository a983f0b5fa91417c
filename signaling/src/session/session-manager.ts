// All sessions: creates, finds, lists, hands agents and node notices to the right ones, and brings
// the open ones back after a restart. Holds open sessions only; ended ones are read from the store.
// Owned by main.ts.
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import { within, type Grant } from '@guruconnect/contract/grants';
import { newId, type DeviceId, type NodeId, type SessionId } from '@guruconnect/contract/ids';
import type { CreateSession, CreateViewerCode } from '@guruconnect/contract/http/v1/sessions';
import type { SessionQuality } from '@guruconnect/contract/http/v1/quality';
import type { EndedSession } from '@guruconnect/contract/http/v1/viewer';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { EndReason, Session as SessionView } from '@guruconnect/contract/session';
import type { ResumeOutcome } from '@guruconnect/contract/signal/agent-messages';
import type { ViewerJwk } from '@guruconnect/contract/tokens';
import type { Features } from '../features.ts';
import type { MachineKeys } from '../keys/machine-keys.ts';
import type { MintedCode, ViewerCodes } from '../keys/viewer-codes.ts';
import type { IssuedToken, ViewerTokens } from '../keys/viewer-tokens.ts';
import { LIMITS, type Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { NodeNotices } from '../media/node-client.ts';
import type { NodeDirectory } from '../media/node-directory.ts';
import type { Metrics } from '../metrics.ts';
import type { Bus } from '../store/bus.ts';
import type { SessionRecord, ViewerRecord } from '../store/session-record.ts';
import type { SavedAnswer, SessionFilter, Store } from '../store/store.ts';
import { inBatches } from './batches.ts';
import { clientRefInUse, Journal } from './journal.ts';
import type { AgentLink } from './links.ts';
import { newRecord } from './new-session.ts';
import { closeRouter, openSomewhere } from './placing.ts';
import { Session, type SessionParts } from './session.ts';
import { SessionGates } from './session-gates.ts';
import { sessionView, viewerSessionView } from './session-view.ts';
import { roomForViewer, viewerOf } from './viewer-places.ts';

export type SessionManagerParts = {
  readonly store: Store;
  readonly bus: Bus;
  readonly nodes: NodeDirectory;
  readonly machineKeys: MachineKeys;
  readonly codes: ViewerCodes;
  readonly tokens: ViewerTokens;
  readonly features: Features;
  readonly metrics: Metrics;
  readonly timings: Timings;
  readonly logger: Logger;
};

/** What a created session is answered with; the code is derived from the nonce again. */
export type CreatedAnswer = {
  readonly session: SessionView;
  readonly nonce: string;
  readonly code_expires_at_ms: number;
};

type Held = { readonly session_id: SessionId; readonly epoch: number };

/** Of a journal, to a viewer at once; more it has to ask for. Few sessions have a hundred. */
const MISSED_AT_MOST = 5_000;
/** Orders to one node at a time when its link comes up. */
const RESTORED_AT_ONCE = 32;

export class SessionManager {
  readonly #parts: SessionManagerParts;
  readonly #sessionParts: SessionParts;
  readonly #gates: SessionGates;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #byDevice = new Map<DeviceId, Set<Session>>();
  readonly #agents = new Map<DeviceId, AgentLink>();
  /** Placed but not written yet: their routers are wanted. */
  readonly #creating = new Map<SessionId, DeviceId>();
  readonly #unsubscribe: () => void;
  #settleTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: SessionManagerParts) {
    this.#parts = parts;
    const { features, bus } = parts;
    this.#gates = new SessionGates(features);
    this.#sessionParts = {
      ...parts,
      remoteInput: this.#gates.remoteInput,
      multiMonitor: this.#gates.multiMonitor,
    };
    this.#unsubscribe = bus.subscribe('machine.keys_revoked', ({ device_id, superseded }) => {
      // A session that waits for the device waits for whichever key it will have.
      const ended = [...(this.#byDevice.get(device_id) ?? [])].filter(
        ({ record }) => !superseded || record.agent.offered_boot !== undefined,
      );
      this.#endAll(ended, 'machine_revoked');
    });
  }

  /** Brings back what was open when the process before this one stopped. Before any door opens. */
  async start(): Promise<void> {
    await this.#parts.store.machines.allOffline();
    for (const record of await this.#parts.store.sessions.listOpen())
      this.#add(new Session(record, undefined, this.#sessionParts, this.#remove));
    const found = [...this.#sessions.values()];
    if (found.length > 0)
      this.#parts.logger.info({ sessions: found.length }, 'sessions found again');
    this.#settleTimer = setTimeout(() => {
      for (const session of found)
        this.#background(session.agentDidNotReturn(), 'an absent agent was not noted');
    }, this.#parts.timings.settleMs);
  }

  /** This process stops; the sessions do not, and nobody may take them for ended. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#settleTimer);
    this.#unsubscribe();
    for (const session of this.#sessions.values()) session.abandon();
    this.#sessions.clear();
    this.#byDevice.clear();
    this.#agents.clear();
  }

  /**
   * @param keep makes the answer that is stored for an Idempotency-Key, in the same transaction.
   * @throws GcError `feature_off`, `machine_quarantined`, `client_ref_in_use`, `limit_reached`,
   * `no_media_node`.
   */
  async create(
    request: CreateSession,
    by: AuditActor,
    keep?: (answer: CreatedAnswer) => SavedAnswer,
  ): Promise<CreatedAnswer> {
    this.#gates.requireFor(request);
    const machine = await this.#parts.store.machines.read(request.device_id);
    if (machine?.quarantined)
      throw new GcError('machine_quarantined', 'Enrol the device again to end its quarantine');
    this.#requireRef(request);
    this.#requireRoom(request.device_id);

    const id = newId('ses');
    this.#creating.set(id, request.device_id);
    try {
      const media = await openSomewhere(this.#parts, id);
      try {
        const fresh = newRecord(id, request, media.placement, Date.now());
        const code = this.#parts.codes.make(id, request.technician, fresh.grants);
        const answerTo = (record: SessionRecord): CreatedAnswer => ({
          session: sessionView(record),
          nonce: code.minted.nonce,
          code_expires_at_ms: code.minted.expires_at_ms,
        });
        const record = await Journal.begin(
          this.#parts,
          fresh,
          [
            { type: 'session.created', data: {}, by },
            { type: 'session.placed', data: { epoch: media.placement.epoch } },
          ],
          (written) => ({ code: code.record, saved: keep?.(answerTo(written)) }),
        );
        this.#parts.logger.info(
          { session_id: id, mode: record.mode, node_id: record.placement.node_id },
          'session created',
        );
        const session = new Session(record, media, this.#sessionParts, this.#remove);
        this.#add(session);
        this.#background(this.#meetAgent(session), 'an agent did not meet its session');
        return answerTo(record);
      } catch (error) {
        await closeRouter(this.#parts, media.placement, 'not_created');
        throw error;
      }
    } finally {
      this.#creating.delete(id);
    }
  }

  /** @throws GcError `session_not_found`. */
  async read(id: SessionId): Promise<SessionRecord> {
    const record = this.#sessions.get(id)?.record ?? (await this.#parts.store.sessions.read(id));
    if (!record) throw new GcError('session_not_found');
    return record;
  }

  list(filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#parts.store.sessions.list(filter);
  }

  /** @throws GcError `session_not_found`, `feature_off`. */
  async events(id: SessionId, after: number, limit: number): Promise<JournalEvent[]> {
    this.#gates.events.require();
    await this.read(id);
    return this.#parts.store.sessions.events(id, after, limit);
  }

  /** What a viewer missed; part of resuming, not of the events API. */
  missed(id: SessionId, after: number): Promise<JournalEvent[]> {
    return this.#parts.store.sessions.events(id, after, MISSED_AT_MOST);
  }

  /**
   * A viewer that was let in, also of a session that is over: it may come to hear how that ended.
   * @throws GcError `session_not_found`, `unauthenticated`, `credential_revoked`.
   */
  async viewer(id: SessionId, viewerId: ViewerRecord['id']): Promise<ViewerRecord> {
    if (this.#stopped) throw new GcError('shutting_down');
    return viewerOf(await this.read(id), viewerId);
  }

  /** @throws GcError `session_not_found`; `session_ended` for one that is over. */
  async open(id: SessionId): Promise<Session> {
    if (this.#stopped) throw new GcError('shutting_down');
    const session = this.#sessions.get(id);
    if (session) return session;
    await this.read(id);
    throw new GcError('session_ended');
  }

  /** Ending an ended session changes nothing and answers the same. */
  async end(
    id: SessionId,
    reason: EndReason,
    words?: string,
    by?: AuditActor,
  ): Promise<SessionRecord> {
    const session = this.#sessions.get(id);
    return session ? session.end(reason, words, by) : this.read(id);
  }

  endAllOf(deviceId: DeviceId, reason: EndReason): void {
    this.#endAll([...(this.#byDevice.get(deviceId) ?? [])], reason);
  }

  /** @throws GcError `session_not_found`, `session_ended`, `grant_missing`, `feature_off`. */
  async mintCode(
    id: SessionId,
    { technician, grants }: CreateViewerCode,
    by: AuditActor,
  ): Promise<MintedCode> {
    const { record } = await this.open(id);
    const wanted = grants ?? record.grants;
    if (!within(wanted, record.grants))
      throw new GcError('grant_missing', 'A viewer can not have more grants than its session');
    this.#gates.requireForGrants(wanted);
    return this.#parts.codes.mint(id, technician ?? record.technician, wanted, by);
  }

  /** @throws GcError `session_not_found`, `session_ended`, `not_found`. */
  async removeViewer(
    id: SessionId,
    viewerId: ViewerRecord['id'],
    by: AuditActor,
  ): Promise<SessionRecord> {
    const session = await this.open(id);
    await session.viewers.remove(viewerId, by);
    return session.record;
  }

  /**
   * @throws GcError `session_not_found`, `session_ended`, `not_found`, `grant_missing`,
   * `feature_off`.
   */
  async setViewerGrants(
    id: SessionId,
    viewerId: ViewerRecord['id'],
    grants: Grant[],
    by: AuditActor,
  ): Promise<SessionRecord> {
    const session = await this.open(id);
    this.#gates.requireForGrants(grants);
    await session.viewers.setGrants(viewerId, grants, by);
    return session.record;
  }

  /** @throws GcError `session_not_found`, `session_ended`; `no_media_node` while it is placed anew. */
  async quality(id: SessionId): Promise<SessionQuality> {
    return (await this.open(id)).quality();
  }

  /** @throws GcError `code_invalid`, `code_used`, `code_expired`, `session_ended`, `limit_reached`. */
  async exchange(
    id: SessionId,
    code: string,
    publicKey: ViewerJwk,
  ): Promise<{ viewer: ViewerRecord; record: SessionRecord; issued: IssuedToken }> {
    // Before the code is taken: it stays good for a place that becomes free.
    const known = this.#sessions.get(id);
    if (known) roomForViewer(known.record, Date.now());
    const viewerId = newId('vwr');
    const { technician, grants } = await this.#parts.codes.take(id, code, viewerId);
    const coming: ViewerRecord = {
      id: viewerId,
      technician,
      grants,
      public_key: publicKey,
      admitted_at_ms: Date.now(),
    };
    try {
      const session = await this.open(id);
      await session.admitViewer(coming);
      const viewer = session.viewers.record(coming.id);
      return { viewer, record: session.record, issued: await this.#parts.tokens.issue(id, viewer) };
    } catch (error) {
      if (!(error instanceof GcError) || error.code !== 'session_ended') throw error;
      // The code was good: a page that opens a moment too late can still say what happened.
      const ended: EndedSession = {
        session: viewerSessionView(await this.read(id)),
        events: await this.missed(id, 0),
      };
      throw new GcError('session_ended', undefined, { cause: error, members: { ended } });
    }
  }

  /**
   * An agent said hello.
   * @returns the outcomes of all sessions it carries, and what to do once that answer is sent.
   */
  async agentConnected(
    link: AgentLink,
    held: readonly Held[],
  ): Promise<{ outcomes: ResumeOutcome[]; next: () => void }> {
    this.#agents.set(link.deviceId, link);
    const outcomes: ResumeOutcome[] = [];
    const steps: (() => void)[] = [];
    const here = [...(this.#byDevice.get(link.deviceId) ?? [])];
    for (const session of here) {
      const carried = held.find(({ session_id }) => session_id === session.id);
      try {
        const { outcome, next } = await session.agent.connected(link, carried?.epoch);
        if (outcome) outcomes.push(outcome);
        steps.push(next);
      } catch (error) {
        // It ended in this very moment.
        if (!(error instanceof GcError) || error.code !== 'session_ended') throw error;
        if (carried) outcomes.push(await this.#endedOutcome(session.id, link.deviceId));
      }
    }
    for (const { session_id } of held)
      if (!here.some(({ id }) => id === session_id))
        outcomes.push(await this.#endedOutcome(session_id, link.deviceId));
    return {
      outcomes,
      next: () => {
        for (const step of steps) step();
      },
    };
  }

  async agentDisconnected(link: AgentLink): Promise<void> {
    if (this.#agents.get(link.deviceId) === link) this.#agents.delete(link.deviceId);
    for (const session of this.#byDevice.get(link.deviceId) ?? [])
      await session.agent.disconnected(link);
  }

  async agentTopologyChanged(link: AgentLink): Promise<void> {
    for (const session of this.#byDevice.get(link.deviceId) ?? [])
      await session.agent.topologyChanged(link.topology);
  }

  /** @throws GcError `session_not_found` also for a session of another machine. */
  async ofAgent(link: AgentLink, id: SessionId): Promise<Session> {
    const session = await this.open(id);
    if (session.record.device_id !== link.deviceId) throw new GcError('session_not_found');
    return session;
  }

  /** What media nodes tell, handed to the sessions meant. */
  get notices(): NodeNotices {
    return {
      'sessions.lost': async ({ sessions }) => {
        this.#parts.logger.warn({ sessions: sessions.length }, 'a media worker died');
        for (const { session_id, epoch } of sessions) {
          const session = this.#sessions.get(session_id);
          if (session) this.#background(session.lost(epoch), 'a lost session was not placed again');
        }
        return {};
      },
      'endpoint.connection': async ({ session_id, epoch, endpoint_id, state }) => {
        await this.#sessions
          .get(session_id)
          ?.endpointConnection(endpoint_id, epoch, state === 'connected');
        return {};
      },
      'video.closed': ({ session_id, epoch, endpoint_id, monitor_id, rendition, consumer_id }) => {
        if (endpoint_id !== 'agent')
          this.#sessions
            .get(session_id)
            ?.viewers.consumerClosed(
              endpoint_id as ViewerRecord['id'],
              epoch,
              { monitor_id, rendition },
              consumer_id,
            );
        return {};
      },
      'node.load': () => ({}),
    };
  }

  /**
   * The link to a node is up: what should run there is looked for, what should not is closed.
   */
  async nodeReady(nodeId: NodeId): Promise<void> {
    await inBatches([...this.#sessions.values()], RESTORED_AT_ONCE, (session) =>
      session.nodeReady(nodeId),
    );
    const unwanted = (await this.#parts.store.placements.onNode(nodeId)).filter(
      ({ session_id, epoch }) => {
        const session = this.#sessions.get(session_id);
        // A higher epoch than the session's is just being opened.
        return session ? epoch < session.record.placement.epoch : !this.#creating.has(session_id);
      },
    );
    await inBatches(unwanted, RESTORED_AT_ONCE, (placement) =>
      closeRouter(this.#parts, placement, 'not_wanted'),
    );
  }

  /** Spares a placement; what counts is that the store says so, too, when it is written. */
  #requireRef({ device_id, client_ref }: CreateSession): void {
    if (client_ref === undefined) return;
    for (const { id, record } of this.#byDevice.get(device_id) ?? [])
      if (record.client_ref === client_ref) throw clientRefInUse(id);
  }

  /** Those that are just being placed count, too: many may be asked for at once. */
  #requireRoom(deviceId: DeviceId): void {
    const coming = [...this.#creating.values()].filter((device) => device === deviceId).length;
    const { openSessions, openSessionsPerDevice } = LIMITS;
    if ((this.#byDevice.get(deviceId)?.size ?? 0) + coming >= openSessionsPerDevice)
      throw new GcError(
        'limit_reached',
        `${openSessionsPerDevice} sessions of this device are open`,
      );
    if (this.#sessions.size + this.#creating.size >= openSessions)
      throw new GcError('limit_reached', 'This server holds as many sessions as it can');
  }

  #add(session: Session): void {
    const { device_id } = session.record;
    this.#sessions.set(session.id, session);
    const ofDevice = this.#byDevice.get(device_id) ?? new Set();
    ofDevice.add(session);
    this.#byDevice.set(device_id, ofDevice);
    this.#parts.metrics.openSessions.set(this.#sessions.size);
  }

  readonly #remove = (session: Session): void => {
    const { device_id } = session.record;
    this.#sessions.delete(session.id);
    const ofDevice = this.#byDevice.get(device_id);
    ofDevice?.delete(session);
    if (ofDevice?.size === 0) this.#byDevice.delete(device_id);
    this.#parts.metrics.openSessions.set(this.#sessions.size);
  };

  async #meetAgent(session: Session): Promise<void> {
    const link = this.#agents.get(session.record.device_id);
    if (!link) return;
    const { next } = await session.agent.connected(link, undefined);
    next();
  }

  async #endedOutcome(session_id: SessionId, deviceId: DeviceId): Promise<ResumeOutcome> {
    const record = await this.#parts.store.sessions.read(session_id);
    const known = record?.device_id === deviceId ? record.end_reason : undefined;
    // One that this server never had ends like one whose agent was away for too long.
    return { outcome: 'ended', session_id, end_reason: known ?? 'agent_lost' };
  }

  #endAll(sessions: readonly Session[], reason: EndReason): void {
    for (const session of sessions)
      this.#background(session.end(reason), 'a session was not ended');
  }

  /** For work whose outcome nobody awaits; what can fail in it is ours. */
  #background(work: Promise<unknown>, message: string): void {
    work.catch((err: unknown) => {
      if (err instanceof GcError && err.code === 'session_ended') return;
      this.#parts.logger.error({ err }, message);
    });
  }
}
