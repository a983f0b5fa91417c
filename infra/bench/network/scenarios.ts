// The networks a technician meets, as steps of the shaper over time.
import { bothWays, type LinkSettings } from '../../shaper/link.ts';
import type { LineSettings } from '../../shaper/line.ts';
import type { Party } from '../../shaper/shaped-node.ts';
import type { SceneName } from '../scenes/scenes.ts';

export type Step = { readonly atMs: number; readonly party: Party; readonly link: LinkSettings };

export type Scenario = {
  readonly about: string;
  readonly scene: SceneName;
  readonly lengthMs: number;
  /** Whose line is looked at for the rate: the agent's up or the browser's down. */
  readonly narrow: Party;
  readonly steps: readonly Step[];
  /** When the network is well again; the time to recover is counted from here. */
  readonly wellAgainAtMs?: number;
};

const OTHER: Readonly<Record<Party, Party>> = { agent: 'browser', browser: 'agent' };
const NEAR: Partial<LineSettings> = { delayMs: 7 };

const from = (party: Party, settings: Partial<LineSettings>): Step[] => [
  { atMs: 0, party, link: bothWays(settings) },
  { atMs: 0, party: OTHER[party], link: bothWays(NEAR) },
];

const step = (narrow: Party): Scenario => ({
  about: `20 → 1 → 20 Mbit/s on the way of the ${narrow}, 30 ms round trip, a queue of 300 ms`,
  scene: 'churn',
  lengthMs: 34_000,
  narrow,
  steps: [
    ...from(narrow, { bps: 20e6, delayMs: 8 }),
    { atMs: 12_000, party: narrow, link: bothWays({ bps: 1e6 }) },
    { atMs: 22_000, party: narrow, link: bothWays({ bps: 20e6 }) },
  ],
  wellAgainAtMs: 22_000,
});

const outage = (narrow: Party): Scenario => ({
  about: `nothing gets through for 2 s on the way of the ${narrow}, 20 Mbit/s, 30 ms round trip`,
  scene: 'churn',
  lengthMs: 24_000,
  narrow,
  steps: [
    ...from(narrow, { bps: 20e6, delayMs: 8 }),
    { atMs: 12_000, party: narrow, link: bothWays({ outage: true }) },
    { atMs: 14_000, party: narrow, link: bothWays({ outage: false }) },
  ],
  wellAgainAtMs: 14_000,
});

export const SCENARIOS = {
  step_agent: step('agent'),
  step_viewer: step('browser'),
  loss_5_percent: {
    about: '5 % of the packets lost at random both ways before the viewer, 40 ms round trip',
    scene: 'churn',
    lengthMs: 20_000,
    narrow: 'browser',
    steps: from('browser', { bps: 20e6, delayMs: 13, loss: 0.05 }),
  },
  loss_5_percent_agent: {
    about: '5 % of the packets lost at random both ways before the agent, 40 ms round trip',
    scene: 'churn',
    lengthMs: 20_000,
    narrow: 'agent',
    steps: from('agent', { bps: 20e6, delayMs: 13, loss: 0.05 }),
  },
  jitter: {
    about: '100 ms ± 30 ms each way to the viewer, in order',
    scene: 'churn',
    lengthMs: 20_000,
    narrow: 'browser',
    steps: from('browser', { bps: 20e6, delayMs: 100, jitterMs: 30 }),
  },
  outage_agent: outage('agent'),
  outage_viewer: outage('browser'),
  far_scrolling: {
    about: 'scrolling text, 100 ms round trip and 2 % loss before the viewer, 20 Mbit/s',
    scene: 'scroll',
    lengthMs: 20_000,
    narrow: 'browser',
    steps: from('browser', { bps: 20e6, delayMs: 43, loss: 0.02 }),
  },
} as const satisfies Readonly<Record<string, Scenario>>;
