// What mediasoup counts on one endpoint, as the few figures a support desk asks for. Pure: its
// statistics in, ours out. Which transport and streams carry the picture, Endpoint says.
import type { types } from 'mediasoup';
import type { EndpointId, EndpointStats } from '@guruconnect/contract/media-node/node-messages';

export type Leg = {
  readonly endpointId: EndpointId;
  readonly connected: boolean;
  /** `inbound`: from the agent into the node. `outbound`: from the node to a viewer. */
  readonly direction: 'inbound' | 'outbound';
};

/** The part of mediasoup's transport statistics that is looked at; bit rates over its last seconds. */
export type TransportFigures = Pick<
  types.BaseTransportStats,
  | 'recvBitrate'
  | 'sendBitrate'
  | 'availableIncomingBitrate'
  | 'availableOutgoingBitrate'
  | 'rtpPacketLossReceived'
  | 'rtpPacketLossSent'
>;
export type StreamFigures = { readonly roundTripTime?: number | undefined };

/**
 * @param transport undefined once it is closed.
 * @param streams those that flow; the worst round trip of them counts. The worker says 0 for one
 * that was not measured yet.
 */
export function endpointStats(
  { endpointId, connected, direction }: Leg,
  transport: TransportFigures | undefined,
  streams: readonly StreamFigures[],
): EndpointStats {
  const isInbound = direction === 'inbound';
  const roundTripMs = Math.max(0, ...streams.map(({ roundTripTime }) => roundTripTime ?? 0));
  const loss = isInbound ? transport?.rtpPacketLossReceived : transport?.rtpPacketLossSent;
  const available = isInbound
    ? transport?.availableIncomingBitrate
    : transport?.availableOutgoingBitrate;
  const bitrate = isInbound ? transport?.recvBitrate : transport?.sendBitrate;
  return {
    endpoint_id: endpointId,
    connected,
    ...(roundTripMs > 0 ? { round_trip_ms: roundTripMs } : {}),
    ...(loss === undefined ? {} : { loss_ratio: Math.min(1, Math.max(0, loss)) }),
    bitrate_bps: Math.round(bitrate ?? 0),
    ...(available === undefined ? {} : { available_bps: Math.round(available) }),
  };
}
