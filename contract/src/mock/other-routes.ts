// The routes of the mock broker that are not about sessions: capabilities, machines, keys, webhooks.
import { createHash } from 'node:crypto';
import type { Capabilities } from '../http/v1/capabilities.ts';
import { DEPRECATIONS, nameOf } from '../http/v1/deprecations.ts';
import { SESSION_LIMITS } from '../http/v1/sessions.ts';
import { DeliveryId, DeviceId } from '../ids.ts';
import { VIEWER_TOKEN } from '../tokens.ts';
import { CONTRACT_VERSION, SUPPORTED_VERSIONS } from '../version.ts';
import type { MockFeatures } from './features.ts';
import type { Caller, MockKeys } from './mock-keys.ts';
import type { MockMachines } from './mock-machines.ts';
import { OPEN_SESSIONS_PER_DEVICE } from './mock-sessions.ts';
import { VIEWER_CODE_S, VIEWERS_PER_SESSION } from './mock-viewers.ts';
import type { MockWebhooks } from './mock-webhooks.ts';
import { pageOf } from './page-of.ts';
import { MAX_BODY_BYTES, type RouteHandlers } from './serve-routes.ts';

type RoutesOf<Noun extends string> = Pick<
  RouteHandlers,
  Extract<keyof RouteHandlers, `${Noun}.${string}`>
>;

export function capabilitiesRoutes(
  features: MockFeatures,
  ratePerMinute: number,
): RoutesOf<'capabilities'> {
  const limits = {
    requests_per_minute: ratePerMinute,
    body_bytes: MAX_BODY_BYTES,
    open_sessions_per_device: OPEN_SESSIONS_PER_DEVICE,
    viewers_per_session: VIEWERS_PER_SESSION,
    viewer_code_s: VIEWER_CODE_S,
    viewer_token_s: VIEWER_TOKEN.lifetimeS,
    consent_timeout_max_s: SESSION_LIMITS.consent_timeout_s.max,
    wait_for_agent_max_s: SESSION_LIMITS.wait_for_agent_s.max,
    session_duration_max_s: SESSION_LIMITS.max_duration_s.max,
  };
  return {
    'capabilities.read': ({ caller, set }) => {
      const body: Capabilities = {
        contract_version: CONTRACT_VERSION,
        supported_versions: [...SUPPORTED_VERSIONS],
        product: 'guruconnect',
        build: 'mock-broker',
        ...features.describe(caller?.scopes),
        limits,
        ...(caller ? { key: keyOf(caller) } : {}),
        deprecations: DEPRECATIONS.map((each) => {
          const { kind, since, sunset, replacement, link } = each;
          return { what: nameOf(each), kind, since, sunset, replacement, link };
        }),
      };
      const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
      set('Vary', 'Authorization');
      set('Cache-Control', `${caller ? 'private' : 'public'}, max-age=60`);
      set('ETag', `"${hash}"`);
      return body;
    },
  };
}

const keyOf = ({ id, scopes, expires_at }: Caller): NonNullable<Capabilities['key']> => ({
  id,
  scopes: [...scopes].sort(),
  ...(expires_at === undefined ? {} : { expires_at }),
});

export function machineRoutes(
  machines: MockMachines,
  features: MockFeatures,
): RoutesOf<'machines' | 'machine_keys' | 'enrolment_tokens' | 'agent'> {
  return {
    'machines.list': ({ query: { online, ...page } }) => {
      const found = machines
        .list()
        .filter((machine) => online === undefined || machine.online === (online === 'true'));
      const { entries, ...next } = pageOf(found, ({ device_id }) => device_id, DeviceId, page);
      return { machines: entries, ...next };
    },
    'machines.read': ({ params }) => machines.read(params.device_id),
    'machine_keys.list': ({ params }) => ({ keys: machines.keys(params.device_id) }),
    'machine_keys.revoke': ({ params }) => machines.revokeKey(params.device_id, params.key_id),
    'enrolment_tokens.create': ({ body }) => {
      features.require('per_machine_keys');
      return machines.mint(body.device_id, body.expires_in_s);
    },
    'agent.enrol': ({ body }) => {
      features.require('per_machine_keys');
      const { id, machine_id, device_id } = machines.enrol(body);
      return { machine_id, device_id, key_id: id };
    },
  };
}

export function keyRoutes(keys: MockKeys): RoutesOf<'integrator_keys'> {
  return {
    'integrator_keys.create': ({ body, caller }) => keys.mint(body, caller),
    'integrator_keys.list': () => ({ keys: keys.list() }),
    'integrator_keys.revoke': ({ params }) => keys.revoke(params.key_id),
  };
}

export function webhookRoutes(
  webhooks: MockWebhooks,
  features: MockFeatures,
): RoutesOf<'webhooks' | 'deliveries'> {
  /** Each of them needs the feature. */
  const gated =
    <Call, Answer>(handle: (call: Call) => Answer) =>
    (call: Call): Answer => {
      features.require('webhooks');
      return handle(call);
    };
  const routes: RoutesOf<'webhooks' | 'deliveries'> = {
    'webhooks.create': ({ body }) => webhooks.create(body),
    'webhooks.list': () => ({ webhooks: webhooks.list() }),
    'webhooks.read': ({ params }) => webhooks.read(params.webhook_id),
    'webhooks.remove': ({ params }) => webhooks.remove(params.webhook_id),
    'webhooks.enable': ({ params }) => webhooks.enable(params.webhook_id),
    'webhooks.disable': ({ params }) => webhooks.disable(params.webhook_id),
    'webhooks.rotate_secret': ({ params, body }) =>
      webhooks.rotate(params.webhook_id, body.overlap_s),
    'webhooks.test': ({ params }) => webhooks.test(params.webhook_id),
    'deliveries.list': ({ params, query: { state, ...page } }) => {
      const found = webhooks
        .deliveries(params.webhook_id)
        .filter((delivery) => state === undefined || delivery.state === state);
      const { entries, ...next } = pageOf(found, ({ id }) => id, DeliveryId, page);
      return { deliveries: entries, ...next };
    },
    'deliveries.replay': ({ params, body: { since } }) => ({
      replayed: webhooks.replay(
        params.webhook_id,
        since === undefined ? undefined : Date.parse(since),
      ),
    }),
  };
  return Object.fromEntries(
    Object.entries(routes).map(([name, handle]) => [
      name,
      gated(handle as (call: unknown) => unknown),
    ]),
  ) as RoutesOf<'webhooks' | 'deliveries'>;
}
