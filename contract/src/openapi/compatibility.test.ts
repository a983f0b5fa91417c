import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOpenApi } from '../../test/open-api-validator.ts';
import type { Verdict } from './change.ts';
import { AcceptedChanges, faultsOfRelease } from './compatibility.ts';
import { compareDocuments } from './document-comparison.ts';
import { openApiDocument } from './open-api-document.ts';
import type { OpenApiDocument } from './open-api-types.ts';

const OPENAPI_FOLDER = new URL('../../openapi/', import.meta.url);

// A description as an editor sees it: everything may be changed, anything may be missing.
type Loose = { [key: string]: Loose } & Loose[];
const editable = (version?: string): Loose => {
  const document = structuredClone(openApiDocument()) as unknown as Loose;
  if (version !== undefined) set(document, 'info.version', version);
  return document;
};
const asDocument = (loose: Loose): OpenApiDocument => loose as unknown as OpenApiDocument;

/** Names of events have dots themselves: then the steps are given as a list. */
type Path = string | readonly string[];

/** Where a dotted path leads; the last step is given by its owner and name. */
function reach(root: Loose, path: Path): [owner: Loose, name: string] {
  const steps = typeof path === 'string' ? path.split('.') : [...path];
  const name = steps.pop() ?? '';
  const owner = steps.reduce((at, step) => {
    const next = at[step];
    if (next === undefined) throw new Error(`${String(path)}: nothing at ${step}`);
    return next;
  }, root);
  return [owner, name];
}
function set(root: Loose, path: Path, value: unknown): void {
  const [owner, name] = reach(root, path);
  owner[name] = value as Loose;
}
function remove(root: Loose, path: Path): void {
  const [owner, name] = reach(root, path);
  expect(owner, String(path)).toHaveProperty([name]);
  delete (owner as Record<string, unknown>)[name];
}
function change<T>(root: Loose, path: Path, how: (value: T) => unknown): void {
  const [owner, name] = reach(root, path);
  expect(owner, String(path)).toHaveProperty([name]);
  set(root, path, how(owner[name] as T));
}
const without =
  (value: string) =>
  (list: string[]): string[] => {
    expect(list).toContain(value);
    return list.filter((other) => other !== value);
  };
const plus =
  (value: unknown) =>
  (list: unknown[]): unknown[] => [...list, value];

const REQUEST = 'components.schemas.CreateSession';
const ANSWER = 'components.schemas.Session';
const CREATE = 'paths./sessions.post';
const ENDED = ['webhooks', 'session.ended', 'post'];
const DELIVERED = ['components', 'schemas', 'DeliveredSessionEnded'];
const LIST = 'paths./sessions.get';
const READ = 'paths./sessions/{session_id}.get';

const MUTATIONS: readonly [string, Verdict, (document: Loose) => void][] = [
  ['route removed', 'breaking', (d) => remove(d, 'paths./machines')],
  ['method removed', 'breaking', (d) => remove(d, LIST)],
  ['route added', 'addition', (d) => set(d, 'paths./new', { get: reach(d, LIST)[0]['get'] })],
  ['delivery removed', 'breaking', (d) => remove(d, ['webhooks', 'session.live'])],
  [
    'delivery added',
    'addition',
    (d) => set(d, ['webhooks', 'session.shared'], reach(d, ['webhooks', 'session.live', ''])[0]),
  ],
  [
    'delivery: header removed',
    'breaking',
    (d) => change(d, [...ENDED, 'parameters'], (list: unknown[]) => list.slice(1)),
  ],
  [
    'delivery: field of its data removed',
    'breaking',
    (d) => {
      const data = [...DELIVERED, 'properties', 'data', 'properties', 'data'];
      remove(d, [...data, 'properties', 'end_reason']);
      remove(d, [...data, 'required']);
    },
  ],
  [
    'delivery: field added to its data',
    'addition',
    (d) =>
      set(d, [...DELIVERED, 'properties', 'data', 'properties', 'data', 'properties', 'words'], {
        type: 'string',
      }),
  ],
  [
    'delivery: 410 means something else',
    'text',
    (d) => set(d, [...ENDED, 'responses', '410', 'description'], 'Gone'),
  ],
  ['delivery: 410 not understood', 'breaking', (d) => remove(d, [...ENDED, 'responses', '410'])],
  [
    'delivery: type renamed',
    'breaking',
    (d) => set(d, [...DELIVERED, 'properties', 'type', 'const'], 'session.over'),
  ],
  ['route marked as deprecated', 'text', (d) => set(d, `${LIST}.deprecated`, true)],
  [
    'parameter marked as deprecated',
    'text',
    (d) => set(d, `${LIST}.parameters.0.deprecated`, true),
  ],
  [
    'field marked as deprecated',
    'text',
    (d) => set(d, `${ANSWER}.properties.reason.deprecated`, true),
  ],
  [
    'a key that was optional is needed',
    'breaking',
    (d) => set(d, 'paths./capabilities.get.security', [{ integratorKey: [] }]),
  ],
  ['operation renamed', 'breaking', (d) => set(d, `${READ}.operationId`, 'sessions.get')],
  ['base address changed', 'breaking', (d) => set(d, 'servers.0.url', '/api/v1')],

  [
    'answer: required field removed',
    'breaking',
    (d) => {
      remove(d, `${ANSWER}.properties.epoch`);
      change(d, `${ANSWER}.required`, without('epoch'));
    },
  ],
  ['answer: optional field removed', 'breaking', (d) => remove(d, `${ANSWER}.properties.reason`)],
  [
    'answer: field in a nested object removed',
    'breaking',
    (d) => remove(d, 'components.schemas.Monitor.properties.scale'),
  ],
  [
    'answer: field became optional',
    'breaking',
    (d) => change(d, `${ANSWER}.required`, without('metadata')),
  ],
  [
    'answer: field became required',
    'addition',
    (d) => change(d, `${ANSWER}.required`, plus('reason')),
  ],
  [
    'answer: new field',
    'addition',
    (d) => set(d, `${ANSWER}.properties.region`, { type: 'string' }),
  ],
  [
    'answer: new required field',
    'addition',
    (d) => {
      set(d, `${ANSWER}.properties.region`, { type: 'string' });
      change(d, `${ANSWER}.required`, plus('region'));
    },
  ],
  [
    'answer: type widened with null',
    'breaking',
    (d) => set(d, `${ANSWER}.properties.epoch.type`, ['integer', 'null']),
  ],
  [
    'answer: integer became number',
    'breaking',
    (d) => set(d, `${ANSWER}.properties.epoch.type`, 'number'),
  ],
  [
    'answer: number became integer',
    'addition',
    (d) => set(d, 'components.schemas.Monitor.properties.scale.type', 'integer'),
  ],
  ['answer: type replaced', 'breaking', (d) => set(d, `${ANSWER}.properties.epoch.type`, 'string')],
  [
    'answer: value of an enumeration removed',
    'breaking',
    (d) => change(d, 'components.schemas.EndReason.x-extensible-enum', without('media_lost')),
  ],
  [
    'answer: value of an open enumeration added',
    'addition',
    (d) => change(d, 'components.schemas.EndReason.x-extensible-enum', plus('moved_away')),
  ],
  [
    'answer: constant replaced',
    'breaking',
    (d) => set(d, 'components.schemas.Capabilities.properties.product.const', 'gc'),
  ],
  [
    'answer: format dropped',
    'breaking',
    (d) => remove(d, `${ANSWER}.properties.created_at.format`),
  ],
  [
    'answer: another content type',
    'breaking',
    (d) =>
      change(d, `${READ}.responses.200.content`, (c: Loose) => ({
        'application/hal+json': c['application/json'],
      })),
  ],
  [
    'answer: header removed',
    'breaking',
    (d) => remove(d, 'paths./capabilities.get.responses.200.headers.ETag'),
  ],
  [
    'answer: header added',
    'addition',
    (d) => set(d, `${READ}.responses.200.headers.ETag`, { schema: { type: 'string' } }),
  ],
  [
    'answer: success status changed',
    'breaking',
    (d) =>
      change(d, `${CREATE}.responses`, ({ 201: created, ...rest }: Loose) => ({
        ...rest,
        200: created,
      })),
  ],
  [
    'answer: further success status',
    'breaking',
    (d) => set(d, `${CREATE}.responses.202`, { description: 'later' }),
  ],

  [
    'error code removed',
    'breaking',
    (d) => change(d, `${CREATE}.responses.503.x-error-codes`, without('no_media_node')),
  ],
  [
    'error code added',
    'addition',
    (d) => change(d, `${CREATE}.responses.503.x-error-codes`, plus('agent_offline')),
  ],
  [
    'error code moved to another status',
    'breaking',
    (d) => {
      change(d, `${CREATE}.responses.503.x-error-codes`, without('no_media_node'));
      change(d, `${CREATE}.responses.429.x-error-codes`, plus('no_media_node'));
    },
  ],
  [
    'refusal added',
    'addition',
    (d) => set(d, `${READ}.responses.451`, { description: 'x', 'x-error-codes': ['legal'] }),
  ],
  ['refusal removed', 'breaking', (d) => remove(d, `${READ}.responses.404`)],

  ['request: field removed', 'breaking', (d) => remove(d, `${REQUEST}.properties.client_ref`)],
  [
    'request: new optional field',
    'addition',
    (d) => set(d, `${REQUEST}.properties.region`, { type: 'string' }),
  ],
  [
    'request: new required field',
    'breaking',
    (d) => {
      set(d, `${REQUEST}.properties.region`, { type: 'string' });
      change(d, `${REQUEST}.required`, plus('region'));
    },
  ],
  [
    'request: field became required',
    'breaking',
    (d) => change(d, `${REQUEST}.required`, plus('reason')),
  ],
  [
    'request: field became optional',
    'addition',
    (d) => change(d, `${REQUEST}.required`, without('mode')),
  ],
  [
    'request: value of an enumeration removed',
    'breaking',
    (d) => change(d, `${REQUEST}.properties.mode.enum`, without('attended')),
  ],
  [
    'request: value of an enumeration added',
    'addition',
    (d) => change(d, `${REQUEST}.properties.mode.enum`, plus('ask_if_used')),
  ],
  [
    'request: default changed',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.grants.default`, ['view', 'control']),
  ],
  [
    'request: pattern tightened',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.device_id.pattern`, '^[a-z]{1,8}$'),
  ],
  [
    'request: pattern added',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.client_ref.pattern`, '^[a-z]+$'),
  ],
  [
    'request: pattern removed',
    'addition',
    (d) => remove(d, `${REQUEST}.properties.device_id.pattern`),
  ],
  [
    'request: maximum lowered',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.max_duration_s.maximum`, 3600),
  ],
  [
    'request: maximum raised',
    'addition',
    (d) => set(d, `${REQUEST}.properties.max_duration_s.maximum`, 172_800),
  ],
  [
    'request: minimum raised',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.max_duration_s.minimum`, 120),
  ],
  [
    'request: limit added',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.grants.items.maxLength`, 8),
  ],
  [
    'request: type widened',
    'addition',
    (d) => set(d, `${REQUEST}.properties.client_ref.type`, ['string', 'null']),
  ],
  [
    'request: type narrowed',
    'breaking',
    (d) =>
      set(
        d,
        'components.schemas.CreateSession.properties.metadata.additionalProperties.type',
        'integer',
      ),
  ],
  [
    'request: unknown fields now taken',
    'addition',
    (d) => remove(d, `${REQUEST}.additionalProperties`),
  ],
  [
    'request: keyword nobody can judge',
    'breaking',
    (d) => set(d, `${REQUEST}.properties.metadata.patternProperties`, { '^x': {} }),
  ],
  [
    'request: body became required',
    'breaking',
    (d) => {
      set(d, `${CREATE}.requestBody.required`, true);
    },
  ],

  [
    'parameter removed',
    'breaking',
    (d) => change(d, `${LIST}.parameters`, (all: Loose[]) => all.slice(1)),
  ],
  [
    'parameter added',
    'addition',
    (d) =>
      change(
        d,
        `${LIST}.parameters`,
        plus({ name: 'region', in: 'query', required: false, schema: {} }),
      ),
  ],
  [
    'required parameter added',
    'breaking',
    (d) =>
      change(
        d,
        `${LIST}.parameters`,
        plus({ name: 'region', in: 'query', required: true, schema: {} }),
      ),
  ],
  ['parameter became required', 'breaking', (d) => set(d, `${LIST}.parameters.0.required`, true)],
  ['parameter limit lowered', 'breaking', (d) => set(d, `${LIST}.parameters.3.schema.maximum`, 50)],
  ['Idempotency-Key no longer taken', 'breaking', (d) => remove(d, `${CREATE}.parameters`)],
  [
    'another scope needed',
    'breaking',
    (d) => set(d, `${READ}.security.0.integratorKey`, ['sessions:admin']),
  ],
  [
    'credential now needed',
    'breaking',
    (d) => set(d, 'paths./capabilities.get.security', [{ integratorKey: [] }]),
  ],
  ['credential no longer needed', 'addition', (d) => set(d, `${READ}.security`, [])],

  [
    'words changed',
    'text',
    (d) => {
      set(d, `${ANSWER}.properties.epoch.description`, 'other words');
      set(d, `${READ}.summary`, 'other words');
    },
  ],
];

describe('a change of the contract', () => {
  it.each(MUTATIONS)('%s is judged: %s', (name, verdict, mutate) => {
    const before = editable();
    // The one change that needs another start: what becomes required has to be optional first.
    if (name === 'request: body became required')
      set(before, `${CREATE}.requestBody.required`, false);
    const after = structuredClone(before);
    mutate(after);
    const changes = compareDocuments(asDocument(before), asDocument(after));
    const verdicts = new Set(changes.map((found) => found.verdict));
    const worst = (['breaking', 'addition', 'text'] as const).find((each) => verdicts.has(each));
    expect(worst, JSON.stringify(changes)).toBe(verdict);
  });

  it('is none when nothing changed but the order of fields', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, reversed(part)]),
      );
    };
    const turned = reversed(openApiDocument()) as OpenApiDocument;
    expect(compareDocuments(openApiDocument(), turned)).toEqual([]);
  });

  it('is none when a schema is only given a name', () => {
    const after = editable();
    const inline = reach(after, `${ANSWER}.properties.technician`)[0]['technician'];
    set(after, 'components.schemas.TechnicianRead', inline);
    set(after, `${ANSWER}.properties.technician`, { $ref: '#/components/schemas/TechnicianRead' });
    expect(compareDocuments(openApiDocument(), asDocument(after))).toEqual([]);
  });
});

describe('the gate', () => {
  const breakingOne = (version: string): OpenApiDocument => {
    const document = editable(version);
    remove(document, 'paths./machines');
    return asDocument(document);
  };
  const addingOne = (version: string): OpenApiDocument => {
    const document = editable(version);
    set(document, `${ANSWER}.properties.region`, { type: 'string' });
    return asDocument(document);
  };
  const released = [asDocument(editable('1.0.0'))];
  const GONE = { since: '1.0.0', at: 'GET /machines', what: 'route removed' };

  it('lets anything pass before the first release', () => {
    expect(faultsOfRelease(breakingOne('1.0.0'), [])).toEqual([]);
  });

  it('stops a breaking change inside a major version, whatever the minor', () => {
    expect(faultsOfRelease(breakingOne('1.7.0'), released)).toEqual([
      'since 1.0.0: needs a new major version: GET /machines: route removed',
    ]);
    expect(faultsOfRelease(breakingOne('2.0.0'), released)).toEqual([]);
  });

  it('compares with every release, not only the last', () => {
    const afterwards = asDocument(editable('1.1.0'));
    expect(
      faultsOfRelease(breakingOne('1.2.0'), [afterwards, ...released]).map((f) => f.slice(0, 11)),
    ).toEqual(['since 1.1.0', 'since 1.0.0']);
  });

  it('wants a new minor version for an addition', () => {
    for (const version of ['1.0.0', '1.0.1'])
      expect(faultsOfRelease(addingOne(version), released)).toContain(
        'since 1.0.0: needs a new minor version: GET /sessions/{session_id} 200.region: new field',
      );
    expect(faultsOfRelease(addingOne('1.1.0'), released)).toEqual([]);
  });

  it('never goes back', () => {
    expect(faultsOfRelease(asDocument(editable('0.9.0')), released)).toHaveLength(1);
  });

  it('lets an accepted change pass, only that one, and only while it is there', () => {
    const accepted = [{ ...GONE, reason: 'the route was described but never served' }];
    expect(faultsOfRelease(breakingOne('1.1.0'), released, accepted)).toEqual([]);
    const other = [{ ...accepted[0], at: 'GET /sessions' } as (typeof accepted)[0]];
    expect(faultsOfRelease(breakingOne('1.1.0'), released, other)).toHaveLength(2);
    expect(faultsOfRelease(asDocument(editable('1.1.0')), released, accepted)).toEqual([
      'accepted but not there any more: since 1.0.0: GET /machines: route removed',
    ]);
  });
});

describe('this contract', () => {
  it('breaks nothing that was released', () => {
    const folder = new URL('released/', OPENAPI_FOLDER);
    const released = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => {
        const document = readOpenApi(new URL(name, folder));
        expect(name).toBe(`${document.info.version}.json`);
        return document;
      });
    const accepted = AcceptedChanges.parse(
      JSON.parse(readFileSync(new URL('accepted-changes.json', OPENAPI_FOLDER), 'utf8')),
    );
    expect(faultsOfRelease(openApiDocument(), released, accepted)).toEqual([]);
  });
});
