// Every difference between two descriptions of the contract, each judged as an integrator would
// feel it. Pure; what the judgements are used for is in compatibility.ts.
import { addition, breaking, judged, same, text, type Change } from './change.ts';
import type {
  Content,
  JsonSchema,
  OpenApiDocument,
  Operation,
  Parameter,
  PathItem,
  ResponseObject,
  SecurityRequirement,
} from './open-api-types.ts';
import { SchemaComparison, type Resolve, type Sides } from './schema-compatibility.ts';

type Schemas = { readonly accepted: SchemaComparison; readonly sent: SchemaComparison };

export function compareDocuments(old: OpenApiDocument, now: OpenApiDocument): Change[] {
  const resolve: Sides<Resolve> = { old: resolverOf(old), new: resolverOf(now) };
  const schemas: Schemas = {
    accepted: new SchemaComparison('accepted', resolve),
    sent: new SchemaComparison('sent', resolve),
  };
  const before = operationsOf(old);
  const after = operationsOf(now);
  return [
    ...(same(old.servers.map(url), now.servers.map(url))
      ? []
      : [breaking('servers', 'address changed')]),
    ...securitySchemes(old, now),
    ...both(before, after).flatMap(([at, was, is]) => {
      if (!is) return [breaking(at, 'route removed')];
      if (!was) return [addition(at, 'new route')];
      return operation(at, was, is, schemas);
    }),
    ...both(old.webhooks, now.webhooks).flatMap(([type, was, is]) => {
      const at = `webhook ${type}`;
      if (!is?.post) return was?.post ? [breaking(at, 'no longer delivered')] : [];
      if (!was?.post) return [addition(at, 'new delivery')];
      return delivery(at, was.post, is.post, schemas);
    }),
  ];
}

const url = (server: { readonly url: string }): string => server.url;

const resolverOf =
  (document: OpenApiDocument): Resolve =>
  (ref) => {
    const schema = document.components.schemas[ref.slice(ref.lastIndexOf('/') + 1)];
    if (!schema) throw new Error(`the description refers to ${ref}, which is not there`);
    return schema;
  };

function operationsOf(document: OpenApiDocument): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries<PathItem>(document.paths).flatMap(([path, item]) =>
      Object.entries<Operation>(item).map(([method, value]) => [
        `${method.toUpperCase()} ${path}`,
        value,
      ]),
    ),
  );
}

/** Entries of two maps side by side, in a stable order. */
const both = <T>(
  old: Readonly<Record<string, T>> = {},
  now: Readonly<Record<string, T>> = {},
): [string, T | undefined, T | undefined][] =>
  [...new Set([...Object.keys(old), ...Object.keys(now)])].map((key) => [key, old[key], now[key]]);

function securitySchemes(old: OpenApiDocument, now: OpenApiDocument): Change[] {
  const bare = ({ description: _text, ...rest }: Readonly<Record<string, unknown>>): unknown =>
    rest;
  return both(old.components.securitySchemes, now.components.securitySchemes).flatMap(
    ([name, was, is]) => {
      if (!was) return [addition(`security ${name}`, 'new way to authenticate')];
      if (is && same(bare(was), bare(is))) return [];
      return [breaking(`security ${name}`, is ? 'changed' : 'removed')];
    },
  );
}

function operation(at: string, old: Operation, now: Operation, schemas: Schemas): Change[] {
  return [
    ...(old.operationId === now.operationId
      ? []
      : [breaking(at, 'operationId changed: generated clients name methods after it')]),
    ...words(at, old, now),
    ...security(at, old, now),
    ...parameters(at, old, now, schemas),
    ...requestBody(at, old, now, schemas),
    ...both(old.responses, now.responses).flatMap(([status, was, is]) =>
      response(`${at} ${status}`, status, was, is, schemas),
    ),
  ];
}

/** A mark of deprecation is a word, too: what is marked works on. */
const words = (at: string, old: Operation, now: Operation): Change[] =>
  same(
    [old.summary, old.description, old.deprecated],
    [now.summary, now.description, now.deprecated],
  )
    ? []
    : [text(at, 'words changed')];

/**
 * What we post to a receiver: header fields and body are sent by us, and what its answer means to
 * us is a promise, too.
 */
function delivery(at: string, old: Operation, now: Operation, schemas: Schemas): Change[] {
  const named = (list: readonly Parameter[] = []): Record<string, Parameter> =>
    Object.fromEntries(list.map((parameter) => [parameter.name, parameter]));
  return [
    ...words(at, old, now),
    ...both(named(old.parameters), named(now.parameters)).flatMap(([name, was, is]) => {
      const here = `${at} header ${name}`;
      if (!is) return [breaking(here, 'header removed')];
      if (!was) return [addition(here, 'new header')];
      return [
        ...(was.required && !is.required ? [breaking(here, 'became optional')] : []),
        ...schemas.sent.compare(here, was.schema, is.schema),
      ];
    }),
    ...content(
      `${at} body`,
      old.requestBody?.content ?? {},
      now.requestBody?.content ?? {},
      'sent',
      schemas,
    ),
    ...both(old.responses, now.responses).flatMap(([status, was, is]) => {
      const here = `${at} ${status}`;
      if (!is) return [breaking(here, 'answer no longer understood')];
      if (!was) return [addition(here, 'answer now understood')];
      return was.description === is.description ? [] : [text(here, 'words changed')];
    }),
  ];
}

/** Whatever was enough before, a key or none, must be enough now. */
function security(at: string, old: Operation, now: Operation): Change[] {
  if (same(old.security, now.security)) return [];
  const ways = ({ security }: Operation): readonly SecurityRequirement[] =>
    security.length === 0 ? [{}] : security;
  const isCovered = ways(old).every((held) =>
    ways(now).some((needed) =>
      Object.entries(needed).every(
        ([scheme, scopes]) =>
          held[scheme] !== undefined && scopes.every((scope) => held[scheme]?.includes(scope)),
      ),
    ),
  );
  return [judged('accepted', isCovered, at, 'needed credential or scope changed')];
}

function parameters(at: string, old: Operation, now: Operation, schemas: Schemas): Change[] {
  const named = (list: readonly Parameter[] = []): Record<string, Parameter> =>
    Object.fromEntries(list.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
  return both(named(old.parameters), named(now.parameters)).flatMap(([name, was, is]) => {
    const here = `${at} ${name}`;
    if (!is) return [breaking(here, 'parameter removed')];
    if (!was)
      return is.required
        ? [breaking(here, 'new parameter is required')]
        : [addition(here, 'new parameter')];
    return [
      ...(was.required === is.required
        ? []
        : [
            judged(
              'accepted',
              was.required,
              here,
              is.required ? 'became required' : 'became optional',
            ),
          ]),
      ...(was.deprecated === is.deprecated ? [] : [text(here, 'deprecated changed')]),
      ...schemas.accepted.compare(here, was.schema, is.schema),
    ];
  });
}

function requestBody(at: string, old: Operation, now: Operation, schemas: Schemas): Change[] {
  const here = `${at} body`;
  const [was, is] = [old.requestBody, now.requestBody];
  if (!was && !is) return [];
  if (!is) return [breaking(here, 'body no longer taken')];
  if (!was) return [judged('accepted', !is.required, here, 'body now taken')];
  return [
    ...(was.required === is.required
      ? []
      : [
          judged(
            'accepted',
            was.required,
            here,
            is.required ? 'became required' : 'became optional',
          ),
        ]),
    ...content(here, was.content, is.content, 'accepted', schemas),
  ];
}

function response(
  at: string,
  status: string,
  was: ResponseObject | undefined,
  is: ResponseObject | undefined,
  schemas: Schemas,
): Change[] {
  if (!is) return [breaking(at, 'status no longer answered')];
  // Further refusals are announced (any code may come); another way to succeed is a surprise.
  if (!was)
    return [Number(status) >= 400 ? addition(at, 'new refusal') : breaking(at, 'new status')];
  const [oldCodes, codes] = [was['x-error-codes'] ?? [], is['x-error-codes'] ?? []];
  return [
    ...(was.description === is.description ? [] : [text(at, 'words changed')]),
    ...oldCodes
      .filter((code) => !codes.includes(code))
      .map((code) => breaking(at, `error code ${code} removed`)),
    ...codes
      .filter((code) => !oldCodes.includes(code))
      .map((code) => addition(at, `error code ${code} added`)),
    ...both(was.headers, is.headers).flatMap(([name, before, after]) => {
      const here = `${at} header ${name}`;
      if (!after) return [breaking(here, 'header removed')];
      if (!before) return [addition(here, 'new header')];
      return schemas.sent.compare(here, before.schema, after.schema);
    }),
    ...content(at, was.content ?? {}, is.content ?? {}, 'sent', schemas),
  ];
}

function content(
  at: string,
  old: Content,
  now: Content,
  direction: keyof Schemas,
  schemas: Schemas,
): Change[] {
  return both<{ readonly schema: JsonSchema }>(old, now).flatMap(([type, was, is]) => {
    if (!is) return [breaking(at, `${type} removed`)];
    if (!was) return [addition(at, `${type} added`)];
    return schemas[direction].compare(at, was.schema, is.schema);
  });
}
