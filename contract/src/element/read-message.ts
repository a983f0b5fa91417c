// What a viewer says, checked by hand: the schemas of contract/embed would bring all of zod into a
// bundle that has to stay small. A test holds both against each other. Like every reader of answers
// this one looks at shapes, not at bounds and known values, which may grow.
import type { EmbedEvent } from '../embed/embed-messages.ts';

type Check = (value: unknown) => boolean;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const finite: Check = (value) => Number.isFinite(value);
const integer: Check = (value) => Number.isInteger(value);
const list =
  (item: Check): Check =>
  (value) =>
    // Array.from: a hole, which postMessage can carry, is not an item.
    Array.isArray(value) && Array.from(value).every(item);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const fault = record({ pointer: text, detail: text });
const wireError = record({
  code: text,
  detail: text,
  retryable: flag,
  retry_after_ms: maybe(integer),
  errors: maybe(list(fault)),
});
const monitor = record({
  monitor_id: integer,
  name: text,
  x: integer,
  y: integer,
  width: integer,
  height: integer,
  scale: finite,
  primary: flag,
});
const topology = record({ topology_epoch: integer, monitors: list(monitor) });
const journalEvent = record({
  seq: integer,
  session_id: text,
  type: text,
  at: text,
  data: isRecord,
});

const EVENTS: { readonly [Kind in EmbedEvent['gc']]: Check } = {
  connected: record({ version: integer, session_id: text, state: text }),
  refused: isRecord,
  state: record({ state: text, end_reason: maybe(text), error: maybe(wireError) }),
  event: record({ event: journalEvent }),
  topology: record({ topology, selected_monitor_id: maybe(integer) }),
  input: record({ enabled: flag, why: maybe(text) }),
  done: record({ id: integer, error: maybe(wireError) }),
};

/** The versions a viewer speaks, or undefined for anything that is not its "ready". */
export function readReady(data: unknown): readonly number[] | undefined {
  if (!isRecord(data) || data['gc'] !== 'ready') return undefined;
  const { versions } = data;
  return list(integer)(versions) && (versions as number[]).length > 0
    ? (versions as number[])
    : undefined;
}

/** Undefined for what this build does not understand: a newer viewer may say more. */
export function readEvent(data: unknown): EmbedEvent | undefined {
  if (!isRecord(data)) return undefined;
  const kind = data['gc'];
  if (typeof kind !== 'string' || !Object.hasOwn(EVENTS, kind)) return undefined;
  return EVENTS[kind as EmbedEvent['gc']](data) ? (data as EmbedEvent) : undefined;
}
