// Whose packets are these? A flow begins with ICE connectivity checks, and libwebrtc (every browser)
// puts an attribute into its own that werift (our agent) does not: goog-network-info, 0xC057, of the
// IANA STUN attribute registry. Pure.

const STUN_HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const GOOG_NETWORK_INFO = 0xc057;

export type FlowOwner = 'agent' | 'browser';

/** @returns undefined for what is no connectivity check: it tells nothing. */
export function flowOwner(packet: Buffer): FlowOwner | undefined {
  const isCheck =
    packet.length >= STUN_HEADER_BYTES &&
    packet.readUInt16BE(0) === BINDING_REQUEST &&
    packet.readUInt32BE(4) === MAGIC_COOKIE;
  if (!isCheck) return undefined;
  for (let at = STUN_HEADER_BYTES; at + 4 <= packet.length;) {
    if (packet.readUInt16BE(at) === GOOG_NETWORK_INFO) return 'browser';
    at += 4 + Math.ceil(packet.readUInt16BE(at + 2) / 4) * 4;
  }
  return 'agent';
}
