// npm run bench -- rivals: the remote desktops in a browser that run here, side by side. On loopback
// with the simplest of changes, and with content over a line like a technician's at home.
import { bothWays } from '../../shaper/link.ts';
import type { BenchOptions } from '../benches.ts';
import type { SceneName } from '../scenes/scenes.ts';
import { CONTENT } from '../scenes/scenes.ts';
import { compare, type Comparison } from './compare.ts';
import type { ContenderSpec } from './contender.ts';
import { FLOOR } from './floor.ts';
import { GURUCONNECT } from './guruconnect.ts';
import { MESHCENTRAL } from './meshcentral.ts';
import { TIGERVNC, X11VNC, X11VNC_TUNED } from './vnc.ts';

const REMOTE: readonly ContenderSpec[] = [GURUCONNECT, TIGERVNC, X11VNC, X11VNC_TUNED, MESHCENTRAL];
const ALL: readonly ContenderSpec[] = [FLOOR, ...REMOTE];

const HD = { width: 1280, height: 720 };
const FULL_HD = { width: 1920, height: 1080 };
const FLIP: readonly SceneName[] = ['flip'];
/** 20 Mbit/s and 30 ms round trip between the browser and everything else. */
const LINE = bothWays({ bps: 20e6, delayMs: 15 });

/** What is measured, by its key in the results. */
const PARTS = {
  loopback_1280x720: { contenders: ALL, scenes: FLIP, size: HD },
  loopback_1920x1080: { contenders: ALL, scenes: FLIP, size: FULL_HD },
  line_20_mbps_30_ms_1280x720: { contenders: REMOTE, scenes: CONTENT, size: HD, link: LINE },
};
export type RivalsPart = keyof typeof PARTS;

export type RivalsResult = {
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds from the DOM event to the animation frame that has the whole change. */
  readonly latency_ms: Readonly<Record<RivalsPart, Comparison>>;
};

export async function measureRivals({ trials, say }: BenchOptions): Promise<RivalsResult> {
  const measured: Partial<Record<RivalsPart, Comparison>> = {};
  for (const part of Object.keys(PARTS) as RivalsPart[]) {
    say(`${part} …`);
    measured[part] = await compare({ ...PARTS[part], trials, say });
  }
  return {
    labels: Object.fromEntries(ALL.map(({ name, label }) => [name, label])),
    latency_ms: measured as Record<RivalsPart, Comparison>,
  };
}
