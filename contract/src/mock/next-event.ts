// Waiting for a journal to go on.
import type { SessionId } from '../ids.ts';
import type { MockSessions } from './mock-sessions.ts';

/** Resolves when the journal has an event after `seq`, or the signal is aborted. */
export function nextEvent(
  sessions: MockSessions,
  id: SessionId,
  seq: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || sessions.read(id).last_seq > seq) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = sessions.on('event', (event) => {
      if (event.session_id === id) done();
    });
    signal.addEventListener('abort', done);
  });
}
