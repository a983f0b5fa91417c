// What `npm run bench -- NAME` can measure. A bench starts what it needs and leaves nothing running.

import type { ChartInput } from './rivals/chart.ts';

export type BenchOptions = {
  /** Samples per figure; a bench that measures something else than repeated trials ignores it. */
  readonly trials: number;
  /** A line of progress, for whoever waits. */
  readonly say: (line: string) => void;
};

export type Bench = {
  /** One line, printed at its start. */
  readonly about: string;
  /** In infra/bench/results/. */
  readonly file: string;
  /** @returns what goes into the file, beside the machine and the time. */
  readonly run: (options: BenchOptions) => Promise<Readonly<Record<string, unknown>>>;
  /** A picture for the documents, drawn whenever the file is written. */
  readonly chart?: { readonly file: string; readonly draw: (results: never) => Promise<string> };
};

export const DEFAULT_BENCH = 'feel';

export const BENCHES: Readonly<Record<string, Bench>> = {
  feel: {
    about: 'what a technician feels: first picture, input to photon, monitor switch, cost',
    file: 'latest.json',
    run: async (options) => (await import('./feel.ts')).measureFeel(options),
  },
  scenes: {
    about: 'input to photon for each kind of content, hop by hop',
    file: 'scenes.json',
    run: async (options) => (await import('./scenes.ts')).measureScenes(options),
  },
  rivals: {
    about: 'GuruConnect and its rivals side by side, half an hour with 100 trials',
    file: 'rivals.json',
    run: async (options) => (await import('./rivals/rivals.ts')).measureRivals(options),
    chart: {
      file: 'docs/latency.svg',
      draw: async (results: ChartInput) => (await import('./rivals/chart.ts')).chart(results),
    },
  },
  network: {
    about: 'narrow, lossy, far and broken networks: delay, frames, freezes, time to recover',
    file: 'network.json',
    run: async (options) => (await import('./network/network.ts')).measureNetwork(options),
  },
  revoke: {
    about: 'pictures after access was taken away: call to last packet, many sessions at once',
    file: 'revoke.json',
    run: async (options) => (await import('./revoke/revoke.ts')).measureRevoke(options),
  },
  sharpness: {
    about: 'text in the viewer against the screen, from a change to half a second after it',
    file: 'sharpness.json',
    run: async (options) => (await import('./sharpness/sharpness.ts')).measureSharpness(options),
  },
  codecs: {
    about: 'codecs and colour formats on text: processor time, bytes, likeness',
    file: 'codecs.json',
    run: async (options) => (await import('./sharpness/codecs.ts')).measureCodecs(options),
  },
  stages: {
    about: 'what a frame costs in each stage of the agent, at 720p and 1080p',
    file: 'stages.json',
    run: async (options) => (await import('./stages/stages.ts')).measureStages(options),
  },
  api: {
    about: 'the integration contract over HTTP, beside express by itself; 10,000 open sessions',
    file: 'api.json',
    run: async (options) => (await import('./api/api-bench.ts')).measureApi(options),
  },
};
