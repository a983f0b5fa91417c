// Monitors of a machine and their topology. The topology epoch is what makes a click safe: the
// viewer says which picture of the world it clicked on, the agent refuses an older one.
import { z } from 'zod';

/** Stable for one output while the agent process lives; never given to another output. */
export const MonitorId = z.number().int().min(1).max(0xffff);
export type MonitorId = z.output<typeof MonitorId>;

/** Rises by one with every change of the set of monitors, their sizes or places. */
export const TopologyEpoch = z.number().int().min(0).max(0xffffffff);
export type TopologyEpoch = z.output<typeof TopologyEpoch>;

export const Monitor = z.object({
  monitor_id: MonitorId,
  name: z
    .string()
    .min(1)
    .max(64)
    .describe('The name the system gives the output: "DUMMY0", "\\\\.\\DISPLAY1".'),
  // May be negative on Windows: the origin is the primary monitor's.
  x: z.number().int().min(-65536).max(65535).describe('Left edge on the virtual desktop, pixels.'),
  y: z.number().int().min(-65536).max(65535).describe('Top edge on the virtual desktop, pixels.'),
  width: z.number().int().min(1).max(16384).describe('Physical pixels.'),
  height: z.number().int().min(1).max(16384).describe('Physical pixels.'),
  scale: z.number().min(0.25).max(8).describe('Logical-to-physical scale factor, 1 = 96 dpi.'),
  primary: z.boolean(),
});
export type Monitor = z.output<typeof Monitor>;

export const MAX_MONITORS = 16;

export const Topology = z.object({
  topology_epoch: TopologyEpoch,
  monitors: z.array(Monitor).max(MAX_MONITORS),
});
export type Topology = z.output<typeof Topology>;
