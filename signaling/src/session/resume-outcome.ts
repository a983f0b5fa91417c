// What a viewer that comes back finds (contract/src/resume.ts says what it does then). Pure.
import type { HelloOutcome } from '@guruconnect/contract/resume';
import type { SessionRecord } from '../store/session-record.ts';

/** @param heldEpoch the placement whose media the viewer still has; undefined when it has none. */
export function resumeOutcome(
  record: Pick<SessionRecord, 'state' | 'placement'>,
  heldEpoch: number | undefined,
): HelloOutcome['outcome'] {
  if (record.state === 'ended') return 'ended';
  if (heldEpoch === undefined) return 'fresh';
  return heldEpoch === record.placement.epoch ? 'resumed' : 'moved';
}
