// How transports are made: one WebRtcServer per worker (so a firewall opens one port a worker),
// and bounds for every queue of a transport.
import type { types } from 'mediasoup';
import type { Config } from './config.ts';
import type { EndpointId } from '@guruconnect/contract/media-node/node-messages';

/**
 * Kernel buffers of the one UDP socket all sessions of a worker share, bytes. A key frame comes as
 * a burst of 50 packets or more, and several sessions start theirs in one moment; the usual 208 KiB
 * hold about 100. The kernel caps it at net.core.rmem_max and wmem_max.
 */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;

/** One UDP and one TCP port; TCP is for networks that let no UDP out and have no TURN. */
export function listenInfos(
  config: Pick<Config, 'rtcHost' | 'rtcPort' | 'rtcAnnouncedAddress'>,
  workerIndex: number,
): types.TransportListenInfo[] {
  const base = {
    ip: config.rtcHost,
    port: config.rtcPort + workerIndex,
    ...(config.rtcAnnouncedAddress === undefined
      ? {}
      : { announcedAddress: config.rtcAnnouncedAddress }),
  };
  return [
    {
      ...base,
      protocol: 'udp',
      recvBufferSize: UDP_BUFFER_BYTES,
      sendBufferSize: UDP_BUFFER_BYTES,
    },
    { ...base, protocol: 'tcp' },
  ];
}

/**
 * Where the estimate of a viewer's downlink starts, bits per second. mediasoup's 600 kbit/s is
 * for faces: the first key frame of a desktop alone would take a second at that rate.
 */
const INITIAL_OUTGOING_BPS = 10_000_000;

/**
 * Seconds without a STUN check before a transport counts as disconnected. Browsers check every
 * 2.5 s, werift every 4 to 6 s (RFC 7675): the longer of them may lose two.
 */
const ICE_CONSENT_TIMEOUT_S = 15;

/** Largest message a viewer may send, bytes: a `text` input event is 1 KiB and a header. */
const VIEWER_MESSAGE_BYTES = 16 * 1024;
/** Largest message of an agent, bytes: a full cursor shape (256 x 256 RGBA) and its header. */
const AGENT_MESSAGE_BYTES = 272 * 1024;

/**
 * Bytes that may wait for a slow agent on one input channel; what does not fit is dropped. Room for
 * a large pasted text (in `text` events of 1 KiB), far more than keys and clicks can fill.
 */
const INPUT_QUEUE_BYTES = 256 * 1024;
/** Bytes of facts that may wait for a slow viewer: a few cursor shapes, then they are dropped. */
const FACTS_QUEUE_BYTES = 1024 * 1024;

export type Direction = 'send' | 'recv';

/** @param direction as the endpoint sees it: `send` carries what it produces. */
export function transportOptions(
  webRtcServer: types.WebRtcServer,
  endpointId: EndpointId,
  direction: Direction,
): types.WebRtcTransportOptions {
  const isAgent = endpointId === 'agent';
  const queueBytes = isAgent ? INPUT_QUEUE_BYTES : FACTS_QUEUE_BYTES;
  return {
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: ICE_CONSENT_TIMEOUT_S,
    initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BPS,
    // mediasoup negotiates 65535 streams each way; channels are bounded by their labels instead.
    enableSctp: true,
    maxReceiveMessageSize: isAgent ? AGENT_MESSAGE_BYTES : VIEWER_MESSAGE_BYTES,
    maxSendMessageSize: isAgent ? VIEWER_MESSAGE_BYTES : AGENT_MESSAGE_BYTES,
    sctpPerStreamSendQueueLimit: queueBytes,
    sctpSendBufferSize: 2 * queueBytes,
    appData: { endpointId, direction },
  };
}
