// One flat object for each request: `client.sessions.end({ session_id, reason })`. The route table
// says which of its fields go into the path, the query and the body.
import type { z } from 'zod';
import { GcError } from '../errors.ts';
import { API_BASE, ROUTES, type Route, type RouteName } from '../http/v1/routes.ts';

type Row<N extends RouteName> = (typeof ROUTES)[N];
/** Ids are plain strings for an integrator, who got them as JSON. */
type Plain<T> = T extends z.core.$brand<PropertyKey & string> ? string : T;
type Inputs<N extends RouteName, Part extends 'params' | 'body'> =
  Row<N> extends Record<Part, infer S extends z.ZodType> ? z.input<S> : unknown;
type Queries<N extends RouteName> =
  Row<N> extends { query: infer S extends z.ZodType }
    ? { readonly [F in keyof z.output<S>]?: Plain<z.output<S>[F]> }
    : unknown;

export type RouteRequest<N extends RouteName> = Inputs<N, 'params'> &
  Inputs<N, 'body'> &
  Queries<N>;
export type RouteAnswer<N extends RouteName> = z.output<Row<N>['response']>;

export type HttpRequest = { readonly method: string; readonly url: string; readonly body?: string };

/** @throws GcError `invalid_request` when a part of the path is missing. */
export function httpRequestOf(
  baseUrl: string,
  name: RouteName,
  request: Readonly<Record<string, unknown>>,
): HttpRequest {
  const route: Route = ROUTES[name];
  const rest = new Map(Object.entries(request).filter(([, value]) => value !== undefined));
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_whole, field: string) => {
    const value = rest.get(field);
    if (typeof value !== 'string' || value === '')
      throw new GcError('invalid_request', `${name} needs ${field}`, {
        faults: [{ pointer: `/${field}`, detail: 'missing' }],
      });
    rest.delete(field);
    return encodeURIComponent(value);
  });
  const url = baseUrl.replace(/\/+$/, '') + API_BASE + path;
  if (route.body)
    return { method: route.method, url, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(
    Object.fromEntries([...rest].map(([field, value]) => [field, String(value)])),
  ).toString();
  return { method: route.method, url: query === '' ? url : `${url}?${query}` };
}
