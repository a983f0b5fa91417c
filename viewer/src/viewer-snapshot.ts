// What an onlooker may know of a viewer at one moment: everything the page draws comes from here.
import type { ViewerState } from '@guruconnect/contract/embed/embed-messages';
import type { ErrorCode, GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Topology } from '@guruconnect/contract/monitor';
import type { Rendition } from '@guruconnect/contract/rendition';
import type { EndReason, Session } from '@guruconnect/contract/session';
import type { InputStatus } from './input/input-status.ts';
import type { Scaling } from './media/picture-geometry.ts';
import type { Layout } from './panes.ts';

export type ViewerSnapshot = {
  readonly state: ViewerState;
  /** As last told; undefined before the first hello. */
  readonly session: Session | undefined;
  readonly grants: readonly Grant[];
  /** Exact origins whose page may speak to this viewer; empty before the exchange. */
  readonly embedOrigins: readonly string[];
  /** The signaling socket. Picture and input go on without it. */
  readonly link: 'up' | 'down';
  /** Attempts to get the socket back since it was lost. */
  readonly linkAttempts: number;
  readonly picture: 'none' | 'live' | 'stale';
  readonly topology: Topology;
  readonly selectedMonitorId: number | undefined;
  /** The monitor on the screen; during a switch still the old one. */
  readonly shownMonitorId: number | undefined;
  readonly layout: Layout;
  /** Monitors that are shown in a browser window of their own. */
  readonly windows: readonly number[];
  /** Monitors whose thumbnail is live; undefined while thumbnails are off. */
  readonly thumbnails: readonly number[] | undefined;
  /** Of the monitor on the screen. */
  readonly rendition: Rendition | undefined;
  readonly input: InputStatus;
  readonly scaling: Scaling;
  /** When the consent prompt closes by itself, this machine's clock. */
  readonly consentExpiresAtMs: number | undefined;
  readonly endReason: EndReason | undefined;
  /** Why the viewer failed; set only in that state. */
  readonly error: GcError | undefined;
};

/** Something worth a short word to the technician; nothing stops because of it. */
export type ViewerNotice =
  /** The agent refused an input event of this viewer. */
  | { readonly kind: 'input_refused'; readonly code: ErrorCode }
  /** A command of the page or of the host failed. */
  | { readonly kind: 'trouble'; readonly what: string; readonly error: GcError };

export type ViewerEvents = {
  /** Anything of the snapshot changed; at most once per turn of the event loop. */
  changed: ViewerSnapshot;
  /** The journal, in order, with its seq. */
  event: JournalEvent;
  notice: ViewerNotice;
};

/** A viewer that could not even be made: the page still says why. */
export const failedSnapshot = (error: GcError): ViewerSnapshot => ({
  state: 'failed',
  session: undefined,
  grants: [],
  embedOrigins: [],
  link: 'down',
  linkAttempts: 0,
  picture: 'none',
  topology: { topology_epoch: 0, monitors: [] },
  selectedMonitorId: undefined,
  shownMonitorId: undefined,
  layout: 'single',
  windows: [],
  thumbnails: undefined,
  rendition: undefined,
  input: { enabled: false, why: 'not_live' },
  scaling: 'fit',
  consentExpiresAtMs: undefined,
  endReason: undefined,
  error,
});
