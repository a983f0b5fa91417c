// What a session needs of the two sockets it talks to; signal/ implements it. The session never
// sees a socket.
import type { Name, ReplyOf, RequestInput } from '@guruconnect/contract/base/conversation';
import type { BootId, DeviceId, MachineId, ViewerId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import type { SIGNALING_TO_AGENT } from '@guruconnect/contract/signal/agent-messages';
import type { SIGNALING_TO_VIEWER } from '@guruconnect/contract/signal/viewer-messages';
import type { MachineKeyRecord } from '../store/store.ts';

export type AgentCommands = typeof SIGNALING_TO_AGENT;
export type ViewerCommands = typeof SIGNALING_TO_VIEWER;

export type AgentLink = {
  readonly machineId: MachineId;
  readonly deviceId: DeviceId;
  readonly bootId: BootId;
  /** The key this connection was proven with. */
  readonly key: MachineKeyRecord;
  /** The newest the agent told. */
  readonly topology: Topology;
  /** @throws GcError the agent's refusal; `agent_offline` when the socket is or gets closed; `timeout`. */
  ask<N extends Name<AgentCommands>>(
    name: N,
    request: RequestInput<AgentCommands, N>,
  ): Promise<ReplyOf<AgentCommands, N>>;
  /** In order; an outcome other than success is logged and nothing more. */
  tell<N extends Name<AgentCommands>>(name: N, request: RequestInput<AgentCommands, N>): void;
};

export type ViewerLink = {
  readonly viewerId: ViewerId;
  /** In order; a viewer that does not acknowledge for too long is closed. */
  tell<N extends Name<ViewerCommands>>(name: N, request: RequestInput<ViewerCommands, N>): void;
  /** Resolves when everything told so far was acknowledged, or the socket is gone. */
  heard(): Promise<void>;
  /** @param why for the log; the viewer learns it when it tries to come back. */
  close(why: string): void;
};
