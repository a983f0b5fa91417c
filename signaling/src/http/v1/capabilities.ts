// GET capabilities: what this build with this configuration can do. Public; changes only with a
// restart, so it is made once.
import { createHash } from 'node:crypto';
import type { Capabilities } from '@guruconnect/contract/http/v1/capabilities';
import { SESSION_LIMITS } from '@guruconnect/contract/http/v1/sessions';
import { CONTRACT_VERSION, SUPPORTED_VERSIONS } from '@guruconnect/contract/version';
import { VIEWER_TOKEN } from '@guruconnect/contract/tokens';
import type { Features } from '../../features.ts';
import { LIMITS } from '../../limits.ts';
import type { RouteHandlers } from '../bind-routes.ts';

/** Long enough to spare a busy dashboard the question, short enough for the day of an upgrade. */
const CACHE_S = 60;

export type CapabilitiesOptions = {
  readonly features: Features;
  readonly build: string;
  readonly ratePerMinute: number;
  readonly viewerCodeMs: number;
};

/** @param options every module that enforces a feature has declared it by now. */
export function capabilitiesRoutes(
  options: CapabilitiesOptions,
): Pick<RouteHandlers, 'capabilities.read'> {
  const body = describe(options);
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
  return {
    'capabilities.read': ({ set }) => {
      set('Cache-Control', `public, max-age=${CACHE_S}`);
      set('ETag', `"${hash}"`);
      return body;
    },
  };
}

function describe({
  features,
  build,
  ratePerMinute,
  viewerCodeMs,
}: CapabilitiesOptions): Capabilities {
  return {
    contract_version: CONTRACT_VERSION,
    supported_versions: [...SUPPORTED_VERSIONS],
    product: 'guruconnect',
    build,
    ...features.describe(),
    limits: {
      requests_per_minute: ratePerMinute,
      body_bytes: LIMITS.bodyBytes,
      open_sessions: LIMITS.openSessions,
      open_sessions_per_device: LIMITS.openSessionsPerDevice,
      viewers_per_session: LIMITS.viewersPerSession,
      viewer_code_s: viewerCodeMs / 1000,
      viewer_token_s: VIEWER_TOKEN.lifetimeS,
      consent_timeout_max_s: SESSION_LIMITS.consent_timeout_s.max,
      wait_for_agent_max_s: SESSION_LIMITS.wait_for_agent_s.max,
      session_duration_max_s: SESSION_LIMITS.max_duration_s.max,
    },
    deprecations: [],
  };
}
