// The promise of the bench `revoke`, with a few sessions: whatever takes access away stops the picture
// within a second.
import { expect, it } from 'vitest';
import { ACTS, measureRevoke } from './revoke.ts';

const PROMISE_MS = 1_000;

it('end, removal, revocation and enrolment anew stop running pictures within a second', async () => {
  const { lastPacketAfterMs, sessions } = await measureRevoke({
    trials: 2,
    say: () => undefined,
  });
  expect(sessions).toBe(2 * Object.keys(ACTS).length);
  for (const name of Object.keys(ACTS))
    expect([name, (lastPacketAfterMs[name]?.max ?? Infinity) < PROMISE_MS]).toEqual([name, true]);
}, 180_000);
