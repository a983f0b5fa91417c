// Bodies of the webhook routes. Deliveries follow Standard Webhooks 1.0: headers webhook-id,
// webhook-timestamp, webhook-signature (v1 HMAC-SHA256 and v1a Ed25519 over id.timestamp.body).
// A webhook is a hint that something happened; the events API is the truth.
import { z } from 'zod';
import { DeliveryId, SessionId, WebhookId } from '../../ids.ts';
import { CHECKPOINT_EVENT } from '../../audit.ts';
import { EventName, JournalEvent } from '../../journal.ts';
import { Cursor } from './sessions.ts';

/** What a webhook may ask for: every event of a session's journal, and checkpoints of the audit. */
export const WebhookEventName = z.enum([...EventName.options, CHECKPOINT_EVENT]);
export type WebhookEventName = z.output<typeof WebhookEventName>;

export const CreateWebhook = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .describe('Where deliveries are posted. Private addresses only if the operator allows them.'),
  events: z
    .array(WebhookEventName)
    .min(1)
    .max(64)
    .optional()
    .describe('Only these events; every event of sessions, later ones included, when absent.'),
  description: z.string().trim().min(1).max(200).optional(),
});
export type CreateWebhook = z.output<typeof CreateWebhook>;

export const Webhook = z.looseObject({
  id: WebhookId,
  url: z.string(),
  events: z.array(z.string()).optional(),
  description: z.string().optional(),
  state: z.enum(['active', 'disabled']),
  disabled_reason: z
    .enum(['gone', 'failing', 'by_integrator'])
    .optional()
    .describe('gone: the receiver answered 410. failing: no delivery succeeded for days.'),
  public_key: z.string().describe('whpk_… Ed25519 public key that verifies v1a signatures.'),
  created_at: z.iso.datetime(),
});
export type Webhook = z.output<typeof Webhook>;

/** The secret is told once: at creation and at rotation. */
export const WebhookWithSecret = Webhook.extend({
  secret: z.string().describe('whsec_… for v1 signatures; kept by you, told only now.'),
});
export type WebhookWithSecret = z.output<typeof WebhookWithSecret>;

export const RotateWebhookSecret = z.strictObject({
  overlap_s: z
    .number()
    .int()
    .min(0)
    .max(604_800)
    .default(86_400)
    .describe('How long deliveries carry signatures of the old and the new secret, seconds.'),
});

export const WebhookParams = z.object({ webhook_id: WebhookId });
export const WebhookList = z.looseObject({ webhooks: z.array(Webhook) });

export const Delivery = z.looseObject({
  id: DeliveryId.describe('Sent as webhook-id; the same at every attempt and replay.'),
  webhook_id: WebhookId,
  type: z.string(),
  session_id: SessionId.optional(),
  seq: z.number().int().optional(),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int().nonnegative(),
  next_attempt_at: z.iso.datetime().optional(),
  last_attempt_at: z.iso.datetime().optional(),
  last_status: z.number().int().optional().describe('HTTP status of the last answer, if any came.'),
  last_error: z
    .enum(['timeout', 'connection', 'redirect', 'address_refused', 'status', 'too_large'])
    .optional()
    .describe(
      'Why the last attempt was none. redirect: those are never followed. address_refused: a private address. too_large: the answer was longer than anybody would read.',
    ),
  created_at: z.iso.datetime(),
});
export type Delivery = z.output<typeof Delivery>;

export const ListDeliveries = z.strictObject({
  state: z.enum(['pending', 'delivered', 'failed']).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: Cursor.optional(),
});
export const DeliveryList = z.looseObject({
  deliveries: z.array(Delivery),
  next_cursor: z.string().optional(),
});

/** Sends again what failed, or everything since a moment; order within a session is kept. */
export const ReplayDeliveries = z.strictObject({
  since: z.iso
    .datetime()
    .optional()
    .describe('Everything created since then; else only what failed.'),
});
export const Replayed = z.looseObject({ replayed: z.number().int().nonnegative() });

/** Body of a delivery. */
export const WebhookBody = z.looseObject({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.union([JournalEvent, z.looseObject({})]),
});
export type WebhookBody = z.output<typeof WebhookBody>;
