// A product in the comparison: GuruConnect, a rival, or the floor. It is started once, sat down at and
// left again for each block of trials; while one is measured none of the others has a viewer.
import type { Browser } from 'puppeteer-core';
import type { LinkSettings } from '../../shaper/link.ts';
import type { Size } from '../scenes/markers.ts';
import type { Seat } from '../seat.ts';

export type Contender = {
  /** The X display whose scene it shows; undefined for the floor, which shows its own. */
  readonly display: string | undefined;
  /** Opens it in the browser as a technician does; the keyboard is on its picture at the end. */
  sitDown(browser: Browser): Promise<Seat>;
  close(): Promise<void>;
};

export type ContenderOptions = {
  readonly size: Size;
  /** A desktop that products of the kind that look at one share. */
  readonly display: string;
  /** Where logs and state go; removed by whoever made it. */
  readonly directory: string;
  /** The technician's access to the network; undefined for loopback. */
  readonly link: LinkSettings | undefined;
  /** The browser's way to a TCP port of the product: over that link, if there is one. */
  readonly reach: (port: number) => Promise<number>;
};

export type ContenderSpec = {
  /** Key in the results. */
  readonly name: string;
  /** As people call it, with its settings. */
  readonly label: string;
  /** Packages of Debian it needs beyond the bench's own. */
  readonly packages: readonly string[];
  /** npm packages, with exact versions, beside ours and never among them. */
  readonly modules: readonly string[];
  readonly start: (options: ContenderOptions) => Promise<Contender>;
};
