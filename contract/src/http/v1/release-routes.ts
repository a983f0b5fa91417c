// Routes of agent releases, as data (routes.ts has all of them).
import { z } from 'zod';
import {
  AgentRelease,
  DownloadParams,
  LatestParams,
  ListReleases,
  ReleaseList,
} from './releases.ts';
import type { Route } from './routes.ts';

export const RELEASE_ROUTES = {
  'releases.list': {
    method: 'GET',
    path: '/agent/releases',
    summary: 'List agent releases, newest first',
    auth: 'integrator',
    scope: 'machines:read',
    query: ListReleases,
    status: 200,
    response: ReleaseList,
    errors: ['feature_off'],
  },
  'releases.latest': {
    method: 'GET',
    path: '/agent/releases/{platform}/latest',
    summary: 'The newest agent release of a platform',
    auth: 'integrator',
    scope: 'machines:read',
    params: LatestParams,
    status: 200,
    response: AgentRelease,
    errors: ['feature_off', 'not_found'],
  },
  'releases.download': {
    method: 'GET',
    path: '/agent/releases/{platform}/{version}/download',
    summary: 'Download an agent release (public, Range, ETag)',
    auth: 'none',
    params: DownloadParams,
    status: 200,
    response: z.undefined(),
    form: 'file',
    errors: ['feature_off', 'not_found', 'range_not_satisfiable'],
  },
} as const satisfies Record<string, Route>;
