import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { EpochFence } from './epoch-fence.ts';

const refusal = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('the epoch fence', () => {
  const session = newId('ses');

  // Every situation a command can meet. `known`: what the fence has seen; `epoch`: of the command.
  it.each([
    { known: 'nothing', epoch: 3, open: 'new', other: 'session_not_found', close: undefined },
    { known: 'open 3', epoch: 2, open: 'stale_epoch', other: 'stale_epoch', close: 'stale_epoch' },
    { known: 'open 3', epoch: 3, open: 'running', other: undefined, close: undefined },
    { known: 'open 3', epoch: 4, open: 'new', other: 'session_not_found', close: undefined },
    { known: 'ended 3', epoch: 2, open: 'stale_epoch', other: 'stale_epoch', close: 'stale_epoch' },
    {
      known: 'ended 3',
      epoch: 3,
      open: 'stale_epoch',
      other: 'session_not_found',
      close: undefined,
    },
    { known: 'ended 3', epoch: 4, open: 'new', other: 'session_not_found', close: undefined },
  ])('knowing $known, epoch $epoch may: open $open, act $other, close $close', (row) => {
    const fence = new EpochFence();
    if (row.known === 'open 3') fence.opened(session, 3);
    if (row.known === 'ended 3') fence.ended(session, 3);
    expect(refusal(() => fence.mayOpen(session, row.epoch))).toBe(row.open);
    expect(refusal(() => fence.check(session, row.epoch))).toBe(row.other);
    expect(refusal(() => fence.mayClose(session, row.epoch))).toBe(row.close);
  });

  it('forgets the longest ended sessions first, and never an open one', () => {
    const fence = new EpochFence(2);
    const [open, first, second, third] = [newId('ses'), newId('ses'), newId('ses'), newId('ses')];
    fence.opened(open, 5);
    for (const id of [first, second, third]) fence.ended(id, 5);
    expect(refusal(() => fence.mayOpen(first, 1))).toBe('new');
    for (const id of [open, second, third])
      expect(refusal(() => fence.mayOpen(id, 1))).toBe('stale_epoch');
  });

  it('counts a session that ended twice once', () => {
    const fence = new EpochFence(2);
    const [first, second] = [newId('ses'), newId('ses')];
    fence.ended(first, 1);
    for (let i = 0; i < 5; i += 1) fence.ended(second, 1 + i);
    expect(refusal(() => fence.mayOpen(first, 1))).toBe('stale_epoch');
  });
});
