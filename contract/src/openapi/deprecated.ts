// The table of deprecations in the words of OpenAPI: `deprecated: true`, and what to use instead. A
// feature has no place of its own in the description; it is told in the capabilities document.
import { nameOf, type Deprecation } from '../http/v1/deprecations.ts';
import { ROUTES, type RouteName } from '../http/v1/routes.ts';
import type { JsonSchema, Method, OpenApiDocument, Operation, PathItem } from './open-api-types.ts';

/** @throws Error for an entry whose target is not in the description. */
export function markDeprecated(
  table: readonly Deprecation[],
  document: OpenApiDocument,
): OpenApiDocument {
  return table.reduce(markOne, document);
}

function markOne(document: OpenApiDocument, each: Deprecation): OpenApiDocument {
  switch (each.kind) {
    case 'route':
      return withOperation(document, each.route, (operation) => marked(operation, each));
    case 'request_field': {
      const { route, field } = each;
      const body = operationAt(document, route).requestBody?.content['application/json']?.schema;
      if (body?.$ref !== undefined) return withField(document, nameIn(body.$ref), field, each);
      return withOperation(document, route, (operation) => {
        const parameters = operation.parameters ?? [];
        if (!parameters.some(({ name }) => name === field)) throw missing(each);
        return {
          ...operation,
          parameters: parameters.map((one) => (one.name === field ? marked(one, each) : one)),
        };
      });
    }
    case 'answer_field':
      return withField(document, each.schema, each.field, each);
    case 'feature':
      return document;
  }
}

const missing = (each: Deprecation): Error =>
  new Error(`${nameOf(each)} is deprecated, but it is not in the description`);

const nameIn = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

function marked<T extends { readonly description?: string }>(
  what: T,
  { sunset, replacement }: Deprecation,
): T & { readonly description: string; readonly deprecated: true } {
  const words = `Deprecated, works at least until ${sunset.slice(0, 10)}: ${replacement}`;
  const description = what.description === undefined ? words : `${what.description}\n\n${words}`;
  return { ...what, description, deprecated: true };
}

function operationAt(document: OpenApiDocument, name: RouteName): Operation {
  const { path, method } = ROUTES[name];
  const operation = document.paths[path]?.[method.toLowerCase() as Method];
  if (!operation) throw new Error(`there is no operation ${name}`);
  return operation;
}

function withOperation(
  document: OpenApiDocument,
  name: RouteName,
  change: (operation: Operation) => Operation,
): OpenApiDocument {
  const { path, method } = ROUTES[name];
  const item: PathItem = {
    ...document.paths[path],
    [method.toLowerCase()]: change(operationAt(document, name)),
  };
  return { ...document, paths: { ...document.paths, [path]: item } };
}

function withField(
  document: OpenApiDocument,
  name: string,
  field: string,
  each: Deprecation,
): OpenApiDocument {
  const { components } = document;
  const schema = components.schemas[name];
  const property = schema?.properties?.[field];
  if (!schema || !property) throw missing(each);
  const changed: JsonSchema = {
    ...schema,
    properties: { ...schema.properties, [field]: marked(property, each) },
  };
  return {
    ...document,
    components: { ...components, schemas: { ...components.schemas, [name]: changed } },
  };
}
