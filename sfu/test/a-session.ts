// A session on a test node, driven as signaling drives it: the commands with their fence filled in.
import type { ReplyOf, RequestInput } from '@guruconnect/contract/base/conversation';
import { newId, type SessionId, type ViewerId } from '@guruconnect/contract/ids';
import type { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import type { CommandName, ControlClient } from './control-client.ts';
import { browserCapabilities, videoParameters } from './rtc-parameters.ts';

type Commands = typeof SIGNALING_TO_NODE;
type Unfenced<Name extends CommandName> = Omit<
  RequestInput<Commands, Name>,
  'session_id' | 'epoch'
>;

export class ASession {
  readonly control: ControlClient;
  readonly sessionId: SessionId;
  readonly epoch: number;

  constructor(control: ControlClient, sessionId: SessionId = newId('ses'), epoch = 1) {
    this.control = control;
    this.sessionId = sessionId;
    this.epoch = epoch;
  }

  get fence(): { session_id: SessionId; epoch: number } {
    return { session_id: this.sessionId, epoch: this.epoch };
  }

  async ask<Name extends CommandName>(
    name: Name,
    request: Unfenced<Name>,
  ): Promise<ReplyOf<Commands, Name>> {
    return await this.control.ask(name, { ...this.fence, ...request } as RequestInput<
      Commands,
      Name
    >);
  }

  /** Placed again: the same session with the next epoch. */
  next(): ASession {
    return new ASession(this.control, this.sessionId, this.epoch + 1);
  }

  async describe(): Promise<ReplyOf<Commands, 'session.describe'>> {
    return await this.control.ask('session.describe', { session_id: this.sessionId });
  }

  /** Open, with its agent, consented to. */
  async openWithAgent(): Promise<this> {
    await this.ask('session.open', {});
    await this.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false });
    await this.ask('session.gate', { open: true });
    return this;
  }

  async openViewer(maySendInput = true): Promise<ViewerId> {
    const viewerId = newId('vwr');
    await this.ask('endpoint.open', { endpoint_id: viewerId, may_send_input: maySendInput });
    return viewerId;
  }

  async publish(monitorId: number): Promise<string> {
    const { producer_id } = await this.ask('video.produce', {
      monitor_id: monitorId,
      rtp_parameters: videoParameters(monitorId),
    });
    return producer_id;
  }

  async watch(viewerId: ViewerId, monitorId: number): Promise<ReplyOf<Commands, 'video.consume'>> {
    return await this.ask('video.consume', {
      endpoint_id: viewerId,
      monitor_id: monitorId,
      rtp_capabilities: browserCapabilities(),
    });
  }

  async openFacts(streamId = 1): Promise<string> {
    const { data_producer_id } = await this.ask('data.produce', {
      endpoint_id: 'agent',
      label: 'facts',
      sctp_stream_parameters: { streamId, ordered: true },
    });
    return data_producer_id;
  }

  async openActions(viewerId: ViewerId, streamId = 1): Promise<string> {
    const { data_producer_id } = await this.ask('data.produce', {
      endpoint_id: viewerId,
      label: 'input.actions',
      sctp_stream_parameters: { streamId, ordered: true },
    });
    return data_producer_id;
  }
}
