// mediasoup's objects as they travel to signaling. Pure: reads properties, asks nobody.
import type { types } from 'mediasoup';
import type {
  DataConsumer,
  TransportOptions,
  VideoConsumer,
} from '@guruconnect/contract/signal/rtc-parameters';

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

export function toDataConsumer(consumer: types.DataConsumer): DataConsumer {
  const { id, dataProducerId, sctpStreamParameters, label } = consumer;
  // Only consumers on direct transports have none, and this package makes no direct transports.
  if (!sctpStreamParameters) throw new Error(`data consumer ${id} has no SCTP stream`);
  return {
    data_consumer_id: id,
    data_producer_id: dataProducerId,
    sctp_stream_parameters: sctpStreamParameters,
    label,
  };
}
