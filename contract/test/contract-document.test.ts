import { describe, expect, it } from 'vitest';
import { EmbedCommand, EmbedEvent, VIEWER_STATES } from '../src/embed/embed-messages.ts';
import { ERRORS } from '../src/errors.ts';
import { GRANTS } from '../src/grants.ts';
import { FEATURES } from '../src/http/v1/capabilities.ts';
import { IDEMPOTENCY_KEPT_S } from '../src/http/v1/headers.ts';
import { errorsOf } from '../src/http/v1/route-errors.ts';
import { ROUTES, SCOPES, type Route } from '../src/http/v1/routes.ts';
import { CreateSession, SESSION_LIMITS } from '../src/http/v1/sessions.ts';
import { EVENTS } from '../src/journal.ts';
import { SCENARIOS } from '../src/mock/scenarios.ts';
import { ROUTE_EXAMPLES } from '../src/openapi/route-examples.ts';
import { END_REASONS, SESSION_STATES } from '../src/session.ts';
import { block, contractText, tableRows } from './contract-document.ts';

const routes = Object.entries(ROUTES) as [string, Route][];
const SCENARIO_WORDS = Object.fromEntries(
  Object.entries(SCENARIOS).map(([name, { about }]) => [name, about]),
);
const names = (rows: string[][]): string[] => rows.map(([name = '']) => name);

describe('CONTRACT.md', () => {
  it('lists every error code as the table of the code has it', () => {
    const written = tableRows('Status', 'Code', 'Retryable', 'Meaning').sort();
    const told = Object.entries(ERRORS).map(([code, { status, retryable, title }]) => [
      String(status),
      code,
      retryable ? 'yes' : 'no',
      title,
    ]);
    expect(written).toEqual(told.sort());
  });

  it('lists every route with its scope and its own refusals', () => {
    expect(tableRows('Route', 'Method and path')).toEqual(
      routes.map(([name, { method, path, scope, errors }]) => [
        name,
        `${method} ${path}`,
        scope ?? '—',
        errors.join(' '),
      ]),
    );
  });

  it('says of codes that are not in the row of a route when they come', () => {
    const general = routes.flatMap(([, route]) =>
      errorsOf(route).filter((code) => !route.errors.includes(code)),
    );
    const paragraph = /^Any of them may also answer.*$/m.exec(contractText)?.[0];
    for (const code of new Set(general)) expect(paragraph).toContain(`\`${code}\``);
  });

  it.each([
    ['scopes', tableRows('Scope', 'Allows'), SCOPES],
    ['session states', tableRows('State', 'Meaning'), SESSION_STATES],
    ['end reasons', tableRows('End reason', 'Meaning'), END_REASONS],
    ['viewer states', tableRows('Viewer state', 'Meaning'), VIEWER_STATES],
    ['scenarios of the mock broker', tableRows('Scenario', 'What happens'), SCENARIO_WORDS],
  ])('lists the %s with the words of the code', (_what, rows, table) => {
    expect(Object.fromEntries(rows)).toEqual(table);
  });

  it('lists every event with the fields of its data', () => {
    const rows = tableRows('Event', 'data');
    expect(names(rows).sort()).toEqual(Object.keys(EVENTS).sort());
    for (const [name = '', data = ''] of rows)
      for (const field of Object.keys(EVENTS[name as keyof typeof EVENTS].shape))
        expect(data, name).toContain(field);
  });

  it('lists every feature, limit, grant and field of a new session', () => {
    expect(names(tableRows('Feature'))).toEqual(Object.keys(FEATURES));
    const { limits } = ROUTE_EXAMPLES['capabilities.read'].response as { limits: object };
    expect(
      tableRows('Limit', 'Here').map(([name, here]) => [name, Number.parseInt(here ?? '', 10)]),
    ).toEqual(Object.entries(limits));
    for (const grant of Object.keys(GRANTS)) expect(contractText).toContain(`\`${grant}\``);
    expect(names(tableRows('Field', 'Meaning')).sort()).toEqual(
      Object.keys(CreateSession.shape).sort(),
    );
  });

  it('tells the defaults as they are', () => {
    const absent = new Map(tableRows('Field', 'Meaning').map(([name, , value]) => [name, value]));
    for (const [name, { default: value }] of Object.entries(SESSION_LIMITS))
      expect(absent.get(name)).toMatch(new RegExp(`^${value}\\b`));
    expect(contractText).toContain(`for ${IDEMPOTENCY_KEPT_S / 3600} hours`);
  });

  it('lists what viewer and page say to each other', () => {
    expect(names(tableRows('Viewer says')).sort()).toEqual(
      EmbedEvent.options.map((option) => option.shape.gc.value).sort(),
    );
    const commands = EmbedCommand.options.map(({ shape }) => shape);
    expect(
      tableRows('You say')
        .map(([name, fields]) => [name, fields])
        .sort(),
    ).toEqual(
      commands
        .map((shape) => [
          shape.gc.value,
          Object.keys(shape).filter((field) => !['gc', 'id'].includes(field))[0] ?? '',
        ])
        .sort(),
    );
  });

  it('shows the element in about twenty lines', () => {
    expect(block('element').trim().split('\n').length).toBeLessThanOrEqual(22);
  });
});
