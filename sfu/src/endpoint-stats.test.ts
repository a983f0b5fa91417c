import { describe, expect, it } from 'vitest';
import { EndpointStats } from '@guruconnect/contract/media-node/node-messages';
import { endpointStats, type Leg } from './endpoint-stats.ts';

const agent: Leg = { endpointId: 'agent', connected: true, direction: 'inbound' };
const viewer: Leg = {
  endpointId: 'vwr_01m8rf12e057vjzrmszca93vkm',
  connected: true,
  direction: 'outbound',
};
const transport = {
  recvBitrate: 1_000_000.6,
  sendBitrate: 2_000_000,
  availableIncomingBitrate: 3_000_000,
  availableOutgoingBitrate: 4_000_000,
  rtpPacketLossReceived: 0.01,
  rtpPacketLossSent: 0.02,
};

describe('figures of an endpoint', () => {
  it('are those of the way the picture takes', () => {
    expect(endpointStats(agent, transport, [])).toEqual({
      endpoint_id: 'agent',
      connected: true,
      bitrate_bps: 1_000_001,
      available_bps: 3_000_000,
      loss_ratio: 0.01,
    });
    expect(endpointStats(viewer, transport, [])).toMatchObject({
      bitrate_bps: 2_000_000,
      available_bps: 4_000_000,
      loss_ratio: 0.02,
    });
  });

  it('tell the worst round trip, and none that was not measured', () => {
    const rtt = (...ms: (number | undefined)[]) =>
      endpointStats(
        viewer,
        transport,
        ms.map((roundTripTime) => ({ roundTripTime })),
      ).round_trip_ms;
    expect(rtt(4.5, 12.25, undefined)).toBe(12.25);
    expect(rtt(0, undefined)).toBeUndefined();
  });

  it('fit the contract whatever was counted', () => {
    const odd = { ...transport, rtpPacketLossSent: 1.2 };
    for (const stats of [
      endpointStats(viewer, odd, []),
      endpointStats({ ...viewer, connected: false }, undefined, []),
    ])
      expect(EndpointStats.parse(stats)).toEqual(stats);
  });
});
