// Two transports, each with an ICE and a DTLS state, told as one word about the endpoint. Pure.
import type { types } from 'mediasoup';

export type TransportStates = { readonly ice: types.IceState; readonly dtls: types.DtlsState };

/** As in the notice `endpoint.connection`; undefined: nothing has connected yet. */
export type ConnectionState = 'connected' | 'disconnected' | 'failed' | undefined;

/** Media can flow over it in this moment. */
export const isConnected = ({ ice, dtls }: TransportStates): boolean =>
  dtls === 'connected' && (ice === 'connected' || ice === 'completed');

const isFailed = ({ dtls }: TransportStates): boolean => dtls === 'failed' || dtls === 'closed';

/**
 * An endpoint connects a transport only when it first uses it (a viewer that only looks never
 * connects the one it would send with), so transports still in their first handshake do not count.
 * @param wasConnected per transport: has it ever been connected?
 */
export function connectionState(
  transports: readonly (TransportStates & { readonly wasConnected: boolean })[],
): ConnectionState {
  if (transports.some(isFailed)) return 'failed';
  const used = transports.filter((transport) => transport.wasConnected);
  if (used.length === 0) return undefined;
  return used.every(isConnected) ? 'connected' : 'disconnected';
}
