// Which picture of the world the technician acts on. Input is stamped with the topology whose
// picture is on the screen, not with the newest one heard of: when a monitor changed its size, a
// click aimed at the old picture must be refused by the agent. Pure.
import type { Size } from '@guruconnect/contract/input/coordinates';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import { showsAtFullSize } from './picture-geometry.ts';

export type SeenTopology = {
  readonly topology_epoch: number;
  /** The shown monitor as it was in that topology. */
  readonly monitor: Monitor;
};

/**
 * A scaled video never has the monitor's size: after this long a fresh frame is taken as showing
 * the new topology. Far above capture-to-paint, far below "the click does not work".
 */
const ADOPT_ANY_FRAME_AFTER_MS = 500;

/** A new topology is known. Adopted at once when the shown monitor looks the same in it. */
export function onTopology(
  seen: SeenTopology | undefined,
  topology: Topology,
  shownMonitorId: number,
): SeenTopology | undefined {
  const monitor = topology.monitors.find(({ monitor_id }) => monitor_id === shownMonitorId);
  // The shown monitor is gone: what is on the screen belongs to the old world and stays stamped so.
  if (!monitor) return seen;
  const same =
    seen === undefined ||
    seen.monitor.monitor_id !== shownMonitorId ||
    (seen.monitor.width === monitor.width && seen.monitor.height === monitor.height);
  return same ? { topology_epoch: topology.topology_epoch, monitor } : seen;
}

/** A frame of the shown monitor was painted. */
export function onFrame(
  seen: SeenTopology,
  topology: Topology,
  video: Size,
  sinceTopologyMs: number,
): SeenTopology {
  if (seen.topology_epoch === topology.topology_epoch) return seen;
  const monitor = topology.monitors.find(
    ({ monitor_id }) => monitor_id === seen.monitor.monitor_id,
  );
  if (!monitor) return seen;
  const shown = showsAtFullSize(video, monitor) || sinceTopologyMs >= ADOPT_ANY_FRAME_AFTER_MS;
  return shown ? { topology_epoch: topology.topology_epoch, monitor } : seen;
}
