import { describe, expect, it } from 'vitest';
import { contractText } from '../../../test/contract-document.ts';
import { openApiDocument } from '../../openapi/open-api-document.ts';
import {
  deprecationHeaders,
  DEPRECATIONS,
  deprecationsOf,
  faultsOfDeprecations,
  nameOf,
  SUNSET_AFTER_MONTHS,
  type Deprecation,
} from './deprecations.ts';

const about = {
  since: '2027-01-15T00:00:00.000Z',
  sunset: '2028-01-15T00:00:00.000Z',
  replacement: 'Use the other one.',
  link: 'https://gc.example/changes#other',
};
const ROUTE: Deprecation = { kind: 'route', route: 'machines.list', ...about };
const BODY: Deprecation = {
  ...{ kind: 'request_field', route: 'sessions.create', field: 'reason' },
  ...{ ...about, link: 'https://gc.example/changes#reason' },
};
const QUERY: Deprecation = {
  ...{ kind: 'request_field', route: 'machines.list', field: 'online' },
  ...{ ...about, since: '2027-03-01T00:00:00.000Z', sunset: '2028-03-01T00:00:00.000Z' },
};
const ANSWER: Deprecation = { kind: 'answer_field', schema: 'Session', field: 'reason', ...about };
const FEATURE: Deprecation = { kind: 'feature', feature: 'audio', ...about };
const TABLE = [ROUTE, BODY, QUERY, ANSWER, FEATURE];

describe('what is deprecated', () => {
  it('never goes sooner than CONTRACT.md promises', () => {
    expect(faultsOfDeprecations(DEPRECATIONS)).toEqual([]);
    expect(contractText).toContain(`at least ${SUNSET_AFTER_MONTHS} months`);
    expect(faultsOfDeprecations(TABLE)).toEqual([]);
    const dayTooSoon = { ...ROUTE, sunset: '2028-01-14T00:00:00.000Z' };
    expect(faultsOfDeprecations([dayTooSoon])).toEqual([expect.stringContaining('sooner')]);
  });

  it('says what to use instead and where to read, once', () => {
    expect(faultsOfDeprecations([{ ...ROUTE, replacement: ' ' }])).toHaveLength(1);
    expect(faultsOfDeprecations([{ ...ROUTE, link: 'somewhere' }])).toHaveLength(1);
    expect(faultsOfDeprecations([{ ...ROUTE, since: 'soon' }])).toHaveLength(1);
    expect(faultsOfDeprecations([ROUTE, ROUTE])).toEqual(['machines.list is there twice']);
    expect(new Set(TABLE.map(nameOf)).size).toBe(TABLE.length);
  });

  it('is something that the description has', () => {
    expect(() => openApiDocument(DEPRECATIONS)).not.toThrow();
    expect(() => openApiDocument([{ ...BODY, field: 'nonsense' }])).toThrow('nonsense');
    expect(() => openApiDocument([{ ...QUERY, field: 'nonsense' }])).toThrow('nonsense');
    expect(() => openApiDocument([{ ...ANSWER, schema: 'Nonsense' }])).toThrow('Nonsense');
  });

  it('is told to requests of that route, and to those that give that field', () => {
    expect(deprecationsOf(TABLE, 'machines.list', [])).toEqual([ROUTE]);
    expect(deprecationsOf(TABLE, 'machines.list', ['online'])).toEqual([ROUTE, QUERY]);
    expect(deprecationsOf(TABLE, 'sessions.create', ['device_id'])).toEqual([]);
    expect(deprecationsOf(TABLE, 'sessions.create', ['reason'])).toEqual([BODY]);
    expect(deprecationsOf(TABLE, 'sessions.read', [])).toEqual([]);
  });

  it('is told in the headers of RFC 9745 and RFC 8594, the earliest dates first', () => {
    expect(deprecationHeaders([])).toEqual([]);
    expect(deprecationHeaders([QUERY, ROUTE, BODY])).toEqual([
      ['Deprecation', '@1799971200'],
      ['Sunset', 'Sat, 15 Jan 2028 00:00:00 GMT'],
      [
        'Link',
        '<https://gc.example/changes#other>; rel="deprecation"; type="text/html", <https://gc.example/changes#reason>; rel="deprecation"; type="text/html"',
      ],
    ]);
  });

  it('is marked in the description, where it is and nowhere else', () => {
    const plain = openApiDocument();
    const document = openApiDocument(TABLE);
    const list = document.paths['/machines']?.get;
    expect(list).toMatchObject({ deprecated: true });
    expect(list?.description).toContain('until 2028-01-15: Use the other one.');
    expect(list?.parameters?.filter(({ deprecated }) => deprecated)).toEqual([
      expect.objectContaining({ name: 'online' }),
    ]);
    const { schemas } = document.components;
    expect(schemas['CreateSession']?.properties?.['reason']).toMatchObject({ deprecated: true });
    expect(schemas['Session']?.properties?.['reason']).toMatchObject({ deprecated: true });
    const marks = (text: string): number => text.split('"deprecated":true').length - 1;
    expect(marks(JSON.stringify(document))).toBe(4);
    expect(marks(JSON.stringify(plain))).toBe(0);
  });
});
