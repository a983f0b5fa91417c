import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { EventInbox } from './event-inbox.ts';

const event = (seq: number, session = 'ses_1'): JournalEvent =>
  ({
    seq,
    session_id: session,
    type: 'session.live',
    at: '2026-12-01T09:30:00.000Z',
    data: {},
  }) as unknown as JournalEvent;

describe('the inbox', () => {
  it('keeps each event once, in order, and the ways it came', () => {
    const inbox = new EventInbox();
    expect(inbox.take(event(2), 'webhook')).toBe(true);
    expect(inbox.take(event(1), 'api')).toBe(true);
    expect(inbox.take(event(2), 'webhook')).toBe(false);
    expect(inbox.take(event(2), 'api')).toBe(false);
    expect(inbox.list('ses_1').map(({ seq, ways }) => [seq, ways])).toEqual([
      [1, ['api']],
      [2, ['api', 'webhook']],
    ]);
    expect(inbox.list('ses_2')).toEqual([]);
  });

  it('asks for what came after the last event it read, whatever webhooks told meanwhile', () => {
    const inbox = new EventInbox();
    expect(inbox.readTo('ses_1')).toBe(0);
    inbox.take(event(1), 'api');
    inbox.take(event(3), 'webhook');
    expect(inbox.readTo('ses_1')).toBe(1);
  });

  it('forgets the oldest session first', () => {
    const inbox = new EventInbox();
    for (let n = 0; n <= 100; n += 1) inbox.take(event(1, `ses_${n}`), 'api');
    expect(inbox.list('ses_0')).toEqual([]);
    expect(inbox.list('ses_100')).toHaveLength(1);
  });
});
