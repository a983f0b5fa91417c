// npm run bench -- rivals: what runs here of the remote desktops in a browser, side by side.
import type { BenchOptions } from '../benches.ts';
import { CONTENT } from '../scenes/scenes.ts';
import { compare, type Comparison } from './compare.ts';
import type { ContenderSpec } from './contender.ts';
import { FLOOR } from './floor.ts';
import { GURUCONNECT } from './guruconnect.ts';
import { MESHCENTRAL } from './meshcentral.ts';
import { TIGERVNC, X11VNC, X11VNC_TUNED } from './vnc.ts';

const CONTENDERS: readonly ContenderSpec[] = [
  FLOOR,
  GURUCONNECT,
  TIGERVNC,
  X11VNC,
  X11VNC_TUNED,
  MESHCENTRAL,
];

export type RivalsResult = {
  readonly labels: Readonly<Record<string, string>>;
  /** Loopback, by display size. Milliseconds. */
  readonly loopback: Readonly<Record<string, Comparison>>;
};

export async function measureRivals({ trials, say }: BenchOptions): Promise<RivalsResult> {
  const sizes = [
    { width: 1280, height: 720 },
    { width: 1920, height: 1080 },
  ];
  const loopback: Record<string, Comparison> = {};
  for (const size of sizes)
    loopback[`${size.width}x${size.height}`] = await compare({
      contenders: CONTENDERS,
      scenes: ['flip'],
      size,
      trials,
      say,
    });
  return {
    labels: Object.fromEntries(CONTENDERS.map(({ name, label }) => [name, label])),
    loopback,
  };
}
void CONTENT;
