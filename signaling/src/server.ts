// createServer(parts): express and socket.io on one http server, every door and no room. It does
// not listen: main.ts does, last.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import { Server as SocketServer } from 'socket.io';
import { GcError } from '@guruconnect/contract/errors';
import type { Deprecation } from '@guruconnect/contract/http/v1/deprecations';
import type { Audit } from './audit/audit.ts';
import type { Config } from './config.ts';
import type { Features } from './features.ts';
import { bindRoutes, type BindParts } from './http/bind-routes.ts';
import { trustedProxies } from './http/client-address.ts';
import { embedElement } from './http/embed-element.ts';
import { healthRoutes } from './http/health.ts';
import { openApiRoute } from './http/open-api.ts';
import { Idempotency } from './http/idempotency.ts';
import { everywhere } from './http/page-headers.ts';
import { sendProblem } from './http/problem.ts';
import { RateLimits } from './http/rate-limits.ts';
import { nameRequest, requestIdOf } from './http/request-id.ts';
import { RunningRequests } from './http/running-requests.ts';
import { auditRoutes } from './http/v1/audit.ts';
import { capabilitiesRoutes } from './http/v1/capabilities.ts';
import { integratorKeyRoutes } from './http/v1/integrator-keys.ts';
import { machineRoutes } from './http/v1/machines.ts';
import { releaseRoutes } from './http/v1/releases.ts';
import { sessionEventRoutes } from './http/v1/session-events.ts';
import { sessionRoutes } from './http/v1/sessions.ts';
import { viewerRoutes } from './http/v1/viewer.ts';
import { webhookRoutes } from './http/v1/webhooks.ts';
import { viewerPage } from './http/viewer-page.ts';
import type { Enrolment } from './keys/enrolment.ts';
import type { IntegratorKeys } from './keys/integrator-keys.ts';
import type { MachineKeys } from './keys/machine-keys.ts';
import type { ViewerCodes } from './keys/viewer-codes.ts';
import type { ViewerTokens } from './keys/viewer-tokens.ts';
import { LIMITS, type Timings } from './limits.ts';
import type { Logger } from './logger.ts';
import type { NodeDirectory } from './media/node-directory.ts';
import type { Metrics } from './metrics.ts';
import type { ReleaseShelf } from './releases/release-shelf.ts';
import type { JournalWatch } from './session/journal-watch.ts';
import type { SessionManager } from './session/session-manager.ts';
import type { AgentPresence } from './signal/agent-presence.ts';
import { Gateway } from './signal/gateway.ts';
import type { Bus } from './store/bus.ts';
import type { Store } from './store/store.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export type ServerParts = {
  readonly config: Config;
  readonly build: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly features: Features;
  readonly integratorKeys: IntegratorKeys;
  readonly audit: Audit;
  readonly machineKeys: MachineKeys;
  readonly enrolment: Enrolment;
  readonly codes: ViewerCodes;
  readonly tokens: ViewerTokens;
  readonly nodes: NodeDirectory;
  readonly sessions: SessionManager;
  readonly watch: JournalWatch;
  readonly shelf: ReleaseShelf;
  readonly presence: AgentPresence;
  readonly webhooks: Webhooks;
  readonly metrics: Metrics;
  readonly timings: Timings;
  readonly logger: Logger;
  readonly deprecations: readonly Deprecation[];
  readonly isStopping: () => boolean;
  readonly onBadAnswer: BindParts['onBadAnswer'];
};

export type SignalingServer = {
  readonly http: HttpServer;
  readonly io: SocketServer;
  readonly gateway: Gateway;
  readonly running: RunningRequests;
};

const MAX_HEADER_BYTES = 16 * 1024;

export function createServer(parts: ServerParts): SignalingServer {
  const { config, timings, features, sessions, logger } = parts;
  const { refused } = parts.audit;
  const limits = new RateLimits(config.ratePerMinute, trustedProxies(config.trustedProxies));

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  const http = createHttpServer(
    {
      headersTimeout: timings.headersMs,
      requestTimeout: timings.requestMs,
      keepAliveTimeout: timings.idleMs,
      connectionsCheckingInterval: timings.connectionsLookMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    app,
  );
  const io = new SocketServer(http, {
    serveClient: false,
    transports: ['websocket'],
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.socketMessageBytes,
    connectTimeout: timings.helloMs,
    pingInterval: timings.pingIntervalMs,
    pingTimeout: timings.pingTimeoutMs,
    allowRequest: (_request, allow) => {
      allow(parts.isStopping() ? 'shutting_down' : null, !parts.isStopping());
    },
  });
  const gateway = new Gateway(io, {
    ...parts,
    publicUrl: config.publicUrl,
    perMachineKeys: features.declare('per_machine_keys'),
    admitHandshake: (request) => limits.handshake(request),
    onRefused: (door, code, request) => {
      refused.note(door, code, limits.addressOf(request));
    },
  });

  const running = new RunningRequests();
  app.use(running.track, nameRequest, ...everywhere(config.publicUrl));
  app.use(healthRoutes(parts));
  app.use((_request, response, next) => {
    if (!parts.isStopping()) {
      next();
      return;
    }
    response.set('Connection', 'close');
    throw new GcError('shutting_down', undefined, { retryAfterMs: SHUTDOWN_RETRY_MS });
  });
  app.use(
    viewerPage({
      directory: config.viewerDir,
      publicUrl: config.publicUrl,
      embedded: features.declare('embedded_viewer'),
      find: (id) => sessions.read(id).catch(nothingFound),
      admit: (request) => limits.public(request),
      logger,
    }),
  );
  app.use(embedElement(config.embedDir, logger));
  app.use(openApiRoute());
  const handlers = {
    ...sessionRoutes({
      sessions,
      codes: parts.codes,
      idempotency: new Idempotency(parts.store),
      publicUrl: config.publicUrl,
    }),
    ...sessionEventRoutes(parts),
    ...releaseRoutes({
      shelf: parts.shelf,
      gate: features.declare('agent_releases', {
        through: 'releases.latest',
        missing: () => parts.shelf.missing,
      }),
      publicUrl: config.publicUrl,
    }),
    ...machineRoutes(parts.store, parts.enrolment),
    ...webhookRoutes(parts.webhooks),
    ...integratorKeyRoutes(parts.integratorKeys),
    ...auditRoutes({
      audit: parts.store.audit,
      sessions,
      gate: features.declare('audit_log', { through: 'audit.list' }),
    }),
    ...viewerRoutes(sessions, config.publicUrl),
    ...capabilitiesRoutes({
      features,
      build: parts.build,
      ratePerMinute: config.ratePerMinute,
      sessionRetentionMs: config.sessionRetentionMs,
      viewerCodeMs: parts.codes.lifetimeMs,
      deprecations: parts.deprecations,
    }),
  };
  bindRoutes(app, handlers, {
    keys: parts.integratorKeys,
    limits,
    logger,
    metrics: parts.metrics,
    deprecations: parts.deprecations,
    onBadAnswer: parts.onBadAnswer,
    onRefused: (code, request) => {
      refused.note('http', code, limits.addressOf(request));
    },
  });
  app.use(() => {
    throw new GcError('not_found');
  });
  app.use(atTheEdge(logger));
  return { http, io, gateway, running };
}

const SHUTDOWN_RETRY_MS = 2_000;

function nothingFound(error: unknown): undefined {
  if (error instanceof GcError && error.code === 'session_not_found') return undefined;
  throw error;
}

/** Whatever was thrown outside a route of the contract becomes a problem document here. */
const atTheEdge =
  (logger: Logger): ErrorRequestHandler =>
  (thrown: unknown, _request, response, _next) => {
    // A path that can not be decoded (%zz).
    const error =
      thrown instanceof URIError
        ? new GcError('invalid_request', 'The path is not valid')
        : GcError.from(thrown);
    if (error.code === 'internal') logger.error({ err: thrown }, 'a request failed');
    sendProblem(response, error, requestIdOf(response));
  };
