// The contract's zod schemas as named JSON Schemas, by two rules that differ with the direction:
//
//   what we accept   is closed: unknown fields are refused, every bound is stated
//   what we send     is open: fields and values may be added within v1, so nothing is closed and no
//                    bound is promised; enumerations become `x-extensible-enum`
//
// Hence a schema has a name on one side only; where both sides use it, the request inlines it.
import { z } from 'zod';
import { AuditActor, AuditEntry, AuditKey, Checkpoint } from '../audit.ts';
import { Fault, Problem } from '../errors.ts';
import {
  DeliveryId,
  DeviceId,
  EnrolmentTokenId,
  IntegratorKeyId,
  MachineId,
  MachineKeyId,
  SessionId,
  ViewerId,
  WebhookId,
} from '../ids.ts';
import { EventName, JournalEvent } from '../journal.ts';
import { Monitor, Topology } from '../monitor.ts';
import {
  ConsentState,
  END_REASONS,
  EndReason,
  Session,
  SESSION_STATES,
  SessionState,
  Technician,
  Viewer,
} from '../session.ts';
import { MachineJwk, ViewerJwk } from '../tokens.ts';
import { AuditEntryList, CheckpointList } from '../http/v1/audit.ts';
import { Capabilities, FeatureDetail } from '../http/v1/capabilities.ts';
import {
  CreateEnrolmentToken,
  Enrol,
  Enrolled,
  EnrolmentToken,
  Machine,
  MachineKey,
  MachineKeyList,
  MachineList,
} from '../http/v1/machines.ts';
import {
  CreatedSession,
  CreateSession,
  CreateViewerCode,
  EndSession,
  SetViewerGrants,
  EventList,
  SessionList,
  ViewerInvitation,
  ViewerList,
} from '../http/v1/sessions.ts';
import { SessionQuality } from '../http/v1/quality.ts';
import { AgentRelease, ReleaseList } from '../http/v1/releases.ts';
import { ExchangeCode, ExchangedCode } from '../http/v1/viewer.ts';
import {
  CreateIntegratorKey,
  IntegratorKey,
  IntegratorKeyList,
  IntegratorKeyWithSecret,
} from '../http/v1/integrator-keys.ts';
import {
  CreateWebhook,
  Delivery,
  DeliveryList,
  Replayed,
  ReplayDeliveries,
  RotateWebhookSecret,
  Webhook,
  WebhookBody,
  WebhookList,
  WebhookWithSecret,
} from '../http/v1/webhooks.ts';
import { DELIVERED_BODIES } from '../http/v1/webhook-deliveries.ts';
import type { JsonSchema } from './open-api-types.ts';

/** `session.live` is delivered as `DeliveredSessionLive`. */
const deliveredName = (type: string): string =>
  `Delivered${type.replaceAll(/(?:^|[._])(\w)/g, (_whole, letter: string) => letter.toUpperCase())}`;

const ACCEPTED = {
  CreateSession,
  EndSession,
  CreateViewerCode,
  SetViewerGrants,
  Technician,
  CreateEnrolmentToken,
  CreateWebhook,
  RotateWebhookSecret,
  ReplayDeliveries,
  CreateIntegratorKey,
  Enrol,
  MachineJwk,
  ExchangeCode,
  ViewerJwk,
} as const;

const SENT = {
  Capabilities,
  FeatureDetail,
  Session,
  SessionState,
  ConsentState,
  EndReason,
  Viewer,
  ViewerInvitation,
  CreatedSession,
  SessionList,
  Topology,
  Monitor,
  JournalEvent,
  EventName,
  EventList,
  ViewerList,
  SessionQuality,
  AgentRelease,
  ReleaseList,
  Machine,
  MachineList,
  MachineKey,
  MachineKeyList,
  EnrolmentToken,
  Webhook,
  WebhookWithSecret,
  WebhookList,
  WebhookBody,
  ...Object.fromEntries(
    Object.entries(DELIVERED_BODIES).map(([type, body]) => [deliveredName(type), body]),
  ),
  Delivery,
  DeliveryList,
  Replayed,
  IntegratorKey,
  IntegratorKeyWithSecret,
  IntegratorKeyList,
  AuditActor,
  AuditEntry,
  AuditEntryList,
  Checkpoint,
  AuditKey,
  CheckpointList,
  Enrolled,
  ExchangedCode,
  Problem,
  Fault,
  SessionId,
  ViewerId,
  DeviceId,
  MachineId,
  MachineKeyId,
  EnrolmentTokenId,
  WebhookId,
  DeliveryId,
  IntegratorKeyId,
} as const;

/** What the values of an enumeration mean. */
const VALUE_TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SessionState: SESSION_STATES,
  EndReason: END_REASONS,
};

export type Direction = 'accepted' | 'sent';

const REF_BASE = '#/components/schemas/';
const registryOf = (schemas: Readonly<Record<string, z.ZodType>>) => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  return registry;
};
const REGISTRIES = { accepted: registryOf(ACCEPTED), sent: registryOf(SENT) } as const;

/** @throws Error for a schema without a name: give it one above. */
export function refTo(schema: z.ZodType, direction: Direction): JsonSchema {
  const id = REGISTRIES[direction].get(schema)?.id;
  if (id === undefined) throw new Error(`a schema that is ${direction} has no name`);
  return { $ref: REF_BASE + id };
}

/** All named schemas, both directions, for `components.schemas`. */
export function componentSchemas(): Record<string, JsonSchema> {
  const convert = (direction: Direction): [string, JsonSchema][] => {
    const { schemas } = z.toJSONSchema(REGISTRIES[direction], {
      ...conversion(direction),
      uri: (id) => REF_BASE + id,
    });
    return Object.entries(schemas as Record<string, JsonSchema>).map(([id, schema]) => [
      id,
      withValueTexts(id, tidied(schema, direction)),
    ]);
  };
  return Object.fromEntries([...convert('accepted'), ...convert('sent')]);
}

/** One schema without a name (parameters), as we accept it. */
export const inlineSchema = (schema: z.ZodType): JsonSchema =>
  tidied(z.toJSONSchema(schema, conversion('accepted')) as JsonSchema, 'accepted');

type Conversion = NonNullable<Parameters<typeof z.toJSONSchema>[1]>;

const conversion = (direction: Direction): Conversion => ({
  target: 'draft-2020-12',
  io: direction === 'accepted' ? 'input' : 'output',
  override({ zodSchema, jsonSchema }) {
    // zod leaves the default of a transformed field out (it is one of the output), but an
    // integrator has to know what an absent field means.
    const { def } = zodSchema._zod;
    if (def.type === 'default' && jsonSchema.default === undefined)
      jsonSchema.default = (def as z.core.$ZodDefaultDef).defaultValue as z.core.util.JSONType;
  },
});

/** Bounds of what we send are today's, not promises. */
const BOUNDS = [
  ...['pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
  ...['minProperties', 'maxProperties', 'contains'],
];

/** The converter's noise taken out, and the rule of the direction applied, all the way down. */
function tidied(schema: JsonSchema, direction: Direction): JsonSchema {
  const out: Record<string, unknown> = { ...schema };
  delete out['$schema'];
  delete out['$id'];
  // `format` says it; zod's pattern for it is half a page.
  if (out['format'] === 'date-time') delete out['pattern'];
  // That a JSON object has strings as names, that an integer fits a double: no news.
  if (JSON.stringify(out['propertyNames']) === '{"type":"string"}') delete out['propertyNames'];
  if (out['maximum'] === Number.MAX_SAFE_INTEGER) delete out['maximum'];
  if (out['minimum'] === Number.MIN_SAFE_INTEGER) delete out['minimum'];
  const additional = schema.additionalProperties;
  if (typeof additional === 'object') {
    if (Object.keys(additional).length === 0) delete out['additionalProperties'];
    else out['additionalProperties'] = tidied(additional, direction);
  }
  if (direction === 'sent') {
    for (const bound of BOUNDS) delete out[bound];
    if (additional === false) delete out['additionalProperties'];
    if (schema.enum) {
      delete out['enum'];
      out['x-extensible-enum'] = schema.enum;
    }
  }
  if (schema.properties)
    out['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [
        name,
        tidied(property, direction),
      ]),
    );
  if (schema.items) out['items'] = tidied(schema.items, direction);
  for (const key of ['anyOf', 'oneOf'] as const)
    if (schema[key]) out[key] = schema[key].map((choice) => tidied(choice, direction));
  return out;
}

function withValueTexts(id: string, schema: JsonSchema): JsonSchema {
  const texts = VALUE_TEXTS[id];
  if (!texts) return schema;
  const lines = Object.entries(texts).map(([value, text]) => `- \`${value}\`: ${text}`);
  return { ...schema, description: [schema.description ?? [], ...lines].flat().join('\n') };
}
