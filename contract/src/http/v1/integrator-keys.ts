// Bodies of the integrator key routes. The first key comes from the environment; further ones are
// minted with it. Two live keys make a rotation without a gap.
import { z } from 'zod';
import { IntegratorKeyId } from '../../ids.ts';

export const SCOPE_NAMES = [
  'sessions:read',
  'sessions:write',
  'machines:read',
  'machines:write',
  'webhooks:read',
  'webhooks:write',
  'keys:write',
  'audit:read',
] as const;

export const CreateIntegratorKey = z.strictObject({
  name: z.string().trim().min(1).max(64),
  scopes: z.array(z.enum(SCOPE_NAMES)).min(1).max(SCOPE_NAMES.length),
  expires_in_s: z.number().int().min(60).max(63_072_000).optional().describe('Never, when absent.'),
});
export type CreateIntegratorKey = z.output<typeof CreateIntegratorKey>;

export const IntegratorKey = z.looseObject({
  id: IntegratorKeyId,
  name: z.string(),
  scopes: z.array(z.string()),
  source: z.enum(['environment', 'api']),
  created_at: z.iso.datetime().optional(),
  expires_at: z.iso.datetime().optional(),
  last_used_at: z.iso.datetime().optional(),
  revoked_at: z.iso.datetime().optional(),
});
export type IntegratorKey = z.output<typeof IntegratorKey>;

export const IntegratorKeyWithSecret = IntegratorKey.extend({
  key: z.string().describe('gci_… told only now; only its hash is kept.'),
});
export const IntegratorKeyParams = z.object({ key_id: IntegratorKeyId });
export const IntegratorKeyList = z.looseObject({ keys: z.array(IntegratorKey) });
