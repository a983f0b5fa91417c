// The published OpenAPI description as a judge: does this request, does this answer fit it? For
// tests here and of any server that claims to serve the contract.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { PROBLEM_TYPE } from '../src/http/v1/headers.ts';
import type { RouteName } from '../src/http/v1/routes.ts';
import type {
  JsonSchema,
  OpenApiDocument,
  Operation,
  PathItem,
} from '../src/openapi/open-api-types.ts';

export const V1_FILE = new URL('../openapi/v1.json', import.meta.url);

export const readOpenApi = (file: URL): OpenApiDocument =>
  JSON.parse(readFileSync(file, 'utf8')) as OpenApiDocument;

const DOCUMENT_ID = 'openapi.json';

export class OpenApiValidator {
  readonly #ajv: Ajv2020;
  readonly #operations = new Map<string, Operation>();
  readonly #webhooks: NonNullable<OpenApiDocument['webhooks']>;
  readonly #validators = new Map<JsonSchema, ValidateFunction>();

  constructor(document: OpenApiDocument = readOpenApi(V1_FILE)) {
    this.#ajv = new Ajv2020({ allErrors: true, strict: false });
    this.#webhooks = document.webhooks ?? {};
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ ...document, $id: DOCUMENT_ID });
    for (const item of Object.values<PathItem>(document.paths))
      for (const operation of Object.values<Operation>(item))
        this.#operations.set(operation.operationId, operation);
  }

  operation(name: RouteName): Operation {
    const operation = this.#operations.get(name);
    if (!operation) throw new Error(`no operation ${name} in the description`);
    return operation;
  }

  /** What is wrong with a request body; empty when it fits. */
  requestFaults(name: RouteName, body: unknown): string[] {
    const schema = this.operation(name).requestBody?.content['application/json']?.schema;
    if (!schema) return body === undefined ? [] : [`${name} takes no body`];
    return this.#faults(schema, body);
  }

  /** What is wrong with an answer; empty when it fits. */
  responseFaults(name: RouteName, status: number, body: unknown): string[] {
    const response = this.operation(name).responses[String(status)];
    if (!response) return [`${name} may not answer ${status}`];
    const isProblem = status >= 400;
    const media = response.content?.[isProblem ? PROBLEM_TYPE : 'application/json'];
    if (!media) return body === undefined ? [] : [`${name} has no body with ${status}`];
    const faults = this.#faults(media.schema, body);
    const code = isProblem ? String((body as { code?: unknown }).code) : undefined;
    if (code !== undefined && !response['x-error-codes']?.includes(code))
      faults.push(`${name} may not answer ${code} with ${status}`);
    return faults;
  }

  /** What is wrong with what was posted to a webhook; empty when it fits. */
  deliveryFaults(type: string, body: unknown): string[] {
    const media = this.#webhooks[type]?.post?.requestBody?.content['application/json'];
    return media ? this.#faults(media.schema, body) : [`no delivery ${type} in the description`];
  }

  /** Each once: compiling costs a hundred times what judging does. */
  #compiled(schema: JsonSchema): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known) return known;
    const validate: ValidateFunction = schema.$ref?.startsWith('#/')
      ? this.#ajv.compile({ $ref: DOCUMENT_ID + schema.$ref })
      : this.#ajv.compile(schema);
    this.#validators.set(schema, validate);
    return validate;
  }

  #faults(schema: JsonSchema, value: unknown): string[] {
    const validate = this.#compiled(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath || '/'} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }
}
