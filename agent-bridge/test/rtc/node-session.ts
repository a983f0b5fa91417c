// One session on a real media node, without signaling: the orders signaling would give, given
// directly. For tests of what is in front of the media node.
import type { types } from 'mediasoup-client';
import { newId, type SessionId, type ViewerId } from '@guruconnect/contract/ids';
import type { EndpointId } from '@guruconnect/contract/media-node/node-messages';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import type {
  DataConsumer,
  DtlsParameters,
  RtpCapabilities,
  SctpStreamParameters,
  VideoConsumer,
} from '@guruconnect/contract/signal/rtc-parameters';
import type { InputChannel } from '@guruconnect/contract/signal/channels';
import type { ControlClient } from '../../../sfu/test/control-client.ts';
import type { PeerSignaling } from '../../src/rtc/rtc-peer.ts';

export class NodeSession {
  readonly sessionId: SessionId;
  epoch = 1;
  readonly #control: ControlClient;
  readonly #routerCapabilities: RtpCapabilities;
  /** Orders by name, for tests of what was asked. */
  readonly asked: string[] = [];
  factsId: string | undefined;

  private constructor(control: ControlClient, sessionId: SessionId, router: RtpCapabilities) {
    this.#control = control;
    this.sessionId = sessionId;
    this.#routerCapabilities = router;
  }

  /** Its gate is open: consent is another test's subject. */
  static async open(control: ControlClient): Promise<NodeSession> {
    const fence = { session_id: newId('ses'), epoch: 1 };
    const { router_rtp_capabilities } = await control.ask('session.open', fence);
    await control.ask('session.gate', { ...fence, open: true });
    return new NodeSession(control, fence.session_id, router_rtp_capabilities);
  }

  get fence() {
    return { session_id: this.sessionId, epoch: this.epoch };
  }

  /** Placed again, on the same node. */
  async moveTo(epoch: number): Promise<void> {
    this.epoch = epoch;
    await this.#control.ask('session.open', this.fence);
    await this.#control.ask('session.gate', { ...this.fence, open: true });
  }

  async openEndpoint(endpointId: EndpointId): Promise<MediaOpen> {
    const transports = await this.#control.ask('endpoint.open', {
      ...this.fence,
      endpoint_id: endpointId,
      may_send_input: endpointId !== 'agent',
    });
    return {
      ...this.fence,
      ...transports,
      router_rtp_capabilities: this.#routerCapabilities,
      ice_servers: [],
    };
  }

  /** What signaling does for an agent's peer. */
  agentSignaling(): PeerSignaling {
    const order = <T>(name: string, answer: Promise<T>): Promise<T> => {
      this.asked.push(name);
      return answer;
    };
    return {
      connectTransport: (transportId, dtls) =>
        order('transport.connect', this.connect('agent', transportId, dtls)),
      restartIce: async (transport_id) => {
        const reply = await order(
          'transport.restart_ice',
          this.#control.ask('transport.restart_ice', {
            ...this.fence,
            endpoint_id: 'agent',
            transport_id,
          }),
        );
        return { ...reply, ice_servers: [] };
      },
      produceVideo: async (video, rtp_parameters) =>
        (
          await order(
            'video.produce',
            this.#control.ask('video.produce', { ...this.fence, ...video, rtp_parameters }),
          )
        ).producer_id,
      withdrawVideo: async (monitor_id) => {
        await order(
          'video.withdraw',
          this.#control.ask('video.withdraw', { ...this.fence, monitor_id }),
        );
      },
      produceData: async (label, sctp_stream_parameters) => {
        const { data_producer_id } = await this.#control.ask('data.produce', {
          ...this.fence,
          endpoint_id: 'agent',
          label,
          sctp_stream_parameters,
        });
        this.factsId = data_producer_id;
        return data_producer_id;
      },
    };
  }

  async connect(endpointId: EndpointId, transport_id: string, dtls: DtlsParameters): Promise<void> {
    await this.#control.ask('transport.connect', {
      ...this.fence,
      endpoint_id: endpointId,
      transport_id,
      dtls_parameters: dtls,
    });
  }

  consumeVideo(
    viewer: ViewerId,
    video: VideoRef,
    rtpCapabilities: types.RtpCapabilities,
  ): Promise<VideoConsumer> {
    return this.#control.ask('video.consume', {
      ...this.fence,
      endpoint_id: viewer,
      ...video,
      rtp_capabilities: rtpCapabilities as RtpCapabilities,
    });
  }

  async setPaused(viewer: ViewerId, consumer_id: string, paused: boolean): Promise<void> {
    await this.#control.ask('video.set_paused', {
      ...this.fence,
      endpoint_id: viewer,
      consumer_id,
      paused,
    });
  }

  async requestKeyframe(viewer: ViewerId, consumer_id: string): Promise<void> {
    await this.#control.ask('video.keyframe', { ...this.fence, endpoint_id: viewer, consumer_id });
  }

  async consumeFacts(viewer: ViewerId): Promise<DataConsumer> {
    if (this.factsId === undefined) throw new Error('the agent has no facts channel');
    return await this.#control.ask('data.consume', {
      ...this.fence,
      endpoint_id: viewer,
      data_producer_id: this.factsId,
    });
  }

  /** Both halves, as signaling opens them. */
  async openInput(
    viewer: ViewerId,
    channel: InputChannel,
    stream: SctpStreamParameters,
  ): Promise<{ producerId: string; agentConsumer: DataConsumer }> {
    const { data_producer_id } = await this.#control.ask('data.produce', {
      ...this.fence,
      endpoint_id: viewer,
      label: channel,
      sctp_stream_parameters: stream,
    });
    const agentConsumer = await this.#control.ask('data.consume', {
      ...this.fence,
      endpoint_id: 'agent',
      data_producer_id,
    });
    return { producerId: data_producer_id, agentConsumer };
  }

  async closeEndpoint(endpoint_id: EndpointId): Promise<void> {
    await this.#control.ask('endpoint.close', { ...this.fence, endpoint_id, reason: 'test' });
  }
}
