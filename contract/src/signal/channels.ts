// The data channels of a session, by label. A label outside this table is never opened.
import { z } from 'zod';

export const INPUT_CHANNELS = {
  /** Keys, buttons, wheel, text, release-all: reliable and ordered. */
  'input.actions': { ordered: true },
  /** Pointer moves: only the newest matters, so none is ever sent twice or waited for. */
  'input.moves': { ordered: false, maxRetransmits: 0 },
} as const;
export type InputChannel = keyof typeof INPUT_CHANNELS;
export const InputChannel = z.enum(
  Object.keys(INPUT_CHANNELS) as [InputChannel, ...InputChannel[]],
);

export const AGENT_CHANNELS = {
  /** Cursor, input answers, frame traces: from the agent to every viewer. */
  facts: { ordered: true },
} as const;
export type AgentChannel = keyof typeof AGENT_CHANNELS;
export const AgentChannel = z.enum(
  Object.keys(AGENT_CHANNELS) as [AgentChannel, ...AgentChannel[]],
);
