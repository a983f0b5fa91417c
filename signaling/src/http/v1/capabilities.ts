// GET capabilities: what this build with this configuration can do, for anybody; and for who sends an
// integrator key, what that key can. Both come from the same declarations (features.ts).
import { createHash } from 'node:crypto';
import type { Capabilities } from '@guruconnect/contract/http/v1/capabilities';
import { nameOf, type Deprecation } from '@guruconnect/contract/http/v1/deprecations';
import { SESSION_LIMITS } from '@guruconnect/contract/http/v1/sessions';
import { CONTRACT_VERSION, SUPPORTED_VERSIONS } from '@guruconnect/contract/version';
import { VIEWER_TOKEN } from '@guruconnect/contract/tokens';
import type { Features } from '../../features.ts';
import type { Integrator } from '../../keys/integrator-keys.ts';
import { LIMITS } from '../../limits.ts';
import type { RouteHandlers } from '../bind-routes.ts';

/** Long enough to spare a busy dashboard the question, short enough for the day of an upgrade. */
const CACHE_S = 60;

export type CapabilitiesOptions = {
  readonly features: Features;
  readonly build: string;
  readonly ratePerMinute: number;
  readonly viewerCodeMs: number;
  readonly sessionRetentionMs: number;
  readonly deprecations: readonly Deprecation[];
};

/** @param options every module that enforces a feature has declared it by now. */
export function capabilitiesRoutes(
  options: CapabilitiesOptions,
): Pick<RouteHandlers, 'capabilities.read'> {
  return {
    'capabilities.read': ({ integrator, set }) => {
      // A feature may come while we run (a first agent release), so it is made anew each time.
      const body = describe(options, integrator);
      const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
      set('Vary', 'Authorization');
      set('Cache-Control', `${integrator ? 'private' : 'public'}, max-age=${CACHE_S}`);
      set('ETag', `"${hash}"`);
      return body;
    },
  };
}

function describe(options: CapabilitiesOptions, integrator: Integrator | undefined): Capabilities {
  const { features, build, ratePerMinute, viewerCodeMs, deprecations } = options;
  return {
    contract_version: CONTRACT_VERSION,
    supported_versions: [...SUPPORTED_VERSIONS],
    product: 'guruconnect',
    build,
    ...features.describe(integrator?.scopes),
    limits: {
      requests_per_minute: ratePerMinute,
      body_bytes: LIMITS.bodyBytes,
      open_sessions: LIMITS.openSessions,
      open_sessions_per_device: LIMITS.openSessionsPerDevice,
      viewers_per_session: LIMITS.viewersPerSession,
      event_waits: LIMITS.journalWatchesPerKey,
      viewer_code_s: viewerCodeMs / 1000,
      viewer_token_s: VIEWER_TOKEN.lifetimeS,
      consent_timeout_max_s: SESSION_LIMITS.consent_timeout_s.max,
      wait_for_agent_max_s: SESSION_LIMITS.wait_for_agent_s.max,
      session_duration_max_s: SESSION_LIMITS.max_duration_s.max,
      ended_session_kept_s: options.sessionRetentionMs / 1000,
    },
    ...(integrator ? { key: keyView(integrator) } : {}),
    deprecations: deprecations.map((each) => ({
      what: nameOf(each),
      kind: each.kind,
      since: each.since,
      sunset: each.sunset,
      replacement: each.replacement,
      link: each.link,
    })),
  };
}

const keyView = ({ key, scopes }: Integrator): NonNullable<Capabilities['key']> => ({
  id: key.id,
  scopes: [...scopes].sort(),
  ...(key.expires_at_ms === undefined
    ? {}
    : { expires_at: new Date(key.expires_at_ms).toISOString() }),
});
