// The body of a delivery, one schema for each type: what a receiver parses by once it has verified
// the signature. A type it does not know is one of a later version: answer 2xx and go on.
import { z } from 'zod';
import { Checkpoint, CHECKPOINT_EVENT } from '../../audit.ts';
import { WebhookId } from '../../ids.ts';
import { EVENTS, JournalEvent, type EventName } from '../../journal.ts';
import { WebhookBody, type WebhookEventName } from './webhooks.ts';

export type DeliveredType = WebhookEventName | 'webhook.test';

const bodyOf = (type: EventName): z.ZodType =>
  WebhookBody.extend({
    type: z.literal(type),
    data: JournalEvent.extend({ type: z.literal(type), data: EVENTS[type] }),
  });

export const DELIVERED_BODIES: Readonly<Record<DeliveredType, z.ZodType>> = {
  ...(Object.fromEntries(
    (Object.keys(EVENTS) as EventName[]).map((type) => [type, bodyOf(type)]),
  ) as Record<EventName, z.ZodType>),
  [CHECKPOINT_EVENT]: WebhookBody.extend({
    type: z.literal(CHECKPOINT_EVENT),
    data: Checkpoint,
  }),
  'webhook.test': WebhookBody.extend({
    type: z.literal('webhook.test'),
    data: z.looseObject({ webhook_id: WebhookId }),
  }),
};
