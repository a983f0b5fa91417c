// Monitors of an X server through RANDR 1.5: real outputs and those set with `xrandr --setmonitor`.
// A monitor is recognised by its output's name; X has one scale for the desktop (Xft.dpi).
import type { Topology } from '@guruconnect/contract/monitor';
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import { readDesktopDpi, readMonitors, requireRandr, watchMonitors } from '../x11/xrandr.ts';
import { SETTLE_MAX_MS, SETTLE_QUIET_MS, type Displays } from './displays.ts';
import { Settle } from './settle.ts';
import { TopologyTracker, type OutputState } from './topology-tracker.ts';

/** A scale of 1. */
const BASE_DPI = 96;
const MIN_SCALE = 0.5;
const MAX_SCALE = 4;

/** Throws XError `display_unsupported` without RANDR 1.5. The connection stays the caller's. */
export function openX11Displays(x: XConnection): Displays {
  requireRandr(x);
  return new X11Displays(x);
}

class X11Displays implements Displays {
  readonly #x: XConnection;
  readonly #tracker = new TopologyTracker();
  readonly #listeners = new Set<(topology: Topology) => void>();
  readonly #settle = new Settle(SETTLE_QUIET_MS, SETTLE_MAX_MS, () => this.#read());
  readonly #stopWatching: () => void;
  #closed = false;

  constructor(x: XConnection) {
    this.#x = x;
    this.#stopWatching = watchMonitors(x, () => this.#settle.sign()); // first, so none is missed
    this.#read();
  }

  current(): Topology {
    return this.#tracker.current();
  }

  onChange(listener: (topology: Topology) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settle.cancel();
    this.#listeners.clear();
    this.#stopWatching();
  }

  #read(): void {
    let outputs: OutputState[];
    try {
      outputs = readOutputs(this.#x);
    } catch (error) {
      if (error instanceof XError) return; // the display went away: its owner is told elsewhere
      throw error;
    }
    const topology = this.#tracker.update(outputs);
    if (topology) for (const listener of [...this.#listeners]) listener(topology);
  }
}

function readOutputs(x: XConnection): OutputState[] {
  const dpi = readDesktopDpi(x) ?? BASE_DPI;
  const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, dpi / BASE_DPI));
  return readMonitors(x).map((monitor) => ({ ...monitor, key: monitor.name, scale }));
}
