// mediasoup's objects as they travel to signaling. Pure: reads properties, asks nobody.
import type { types } from 'mediasoup';
import type {
  DataConsumer,
  TransportOptions,
  VideoConsumer,
} from '@guruconnect/contract/signal/rtc-parameters';
import { CHANNELS, type ChannelLabel } from './channel-rules.ts';

export function toTransportOptions(transport: types.WebRtcTransport): TransportOptions {
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
  return {
    id,
    iceParameters,
    iceCandidates,
    // Fingerprints of every algorithm are offered; the role is settled by the endpoint's answer.
    dtlsParameters,
    ...(sctpParameters === undefined ? {} : { sctpParameters }),
  };
}

export const toVideoConsumer = (consumer: types.Consumer): VideoConsumer => ({
  consumer_id: consumer.id,
  producer_id: consumer.producerId,
  rtp_parameters: consumer.rtpParameters as VideoConsumer['rtp_parameters'],
});

/**
 * The reliability is the channel's own, from the table: mediasoup's worker reports `maxRetransmits`
 * 0 as absent (SctpStreamParameters.cpp, 3.27), which would read as "retransmit until it arrives".
 * It sends by it all the same: a move that cannot leave at once is dropped.
 */
export function toDataConsumer(consumer: types.DataConsumer): DataConsumer {
  const { id, dataProducerId, sctpStreamParameters, label } = consumer;
  // Only consumers on direct transports have none, and this package makes no direct transports.
  if (!sctpStreamParameters) throw new Error(`data consumer ${id} has no SCTP stream`);
  return {
    data_consumer_id: id,
    data_producer_id: dataProducerId,
    sctp_stream_parameters: {
      streamId: sctpStreamParameters.streamId,
      ...CHANNELS[label as ChannelLabel],
    },
    label,
  };
}
