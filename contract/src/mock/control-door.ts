// How a test in any language moves the mock broker: what MockBroker's methods do, over HTTP. Not part
// of the contract, so below /mock, and without a key: whoever can reach a mock may move it.
import { z } from 'zod';
import { ErrorCode, parseOr } from '../errors.ts';
import type { MockBroker } from './mock-broker.ts';
import { SCENARIOS } from './scenarios.ts';
import { readBody, sendJson, type OwnAnswer } from './serve-routes.ts';

const StepRequest = z.strictObject({ session_id: z.string().optional() });
const RefuseRequest = z.strictObject({
  code: ErrorCode,
  times: z.number().int().min(1).max(1000).default(1),
  retry_after_s: z.number().int().min(1).max(3600).optional(),
});

/** @returns undefined for a path that is none of these. */
export function controlDoor(
  broker: Pick<MockBroker, 'step' | 'refuseNext'>,
): (method: string, path: string) => OwnAnswer | undefined {
  return (method, path) => {
    switch (`${method} ${path}`) {
      case 'GET /mock':
        return (request, response) => sendJson(request, response, 200, { scenarios: SCENARIOS });
      case 'POST /mock/step':
        return async (request, response) => {
          const { session_id } = parseOr(StepRequest, await readBody(request, true));
          sendJson(request, response, 200, { steps: broker.step(session_id) });
        };
      case 'POST /mock/refuse':
        return async (request, response) => {
          const asked = parseOr(RefuseRequest, await readBody(request, true));
          const { code, times, retry_after_s } = asked;
          const retryAfterMs = retry_after_s === undefined ? undefined : retry_after_s * 1000;
          broker.refuseNext({ code, times, ...(retryAfterMs ? { retryAfterMs } : {}) });
          sendJson(request, response, 200, asked);
        };
      default:
        return undefined;
    }
  };
}
