// How long pictures still arrive after access was taken away, with many sessions running at once: from
// the integrator's call to the last packet at the viewer. One session each time, under the load of the rest.
import { World } from '../../trust/world.ts';
import type { BenchOptions } from '../benches.ts';
import { figures, type Figures } from '../figures.ts';
import { RunningSession } from './running-session.ts';

type Act = (world: World, session: RunningSession) => Promise<unknown>;

export const ACTS: Readonly<Record<string, Act>> = {
  session_ended: ({ contract }, { created }) => contract.sessions.end({ session_id: created.id }),
  viewer_removed: ({ contract }, { created, viewerId }) =>
    contract.viewers.remove({ session_id: created.id, viewer_id: viewerId }),
  machine_key_revoked: async ({ contract }, { deviceId }) => {
    const { keys } = await contract.machineKeys.list({ device_id: deviceId });
    const [key] = keys;
    if (!key) throw new Error('the machine has no key');
    return contract.machineKeys.revoke({ device_id: deviceId, key_id: key.id });
  },
  machine_enrolled_anew: (world, { deviceId }) => world.enrolAgain(deviceId),
};

export type RevokeResults = {
  /** At the start; each act ends one. */
  readonly sessions: number;
  /** From the call to the last packet that arrived, milliseconds; 0 when none came after the call. */
  readonly lastPacketAfterMs: Readonly<Record<string, Figures>>;
  /** From the call to its answer, milliseconds. */
  readonly answeredAfterMs: Readonly<Record<string, Figures>>;
};

/** Starting many at once would measure their handshakes. */
const STARTED_AT_ONCE = 4;
/** So long nothing has to come before the last packet is called the last. */
const QUIET_MS = 1_500;

/** @param options.trials of each act; so many sessions run for each of them at the start. */
export async function measureRevoke(
  options: Pick<BenchOptions, 'trials' | 'say'>,
): Promise<RevokeResults> {
  const { trials, say } = options;
  const acts = Object.entries(ACTS);
  await using opened = new AsyncDisposableStack();
  const world = await World.start();
  opened.defer(() => world.close());
  const sessions: RunningSession[] = [];
  const wanted = trials * acts.length;
  while (sessions.length < wanted) {
    const batch = Math.min(STARTED_AT_ONCE, wanted - sessions.length);
    const names = Array.from({ length: batch }, (_, i) => `revoke-${sessions.length + i}`);
    for (const session of await Promise.all(
      names.map((name) => RunningSession.start(world, name)),
    )) {
      opened.defer(() => session.close());
      sessions.push(session);
    }
    say(`${sessions.length} of ${wanted} sessions run`);
  }
  const last: Record<string, number[]> = {};
  const answered: Record<string, number[]> = {};
  for (let trial = 0; trial < trials; trial += 1)
    for (const [i, [name, act]] of acts.entries()) {
      const session = sessions[trial * acts.length + i];
      if (!session) throw new Error('there is no such session');
      const calledMs = performance.now();
      await act(world, session);
      (answered[name] ??= []).push(performance.now() - calledMs);
      (last[name] ??= []).push(Math.max(0, (await lastPacket(session)) - calledMs));
    }
  const told = (samples: Record<string, number[]>): Record<string, Figures> =>
    Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, figures(values)]));
  return { sessions: wanted, lastPacketAfterMs: told(last), answeredAfterMs: told(answered) };
}

/** @throws Error when packets go on and on. */
async function lastPacket(session: RunningSession): Promise<number> {
  const end = performance.now() + 10 * QUIET_MS;
  for (;;) {
    const at = session.lastPacketMs;
    if (performance.now() - at >= QUIET_MS) return at;
    if (performance.now() > end) throw new Error('packets go on arriving');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
