// One agent's socket: what it says becomes calls on the sessions of its machine, what they command
// goes out on it. The machine is the key's; nothing the agent says changes that.
import type { Socket } from 'socket.io';
import {
  ask,
  type Handlers,
  type Name,
  type ReplyOf,
  type RequestInput,
  type RequestOf,
} from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { BootId, DeviceId, MachineId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import type { EndReason } from '@guruconnect/contract/session';
import {
  AGENT_TO_SIGNALING,
  SIGNALING_TO_AGENT,
} from '@guruconnect/contract/signal/agent-messages';
import type { ProvenMachine } from '../keys/machine-keys.ts';
import type { AgentCommands, AgentLink } from '../session/links.ts';
import type { SessionManager } from '../session/session-manager.ts';
import type { MachineKeyRecord, Store } from '../store/store.ts';
import { listen, type ConnectionParts } from './connection.ts';

type Says = typeof AGENT_TO_SIGNALING;
type Hello = RequestOf<Says, 'agent.hello'>;

/** Reasons that are the agent's to give; all others belong to somebody else. */
const AGENT_END_REASONS: ReadonlySet<EndReason> = new Set([
  'end_user_ended',
  'refused_by_agent',
  'agent_lost',
  'media_lost',
]);

export type AgentConnectionParts = ConnectionParts & {
  readonly store: Store;
  readonly sessions: SessionManager;
};

export class AgentConnection implements AgentLink {
  readonly machineId: MachineId;
  readonly deviceId: DeviceId;
  readonly bootId: BootId;
  readonly key: MachineKeyRecord;
  readonly #socket: Socket;
  readonly #parts: AgentConnectionParts;
  /** Rejects when the socket is gone, so that nobody waits for an answer that can not come. */
  readonly #gone: Promise<never>;
  #topology: Topology = { topology_epoch: 0, monitors: [] };
  #greeted = false;

  constructor(socket: Socket, { key, claims }: ProvenMachine, parts: AgentConnectionParts) {
    this.machineId = key.machine_id;
    this.deviceId = key.device_id;
    this.bootId = claims.boot_id;
    this.key = key;
    this.#socket = socket;
    const bound = { machine_id: key.machine_id, device_id: key.device_id };
    this.#parts = { ...parts, logger: parts.logger.child(bound) };
    this.#gone = new Promise((_, reject) => {
      socket.once('disconnect', () => {
        reject(new GcError('agent_offline'));
      });
    });
    this.#gone.catch(() => {
      // awaited by whoever asks
    });
  }

  get topology(): Topology {
    return this.#topology;
  }

  get isConnected(): boolean {
    return this.#socket.connected;
  }

  /** From now on the agent is heard. */
  open(): void {
    listen(this.#socket, 'agent', AGENT_TO_SIGNALING, 'agent.hello', this.#handlers(), this.#parts);
    this.#parts.logger.info({ boot_id: this.bootId }, 'agent connected');
  }

  async ask<N extends Name<AgentCommands>>(
    name: N,
    request: RequestInput<AgentCommands, N>,
  ): Promise<ReplyOf<AgentCommands, N>> {
    if (!this.#socket.connected) throw new GcError('agent_offline');
    return Promise.race([ask(this.#socket, SIGNALING_TO_AGENT, name, request), this.#gone]);
  }

  tell<N extends Name<AgentCommands>>(name: N, request: RequestInput<AgentCommands, N>): void {
    this.ask(name, request).catch((err: unknown) => {
      const { code } = GcError.from(err);
      if (code !== 'agent_offline') this.#parts.logger.warn({ err, name }, 'agent refused');
    });
  }

  /**
   * Is somebody at the other end? Whatever it answers: an agent acknowledges every name, also one
   * that it does not know.
   */
  async isAlive(withinMs: number): Promise<boolean> {
    if (!this.#socket.connected) return false;
    try {
      await this.#socket.timeout(withinMs).emitWithAck('presence.probe', {});
      return true;
    } catch {
      // no answer in time: that is the answer
      return false;
    }
  }

  /** @param why for the log; the agent learns it when it tries to come back. */
  close(why: string): void {
    this.#parts.logger.info({ why }, 'agent connection closed');
    this.#socket.disconnect(true);
  }

  /** The socket is gone. Called once, by whoever listens to its end. */
  async disconnected(reason: string): Promise<void> {
    this.#parts.logger.info({ boot_id: this.bootId, reason }, 'agent disconnected');
    if (this.#greeted) await this.#parts.sessions.agentDisconnected(this);
  }

  #handlers(): Handlers<Says> {
    const { sessions } = this.#parts;
    const of = (id: Parameters<SessionManager['ofAgent']>[1]) => sessions.ofAgent(this, id);
    return {
      'agent.hello': (hello) => this.#hello(hello),
      'topology.changed': async ({ topology }) => {
        this.#topology = topology;
        await this.#parts.store.machines.update(this.machineId, { topology });
        await sessions.agentTopologyChanged(this);
        return {};
      },
      'consent.answer': async ({ session_id, ...answered }) => {
        await (await of(session_id)).consentAnswered(this, answered);
        return {};
      },
      'transport.connect': async ({ session_id, epoch, transport_id, dtls_parameters }) => {
        const session = await of(session_id);
        await session.connectTransport('agent', epoch, transport_id, dtls_parameters);
        return {};
      },
      'transport.restart_ice': async ({ session_id, epoch, transport_id }) =>
        (await of(session_id)).restartIce('agent', epoch, transport_id),
      'video.produce': async ({ session_id, epoch, monitor_id, rendition, rtp_parameters }) => {
        const session = await of(session_id);
        const video = { monitor_id, rendition };
        return { producer_id: await session.produceVideo(epoch, video, rtp_parameters) };
      },
      'video.withdraw': async ({ session_id, epoch, monitor_id }) => {
        await (await of(session_id)).withdrawVideo(epoch, monitor_id);
        return {};
      },
      'data.produce': async ({ session_id, epoch, label, sctp_stream_parameters }) => ({
        data_producer_id: await (
          await of(session_id)
        ).produceAgentData(epoch, label, sctp_stream_parameters),
      }),
      'media.ready': async ({ session_id, epoch }) => {
        await (await of(session_id)).mediaReady(epoch);
        return {};
      },
      'media.lost': async ({ session_id, epoch }) => {
        await (await of(session_id)).agentMediaLost(epoch);
        return {};
      },
      'session.end': async ({ session_id, end_reason }) => {
        await of(session_id);
        if (!AGENT_END_REASONS.has(end_reason))
          throw new GcError('invalid_request', `An agent can not end a session as ${end_reason}`);
        await sessions.end(session_id, end_reason);
        return {};
      },
    };
  }

  async #hello(hello: Hello) {
    if (hello.boot_id !== this.bootId)
      throw new GcError('invalid_request', 'The boot_id differs from the one that connected', {
        faults: [{ pointer: '/boot_id', detail: 'must be the one of the token' }],
      });
    this.#topology = hello.topology;
    await this.#parts.store.machines.update(this.machineId, {
      platform: hello.platform,
      os_version: hello.os_version,
      agent_version: hello.agent_version,
      topology: hello.topology,
      last_seen_at_ms: Date.now(),
    });
    this.#greeted = true;
    const { outcomes, next } = await this.#parts.sessions.agentConnected(this, hello.sessions);
    // The answer goes out first: an offer that overtakes it would find an agent that still waits.
    setImmediate(next);
    return { machine_id: this.machineId, device_id: this.deviceId, sessions: outcomes };
  }
}
