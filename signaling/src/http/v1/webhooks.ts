// Webhook routes: HTTP words into calls of Webhooks, records into contract answers.
import { DeliveryId } from '@guruconnect/contract/ids';
import type { Delivery, Webhook } from '@guruconnect/contract/http/v1/webhooks';
import { integratorActor } from '../../audit/actors.ts';
import type { DeliveryRecord, WebhookRecord } from '../../store/webhooks.ts';
import type { Webhooks } from '../../webhooks/webhooks.ts';
import type { RouteHandlers } from '../bind-routes.ts';
import { cursorKey, page } from './cursor.ts';

type WebhookRoutes = Pick<
  RouteHandlers,
  | 'webhooks.create'
  | 'webhooks.list'
  | 'webhooks.read'
  | 'webhooks.remove'
  | 'webhooks.enable'
  | 'webhooks.disable'
  | 'webhooks.rotate_secret'
  | 'webhooks.test'
  | 'deliveries.list'
  | 'deliveries.replay'
>;

export function webhookRoutes(webhooks: Webhooks): WebhookRoutes {
  return {
    'webhooks.create': async ({ body, integrator }) => {
      const created = await webhooks.create(body, integratorActor(integrator));
      return { ...webhookView(created), secret: created.secret };
    },
    'webhooks.list': async () => ({ webhooks: (await webhooks.list()).map(webhookView) }),
    'webhooks.read': async ({ params }) => webhookView(await webhooks.read(params.webhook_id)),
    'webhooks.remove': async ({ params, integrator }) =>
      webhookView(await webhooks.remove(params.webhook_id, integratorActor(integrator))),
    'webhooks.enable': async ({ params, integrator }) =>
      webhookView(await webhooks.enable(params.webhook_id, integratorActor(integrator))),
    'webhooks.disable': async ({ params, integrator }) =>
      webhookView(await webhooks.disable(params.webhook_id, integratorActor(integrator))),
    'webhooks.rotate_secret': async ({ params, body: { overlap_s }, integrator }) => {
      const by = integratorActor(integrator);
      const rotated = await webhooks.rotateSecret(params.webhook_id, overlap_s, by);
      return { ...webhookView(rotated), secret: rotated.secret };
    },
    'webhooks.test': async ({ params }) => deliveryView(await webhooks.test(params.webhook_id)),

    'deliveries.list': async ({ params: { webhook_id }, query: { state, limit, cursor } }) => {
      const deliveries = await webhooks.deliveries({
        webhook_id,
        state,
        before: cursorKey(DeliveryId, cursor),
        limit: limit + 1,
      });
      const { entries, ...next } = page(deliveries, limit, ({ id }) => id);
      return { deliveries: entries.map(deliveryView), ...next };
    },
    'deliveries.replay': async ({ params, body: { since } }) => ({
      replayed: await webhooks.replay(
        params.webhook_id,
        since === undefined ? undefined : Date.parse(since),
      ),
    }),
  };
}

const time = (ms: number): string => new Date(ms).toISOString();

function webhookView(webhook: WebhookRecord): Webhook {
  const { events, description, disabled_reason } = webhook;
  return {
    id: webhook.id,
    url: webhook.url,
    ...(events === undefined ? {} : { events: [...events] }),
    ...(description === undefined ? {} : { description }),
    state: disabled_reason === undefined ? 'active' : 'disabled',
    ...(disabled_reason === undefined ? {} : { disabled_reason }),
    public_key: webhook.public_key,
    created_at: time(webhook.created_at_ms),
  };
}

function deliveryView(delivery: DeliveryRecord): Delivery {
  const { session_id, seq, next_attempt_at_ms, last_attempt_at_ms, last_status, last_error } =
    delivery;
  return {
    id: delivery.id,
    webhook_id: delivery.webhook_id,
    type: delivery.type,
    ...(session_id === undefined ? {} : { session_id }),
    ...(seq === undefined ? {} : { seq }),
    state: delivery.state,
    attempts: delivery.attempts,
    ...(next_attempt_at_ms === undefined ? {} : { next_attempt_at: time(next_attempt_at_ms) }),
    ...(last_attempt_at_ms === undefined ? {} : { last_attempt_at: time(last_attempt_at_ms) }),
    ...(last_status === undefined ? {} : { last_status }),
    ...(last_error === undefined ? {} : { last_error }),
    created_at: time(delivery.created_at_ms),
  };
}
