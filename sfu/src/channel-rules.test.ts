import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { CHANNELS, checkConsumable, checkProducible, type ChannelLabel } from './channel-rules.ts';

const viewer = newId('vwr');
const labels = Object.keys(CHANNELS) as ChannelLabel[];

describe('data channels', () => {
  it.each(labels)('%s has one side that sends and another that receives', (label) => {
    const stream = { streamId: 1, ...CHANNELS[label] };
    const [sender, receiver] =
      label === 'facts' ? (['agent', viewer] as const) : ([viewer, 'agent'] as const);
    expect(() => checkProducible(sender, label, stream)).not.toThrow();
    expect(() => checkConsumable(receiver, label)).not.toThrow();
    expect(() => checkProducible(receiver, label, stream)).toThrow('does not produce');
    expect(() => checkConsumable(sender, label)).toThrow('does not consume');
  });

  it('are reliable when nothing is said, as in RFC 8832', () => {
    expect(() => checkProducible(viewer, 'input.actions', { streamId: 1 })).not.toThrow();
    expect(() => checkProducible(viewer, 'input.moves', { streamId: 1 })).toThrow('has to be');
  });
});
