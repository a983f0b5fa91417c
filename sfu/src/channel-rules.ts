// Who may open which data channel, and how reliable it has to be: the table of the contract
// (signal/channels.ts) as checks. Pure; SessionRouter asks them before it asks an endpoint.
import { GcError } from '@guruconnect/contract/errors';
import type { EndpointId } from '@guruconnect/contract/media-node/node-messages';
import {
  AGENT_CHANNELS,
  INPUT_CHANNELS,
  type AgentChannel,
  type InputChannel,
} from '@guruconnect/contract/signal/channels';
import type { SctpStreamParameters } from '@guruconnect/contract/signal/rtc-parameters';

export type ChannelLabel = InputChannel | AgentChannel;
export type Reliability = { readonly ordered: boolean; readonly maxRetransmits?: number };

export const CHANNELS: Readonly<Record<ChannelLabel, Reliability>> = {
  ...INPUT_CHANNELS,
  ...AGENT_CHANNELS,
};

export const isInput = (label: string): label is InputChannel =>
  Object.hasOwn(INPUT_CHANNELS, label);

/** @throws GcError `invalid_request`: wrong owner, or not the reliability of the table. */
export function checkProducible(
  endpointId: EndpointId,
  label: ChannelLabel,
  stream: SctpStreamParameters,
): void {
  if (isInput(label) === (endpointId === 'agent'))
    throw new GcError('invalid_request', `${endpointId} does not produce the channel ${label}`);
  const expected = CHANNELS[label];
  if (
    (stream.ordered ?? true) !== expected.ordered ||
    stream.maxRetransmits !== expected.maxRetransmits ||
    stream.maxPacketLifeTime !== undefined
  )
    throw new GcError(
      'invalid_request',
      `the channel ${label} has to be ${JSON.stringify(expected)}, as in the table of channels`,
    );
  if (stream.label !== undefined && stream.label !== label)
    throw new GcError('invalid_request', 'sctp_stream_parameters.label is not the channel label');
}

/** Input flows from viewers to the agent, facts from the agent to viewers, nothing else. */
export function checkConsumable(endpointId: EndpointId, label: string): void {
  if (isInput(label) !== (endpointId === 'agent'))
    throw new GcError('invalid_request', `${endpointId} does not consume the channel ${label}`);
}
