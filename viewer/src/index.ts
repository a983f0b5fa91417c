// The library's surface, by name. The page (main.ts, ui/, embed/) is built on nothing else.
import { Viewer, type ViewerOptions } from './viewer.ts';

/**
 * Starts a viewer inside an element: trades the code, joins, shows the monitors as soon as the end
 * user allows. It never throws for what comes from outside: read `viewer.snapshot.state`.
 */
export const createViewer = (options: ViewerOptions): Viewer => new Viewer(options);

export type { Viewer, ViewerOptions } from './viewer.ts';
export type { ViewerStatistics } from './media/measurements.ts';
export type { ViewerEvents, ViewerNotice, ViewerSnapshot } from './viewer-snapshot.ts';
export type { InputOff, InputStatus } from './input/input-status.ts';
export type { Layout } from './panes.ts';
export type { Scaling } from './media/picture-geometry.ts';
export { beginOpening, type Opening } from './link/opening.ts';
export { HOPS, type AnsweredInput, type Hop, type HopStatistics } from './media/frame-trace.ts';
