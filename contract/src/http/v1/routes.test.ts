import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../errors.ts';
import { ROUTES, SCOPES, type Route } from './routes.ts';

const routes = Object.entries(ROUTES) as [string, Route][];

describe('the route table', () => {
  it.each(routes)('%s is complete', (_name, route) => {
    const inPath = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    expect(inPath.length > 0).toBe(route.params !== undefined);
    expect(route.auth === 'integrator').toBe(route.scope !== undefined);
    if (route.scope) expect(SCOPES).toHaveProperty([route.scope]);
    for (const code of route.errors) expect(ERRORS).toHaveProperty([code]);
  });

  it('names no method and path twice', () => {
    const lines = routes.map(([, route]) => `${route.method} ${route.path}`);
    expect(new Set(lines).size).toBe(lines.length);
  });
});
