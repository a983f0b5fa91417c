// How the way from the media node to a viewer is doing. The node forwards whatever the agent sends,
// so a narrow way there must be told to the agent, which alone can send less.
import { z } from 'zod';

/** Of the last stretch of time, 200 ms or more. */
export const PathReport = z.object({
  /**
   * How long packets wait on the way from the agent, beyond the shortest seen: milliseconds. On both
   * hops together; the agent knows its own.
   */
  queue_ms: z.number().int().min(0).max(60_000),
  arriving_bps: z.number().int().nonnegative(),
  loss_ratio: z.number().min(0).max(1),
});
export type PathReport = z.output<typeof PathReport>;
