// Every number of a node, by name, in base units. No logic: values are read from their owners when
// somebody scrapes. Those of the process (memory, event loop) are main.ts's, as the process is.
import { Counter, Gauge, Histogram, register, Registry } from 'prom-client';
import { OBJECT_KINDS } from './leak-watch.ts';
import type { MediaNode } from './media-node.ts';

export type Metrics = {
  readonly contentType: string;
  /** In the text format of Prometheus, with those of the process when it collects some. */
  readonly exposition: () => Promise<string>;
  /** One that succeeded; `command` is a name of the contract. */
  readonly observeCommand: (command: string, seconds: number) => void;
  /** One that was refused, `unknown` when it is none; `code` is of the contract's error table. */
  readonly observeRefusal: (command: string, code: string) => void;
};

export function makeMetrics(node: MediaNode, controlConnections: () => number): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node_id: node.config.nodeId });

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
  new Counter({
    name: 'gc_media_node_worker_deaths_total',
    help: 'Media workers that ended unexpectedly',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(node.workerDeaths);
    },
  });

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
    contentType: registry.contentType,
    exposition: async () => `${await register.metrics()}${await registry.metrics()}`,
    observeCommand: (command, duration) => seconds.observe({ command }, duration),
    observeRefusal: (command, code) => refusals.inc({ command, code }),
  };
}
