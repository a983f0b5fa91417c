// The other direction: what GuruConnect posts to a webhook, one entry for each event, for the
// `webhooks` section of the description. Everything in it is sent by us, so it follows the rules of
// what is sent.
import { CHECKPOINT_EVENT } from '../audit.ts';
import type { EventName } from '../journal.ts';
import { DELIVERED_BODIES, type DeliveredType } from '../http/v1/webhook-deliveries.ts';
import { refTo } from './components.ts';
import type { Operation, Parameter, ResponseObject } from './open-api-types.ts';

const SESSION_ID = 'ses_01m8rf12e0h7jabye05xx38nan';
const VIEWER_ID = 'vwr_01m8rf12e057vjzrmszca93vkm';
const WEBHOOK_ID = 'whk_01m8rf12e0vcx80pvq2cwd7kba';
const AT = '2026-12-01T09:30:02.000Z';

/** That of `audit.checkpoints` in route-examples.ts: its signature is good. */
const CHECKPOINT = {
  kind: 'guruconnect-audit-checkpoint',
  seq: 42,
  head: '24b6c2dac3b52bf6ef2e7ffd5518ad826d52ac02becd8d7e0f4a8b7bf9dbffdb',
  at: '2026-12-01T09:31:00.000Z',
  key_id: 'fe812c12f3ab4ce6',
  signature:
    'XXQzrvHWRXVl_KSFAvhBlV0KiBRdqzsm_f0GOEnAzG242bsbQgaGaOWBGrz9yKuelrP0vJ0PW-8xqDgaOxaWAw',
};

/** `data` of an event, where it has any. */
const EXAMPLE_DATA: Partial<Record<EventName, Readonly<Record<string, unknown>>>> = {
  'consent.requested': { expires_at: '2026-12-01T09:30:32.000Z' },
  'session.placed': { epoch: 1 },
  'session.reconnecting': { cause: 'agent_lost' },
  'viewer.joined': { viewer_id: VIEWER_ID },
  'viewer.left': { viewer_id: VIEWER_ID, reason: 'removed' },
  'viewer.grants_changed': { viewer_id: VIEWER_ID, grants: ['view'] },
  'topology.changed': {
    topology: {
      topology_epoch: 1,
      monitors: [
        {
          ...{ monitor_id: 1, name: 'DISPLAY1', primary: true },
          ...{ x: 0, y: 0, width: 2560, height: 1440, scale: 1.25 },
        },
      ],
    },
  },
  'session.ended': { end_reason: 'integrator_ended' },
};

export function exampleOf(type: DeliveredType): Readonly<Record<string, unknown>> {
  if (type === 'webhook.test') return { type, timestamp: AT, data: { webhook_id: WEBHOOK_ID } };
  if (type === CHECKPOINT_EVENT) return { type, timestamp: AT, data: CHECKPOINT };
  const data = { seq: 3, session_id: SESSION_ID, type, at: AT, data: EXAMPLE_DATA[type] ?? {} };
  return { type, timestamp: AT, data };
}

const header = (name: string, description: string, example: string): Parameter => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
  example,
});

const HEADERS: readonly Parameter[] = [
  header(
    'webhook-id',
    'Id of the delivery, the same at every attempt and replay: remember those you have handled.',
    'dlv_01m8rf12e0kt0f0y2pyj2rqzzr',
  ),
  header(
    'webhook-timestamp',
    'Seconds since 1970, of this attempt. Refuse what is older than a few minutes.',
    '1796117402',
  ),
  header(
    'webhook-signature',
    '`v1,…` (HMAC-SHA256) and `v1a,…` (Ed25519) over `id.timestamp.body`, separated by spaces (Standard Webhooks 1.0).',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  ),
];

/** What your answer means to us. */
const RESPONSES: Readonly<Record<string, ResponseObject>> = {
  '2XX': { description: 'Taken: it is not sent again' },
  410: { description: 'The receiver is gone: the webhook is disabled at once' },
  default: { description: 'Not taken: tried again later, not before your Retry-After' },
};

export function webhookOperations(): Record<string, { readonly post: Operation }> {
  const types = Object.keys(DELIVERED_BODIES) as DeliveredType[];
  return Object.fromEntries(types.map((type) => [type, { post: operationOf(type) }]));
}

function summaryOf(type: DeliveredType): string {
  if (type === 'webhook.test') return 'Sent when you ask for it with `webhooks.test`';
  if (type === CHECKPOINT_EVENT)
    return 'A signed checkpoint of the audit; only to webhooks that name it in `events`';
  return `\`${type}\` of a session, as its journal has it`;
}

const operationOf = (type: DeliveredType): Operation => ({
  operationId: `deliver.${type}`,
  summary: summaryOf(type),
  tags: ['webhooks'],
  security: [],
  parameters: HEADERS,
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: refTo(DELIVERED_BODIES[type], 'sent'),
        example: exampleOf(type),
      },
    },
  },
  responses: RESPONSES,
});
