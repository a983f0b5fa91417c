// A GuruConnect without machines, media and memory, for the tests of a product that integrates with
// one: the whole contract is served as the real broker serves it, and what happens to a session is
// scripted (scenarios.ts).
//
//   const broker = await startMockBroker({ scenario: 'consent_denied', speed: 20 });
//   const gc = createClient({ baseUrl: broker.baseUrl, key: broker.integratorKey });
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GcError, type ErrorCode } from '../errors.ts';
import type { Feature } from '../http/v1/capabilities.ts';
import { API_BASE } from '../http/v1/routes.ts';
import { SessionId } from '../ids.ts';
import type { JournalEvent } from '../journal.ts';
import { openApiDocument } from '../openapi/open-api-document.ts';
import { auditRoutes, audited } from './audit-routes.ts';
import { controlDoor } from './control-door.ts';
import { MockFeatures } from './features.ts';
import { MockAudit } from './mock-audit.ts';
import { MockKeys, newMockKey } from './mock-keys.ts';
import { MockMachines } from './mock-machines.ts';
import { MockSessions, type Stepped } from './mock-sessions.ts';
import { MockViewers } from './mock-viewers.ts';
import { MockWebhooks } from './mock-webhooks.ts';
import { capabilitiesRoutes, keyRoutes, machineRoutes, webhookRoutes } from './other-routes.ts';
import { releaseRoutes } from './release-routes.ts';
import type { ScenarioName } from './scenarios.ts';
import { sendJson, serveRoutes, type OwnAnswer } from './serve-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { viewerDoor } from './viewer-door.ts';

export type MockBrokerOptions = {
  /** Of every session whose `device_id` does not name one itself. Default `goes_well`. */
  readonly scenario?: ScenarioName;
  /** 2 is twice as fast as life; 0 stands still until `step`. Default 1. */
  readonly speed?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Origin at which others reach it, when that is not where it listens (a container). */
  readonly publicUrl?: string;
  /** The key with every scope. Default: a new one. */
  readonly integratorKey?: string;
  readonly featuresOff?: readonly Feature[];
  /** Of each integrator key. Default 6000. */
  readonly ratePerMinute?: number;
  /** Told of every event, once it can be read. */
  readonly onEvent?: (event: JournalEvent) => void;
};

export type Refusal = {
  readonly code: ErrorCode;
  /** Default 1. */
  readonly times?: number;
  readonly retryAfterMs?: number;
};

const DEFAULT_RATE = 6_000;

/** @throws Error when it can not listen there. */
export async function startMockBroker(options: MockBrokerOptions = {}): Promise<MockBroker> {
  const { host = '127.0.0.1', port = 0 } = options;
  const broker = new MockBroker(options);
  await broker.listen(host, port);
  return broker;
}

export class MockBroker {
  readonly integratorKey: string;
  readonly #http: Server;
  readonly #sessions: MockSessions;
  readonly #webhooks = new MockWebhooks();
  readonly #refusals: { refusal: Refusal; left: number }[] = [];
  readonly #publicUrl: string | undefined;
  #baseUrl = '';

  /** Use {@link startMockBroker}. */
  constructor(options: MockBrokerOptions) {
    const { integratorKey = newMockKey(), ratePerMinute = DEFAULT_RATE } = options;
    this.integratorKey = integratorKey;
    this.#publicUrl = options.publicUrl;
    const keys = new MockKeys(integratorKey, ratePerMinute);
    const features = new MockFeatures(options.featuresOff ?? []);
    const sessions = new MockSessions(options.speed ?? 1, console.error);
    this.#sessions = sessions;
    const viewers = new MockViewers(sessions);
    const machines = new MockMachines((deviceId, superseded) => {
      // Enrolled again: a session that still waits for the device waits for its new key.
      for (const { id, state } of sessions.open(deviceId))
        if (!superseded || state !== 'waiting_agent') sessions.end(id, 'machine_revoked');
    });
    sessions.on('step', ({ step, session: { device_id } }) => {
      if (step === 'agent_connects') machines.setOnline(device_id, true);
      if (step === 'machine_key_revoked') machines.revokeAll(device_id);
    });
    const audit = new MockAudit((checkpoint) => {
      if (features.has('webhooks')) this.#webhooks.tellCheckpoint(checkpoint);
    });
    sessions.on('event', (event) => {
      audit.tell(event);
      if (features.has('webhooks')) this.#webhooks.tell(event);
      options.onEvent?.(event);
    });
    const parts = { sessions, viewers, machines, features };
    const baseUrl = (): string => this.#baseUrl;
    const scenario = options.scenario ?? 'goes_well';
    const doors = [viewerDoor(parts), controlDoor(this), openApiDoor()];
    this.#http = createServer(
      serveRoutes({
        keys,
        admit: () => this.#admit(),
        elsewhere: (method, path) => {
          for (const door of doors) {
            const own = door(method, path);
            if (own) return own;
          }
          return undefined;
        },
        handlers: audited(
          {
            ...capabilitiesRoutes(features, ratePerMinute),
            ...sessionRoutes({ ...parts, scenario, baseUrl }),
            ...machineRoutes(machines, features),
            ...keyRoutes(keys),
            ...webhookRoutes(this.#webhooks, features),
            ...releaseRoutes(features, baseUrl),
            ...auditRoutes(audit, sessions, features),
          },
          audit,
        ),
      }),
    );
  }

  /** Where it is served; what a GuruConnect's public URL is elsewhere. */
  get baseUrl(): string {
    return this.#baseUrl;
  }

  /**
   * The next step of a session's scenario happens now; without an id, that of every open session.
   * @throws GcError `session_not_found`.
   */
  step(sessionId?: string): Stepped[] {
    if (sessionId === undefined)
      return this.#sessions.open().map(({ id }) => this.#sessions.step(id));
    const id = SessionId.safeParse(sessionId);
    if (!id.success) throw new GcError('session_not_found');
    return [this.#sessions.step(id.data)];
  }

  /** The next requests of the contract are refused like this, whatever they are. */
  refuseNext(refusal: Refusal): void {
    this.#refusals.push({ refusal, left: refusal.times ?? 1 });
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject).listen(port, host, resolve);
    });
    const { port: own } = this.#http.address() as AddressInfo;
    // A server that listens everywhere is asked here.
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    this.#baseUrl = this.#publicUrl ?? `http://${name}:${own}`;
  }

  /** Everything it knew is gone. Idempotent. */
  async close(): Promise<void> {
    this.#sessions.close();
    this.#webhooks.close();
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  #admit(): void {
    const [first] = this.#refusals;
    if (!first) return;
    first.left -= 1;
    if (first.left <= 0) this.#refusals.shift();
    const { code, retryAfterMs } = first.refusal;
    throw new GcError(code, 'The mock broker was told to refuse this', {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

function openApiDoor(): (method: string, path: string) => OwnAnswer | undefined {
  const document = openApiDocument();
  return (method, path) =>
    method === 'GET' && path === `${API_BASE}/openapi.json`
      ? (request, response) => sendJson(request, response, 200, document)
      : undefined;
}
