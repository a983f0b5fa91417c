// Each request has a name that its log lines and its problem document share.
import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

export const nameRequest: RequestHandler = (_request, response, next) => {
  const id = randomUUID();
  response.locals['requestId'] = id;
  response.set('X-Request-Id', id);
  next();
};

export const requestIdOf = (response: Response): string =>
  String(response.locals['requestId'] ?? '');
