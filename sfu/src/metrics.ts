// Every number this process exports, by name, in base units. No logic: values are read from their
// owners when somebody scrapes.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { OBJECT_KINDS } from './leak-watch.ts';
import type { MediaNode } from './media-node.ts';

export type Metrics = {
  readonly registry: Registry;
  /** One that succeeded; `command` is a name of the contract. */
  readonly observeCommand: (command: string, seconds: number) => void;
  /** One that was refused, `unknown` when it is none; `code` is of the contract's error table. */
  readonly observeRefusal: (command: string, code: string) => void;
};

export function makeMetrics(node: MediaNode, controlConnections: () => number): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node_id: node.config.nodeId });
  collectDefaultMetrics({ register: registry });

  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `gc_media_node_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('sessions', 'Sessions placed on this node', () => node.sessionCount);
  gauge('control_connections', 'Signaling processes connected to the control socket', () =>
    controlConnections(),
  );
  gauge('ready', '1 when a session can be placed here', () => (node.ready ? 1 : 0));
  gauge('worker_deaths', 'Media workers that ended unexpectedly', () => node.workerDeaths);

  new Gauge({
    name: 'gc_media_node_objects',
    help: 'mediasoup objects alive, by kind',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const kind of OBJECT_KINDS) this.set({ kind }, node.objectCounts[kind]);
    },
  });
  new Gauge({
    name: 'gc_media_node_load_ratio',
    help: 'Load against the configured limit of each dimension, 1 is full',
    labelNames: ['dimension'],
    registers: [registry],
    collect() {
      const { sessions: _, ...dimensions } = node.load;
      for (const [dimension, value] of Object.entries(dimensions)) this.set({ dimension }, value);
    },
  });

  const refusals = new Counter({
    name: 'gc_media_node_commands_refused_total',
    help: 'Commands that got a coded error, by name and code',
    labelNames: ['command', 'code'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'gc_media_node_command_seconds',
    help: 'Commands that succeeded, from their arrival to their acknowledgement',
    labelNames: ['command'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  return {
    registry,
    observeCommand: (command, duration) => seconds.observe({ command }, duration),
    observeRefusal: (command, code) => refusals.inc({ command, code }),
  };
}
