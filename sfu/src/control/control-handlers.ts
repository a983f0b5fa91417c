// Each command of signaling as the method call it stands for. Requests arrive parsed; what is
// refused is thrown as a coded error by whoever knows the rule.
import type { Handlers } from '@guruconnect/contract/base/conversation';
import type { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import type { VideoRef } from '@guruconnect/contract/rendition';
import { WIRE_VERSION } from '@guruconnect/contract/version';
import type { MediaNode } from '../media-node.ts';
import { toDataConsumer, toVideoConsumer } from '../rtc-mapping.ts';

/** @param build shown to operators; the version of this package. */
export function controlHandlers(
  node: MediaNode,
  build: string,
): Handlers<typeof SIGNALING_TO_NODE> {
  return {
    'node.hello': () => ({
      node_id: node.config.nodeId,
      wire_version: WIRE_VERSION,
      build,
      load: node.load,
      draining: node.draining,
    }),

    'session.open': async (fence) => ({ router_rtp_capabilities: await node.openSession(fence) }),
    'session.close': async (command) => {
      await node.closeSession(command, command.reason);
      return {};
    },
    'session.gate': async (command) => {
      const { open } = command;
      if (open) await node.inSession(command, (session) => session.setGate(true));
      else await node.withdrawInSession(command, (session) => session.setGate(false));
      return {};
    },
    'session.describe': ({ session_id }) => node.describeSession(session_id),

    'session.stats': (fence) => node.inSession(fence, (session) => session.stats()),

    'endpoint.open': (command) =>
      node.inSession(command, (session) =>
        session.openEndpoint(command.endpoint_id, command.may_send_input),
      ),
    'endpoint.close': async (command) => {
      await node.withdrawInSession(command, (session) =>
        session.closeEndpoint(command.endpoint_id, command.reason),
      );
      return {};
    },
    'endpoint.allow_input': async (command) => {
      const { endpoint_id, allowed } = command;
      if (allowed)
        await node.inSession(command, (session) => session.allowInput(endpoint_id, true));
      else
        await node.withdrawInSession(command, (session) => session.allowInput(endpoint_id, false));
      return {};
    },

    'transport.connect': async (command) => {
      await node.inSession(command, (session) =>
        session
          .transport(command.endpoint_id, command.transport_id)
          .connect(command.dtls_parameters),
      );
      return {};
    },
    'transport.restart_ice': (command) =>
      node.inSession(command, async (session) => ({
        ice_parameters: await session
          .transport(command.endpoint_id, command.transport_id)
          .restartIce(),
      })),

    'video.produce': (command) =>
      node.inSession(command, async (session) => ({
        producer_id: await session.produceVideo(videoOf(command), command.rtp_parameters),
      })),
    'video.withdraw': async (command) => {
      await node.withdrawInSession(command, (session) => session.withdrawVideo(command.monitor_id));
      return {};
    },
    'video.consume': (command) =>
      node.inSession(command, async (session) => {
        const { endpoint_id, rtp_capabilities } = command;
        return toVideoConsumer(
          await session.consumeVideo(endpoint_id, videoOf(command), rtp_capabilities),
        );
      }),
    'video.set_paused': async (command) => {
      await node.inSession(command, (session) =>
        session.setVideoPaused(command.endpoint_id, command.consumer_id, command.paused),
      );
      return {};
    },
    'video.restart': async (command) => {
      await node.inSession(command, (session) =>
        session.restartVideo(command.endpoint_id, command.consumer_id),
      );
      return {};
    },
    'video.keyframe': async (command) => {
      await node.inSession(command, (session) =>
        session.requestKeyframe(command.endpoint_id, command.consumer_id),
      );
      return {};
    },

    'data.produce': (command) =>
      node.inSession(command, async (session) => ({
        data_producer_id: await session.produceData(
          command.endpoint_id,
          command.label,
          command.sctp_stream_parameters,
        ),
      })),
    'data.consume': (command) =>
      node.inSession(command, async (session) =>
        toDataConsumer(await session.consumeData(command.endpoint_id, command.data_producer_id)),
      ),
  };
}

const videoOf = ({ monitor_id, rendition }: VideoRef): VideoRef => ({ monitor_id, rendition });
