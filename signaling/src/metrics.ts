// Counters and histograms by name; no logic. Labels are bounded sets, never ids. One registry per
// process object, so that tests can run several.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** From one request on the same machine to a person answering a prompt. */
const SETUP_BUCKETS_S = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export type Metrics = ReturnType<typeof makeMetrics>;

/** @param options.process false leaves out CPU, memory and event loop of the process (tests). */
export function makeMetrics(options: { process: boolean } = { process: true }) {
  const registry = new Registry();
  const registers = [registry];
  if (options.process) collectDefaultMetrics({ register: registry, prefix: 'gc_signaling_' });
  return {
    registry,
    requests: new Counter({
      name: 'gc_http_requests_total',
      help: 'HTTP requests by route of the contract and status',
      labelNames: ['route', 'status'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'gc_refusals_total',
      help: 'Refused requests and messages by door and error code',
      labelNames: ['door', 'code'] as const,
      registers,
    }),
    sockets: new Gauge({
      name: 'gc_sockets',
      help: 'Connected sockets',
      labelNames: ['kind'] as const,
      registers,
    }),
    openSessions: new Gauge({
      name: 'gc_sessions_open',
      help: 'Sessions that have not ended',
      registers,
    }),
    sessionsEnded: new Counter({
      name: 'gc_sessions_ended_total',
      help: 'Ended sessions by reason',
      labelNames: ['end_reason'] as const,
      registers,
    }),
    consents: new Counter({
      name: 'gc_consent_answers_total',
      help: 'Consent answers of agents',
      labelNames: ['answer'] as const,
      registers,
    }),
    placements: new Counter({
      name: 'gc_placements_total',
      help: 'Placements of sessions on media nodes',
      labelNames: ['result'] as const,
      registers,
    }),
    sessionSetup: new Histogram({
      name: 'gc_session_setup_seconds',
      help: 'From creation to the first moment a session is live',
      buckets: SETUP_BUCKETS_S,
      registers,
    }),
    nodesReady: new Gauge({
      name: 'gc_media_nodes_ready',
      help: 'Media nodes whose control link is up',
      registers,
    }),
    webhookAttempts: new Counter({
      name: 'gc_webhook_attempts_total',
      help: 'Attempts to deliver to webhooks by what they came to',
      labelNames: ['result'] as const,
      registers,
    }),
    webhooksDisabled: new Counter({
      name: 'gc_webhooks_disabled_total',
      help: 'Webhooks this server disabled by itself',
      labelNames: ['reason'] as const,
      registers,
    }),
    webhookPending: new Gauge({
      name: 'gc_webhook_deliveries_pending',
      help: 'Deliveries that are not made yet, counted once a minute',
      registers,
    }),
    webhookOldestPending: new Gauge({
      name: 'gc_webhook_oldest_pending_seconds',
      help: 'Age of the oldest delivery that is not made yet, counted once a minute',
      registers,
    }),
    quarantines: new Counter({
      name: 'gc_machine_quarantines_total',
      help: 'Machine keys found in use twice',
      registers,
    }),
  };
}
