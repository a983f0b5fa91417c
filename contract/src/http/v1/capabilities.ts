// GET /api/integration/capabilities: what this build and this configuration can do. The map is
// filled by the code that enforces each feature, never by hand.
import { z } from 'zod';
import { IntegratorKeyId } from '../../ids.ts';

/** Every feature an integrator may ask about, and the contract version that named it. */
export const FEATURES = {
  embedded_viewer: '1.0.0',
  consent_prompt: '1.0.0',
  unattended_access: '1.0.0',
  per_machine_keys: '1.0.0',
  multi_monitor: '1.0.0',
  view_only: '1.0.0',
  remote_input: '1.0.0',
  events_api: '1.0.0',
  clipboard: '1.0.0',
  audio: '1.0.0',
  webhooks: '1.0.0',
  agent_releases: '1.0.0',
  audit_log: '1.0.0',
  turn_relay: '1.0.0',
  file_transfer: '1.0.0',
  session_recording: '1.0.0',
} as const;
export type Feature = keyof typeof FEATURES;

export const FeatureDetail = z.looseObject({
  since: z.string().describe('Contract version that named this feature.'),
  state: z
    .enum(['on', 'off', 'unsupported'])
    .describe(
      '`off`: switched off by this operator, or not allowed to the key that asks. `unsupported`: this build does not have it.',
    ),
  reason_if_off: z.string().optional(),
  limits: z.record(z.string(), z.number()).optional(),
});
export type FeatureDetail = z.output<typeof FeatureDetail>;

export const Capabilities = z.looseObject({
  contract_version: z.string().describe('Semver of the contract this build implements.'),
  supported_versions: z.array(z.string()).describe('Major versions that are served.'),
  product: z.literal('guruconnect'),
  build: z.string(),
  features: z
    .record(z.string(), z.boolean())
    .describe('May this feature be used here now? A feature that is not named is not there.'),
  feature_details: z.record(z.string(), FeatureDetail),
  limits: z.record(z.string(), z.number()),
  key: z
    .looseObject({
      id: IntegratorKeyId,
      scopes: z.array(z.string()),
      expires_at: z.iso.datetime().optional(),
    })
    .optional()
    .describe('The integrator key that asked, if one did: then the whole answer is for this key.'),
  deprecations: z
    .array(
      z.looseObject({
        what: z.string().describe('Its name: `route`, `route#field`, `Schema#field` or a feature.'),
        kind: z.enum(['route', 'request_field', 'answer_field', 'feature']),
        since: z.iso.datetime().describe('When it was announced.'),
        sunset: z.iso.datetime().describe('It works at least until then.'),
        replacement: z.string().describe('What to use instead, for people.'),
        link: z.string().describe('Where to read more.'),
      }),
    )
    .describe('What will go. Requests that use it are answered with a Deprecation header, too.'),
});
export type Capabilities = z.output<typeof Capabilities>;
