// From what the operating system says about outputs to a topology with ids and an epoch. Pure; each
// platform's Displays owns one.
import { MAX_MONITORS, type Monitor, type Topology } from '@guruconnect/contract/monitor';

/** An active output as the system tells it, in the system's order. */
export interface OutputState {
  /** What makes it the same output tomorrow: the connector's name, the device path. */
  readonly key: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly primary: boolean;
}

const MAX_NAME_LENGTH = 64;
const MAX_MONITOR_ID = 0xffff;

export class TopologyTracker {
  readonly #idByKey = new Map<string, number>();
  #topology: Topology = { topology_epoch: 0, monitors: [] };

  current(): Topology {
    return this.#topology;
  }

  /** The new topology, its epoch one higher; undefined when nothing changed. */
  update(outputs: readonly OutputState[]): Topology | undefined {
    const shown = withoutMirrors(outputs).sort(byImportance);
    const primary = shown.find((output) => output.primary) ?? shown[0];
    const monitors = shown
      .flatMap((output) => {
        const monitor_id = this.#idOf(output.key);
        return monitor_id === undefined ? [] : [monitorOf(output, monitor_id, output === primary)];
      })
      .slice(0, MAX_MONITORS)
      .sort((a, b) => a.monitor_id - b.monitor_id);
    const isFirst = this.#topology.topology_epoch === 0;
    if (!isFirst && JSON.stringify(monitors) === JSON.stringify(this.#topology.monitors))
      return undefined;
    this.#topology = { topology_epoch: this.#topology.topology_epoch + 1, monitors };
    return this.#topology;
  }

  /** An output keeps its id while the agent lives, also unplugged; undefined after 65535 outputs. */
  #idOf(key: string): number | undefined {
    const known = this.#idByKey.get(key);
    if (known !== undefined) return known;
    const fresh = this.#idByKey.size + 1;
    if (fresh > MAX_MONITOR_ID) return undefined;
    this.#idByKey.set(key, fresh);
    return fresh;
  }
}

/** Outputs that show the very same area are one monitor to a viewer; a key counts once. */
function withoutMirrors(outputs: readonly OutputState[]): OutputState[] {
  const byArea = new Map<string, OutputState>();
  const keys = new Set<string>();
  for (const output of outputs) {
    if (output.width <= 0 || output.height <= 0 || keys.has(output.key)) continue;
    keys.add(output.key);
    const area = `${output.x},${output.y},${output.width},${output.height}`;
    const known = byArea.get(area);
    if (!known || (output.primary && !known.primary)) byArea.set(area, output);
  }
  return [...byArea.values()];
}

/** New ids are given in this order, so that "Monitor 1" is the primary one at first. */
function byImportance(a: OutputState, b: OutputState): number {
  return Number(b.primary) - Number(a.primary) || a.x - b.x || a.y - b.y;
}

function monitorOf(output: OutputState, monitor_id: number, primary: boolean): Monitor {
  const { x, y, width, height, scale } = output;
  const name = output.name.slice(0, MAX_NAME_LENGTH) || `output ${monitor_id}`;
  return { monitor_id, name, x, y, width, height, scale, primary };
}
