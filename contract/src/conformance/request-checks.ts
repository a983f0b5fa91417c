// How requests are refused: by problem documents that say what is wrong and where.
import { ERRORS, Problem, type ErrorCode } from '../errors.ts';
import { PROBLEM_TYPE } from '../http/v1/headers.ts';
import { newId } from '../ids.ts';
import type { Check } from './check.ts';
import { answered, demand, refused, type Answer } from './probe.ts';

/** Is there a fault at `pointer`? */
function pointsAt(answer: Answer, pointer: string): void {
  const faults = (answer.json as { errors?: { pointer?: unknown }[] }).errors ?? [];
  demand(
    faults.some((fault) => fault.pointer === pointer),
    `the refusal of ${answer.what} does not point at ${pointer}`,
  );
}

export const REQUEST_CHECKS: readonly Check[] = [
  {
    id: 'errors.problem-documents',
    promise: 'Every refusal is a problem document by the table of codes',
    section: 'Errors',
    async run(probe) {
      const refusals = [
        await probe.ask('GET', `/sessions/${newId('ses')}`),
        await probe.ask('GET', `/machines/${probe.device('nobody')}`),
        await probe.ask('GET', '/no-such-route'),
        await probe.ask('POST', '/sessions', { body: {} }),
        await probe.ask('GET', '/sessions', { key: null }),
      ];
      for (const answer of refusals) {
        const problem = answered(Problem, answer.status, answer);
        const type = answer.header('content-type') ?? 'none';
        demand(type.startsWith(PROBLEM_TYPE), `${answer.what} was refused as ${type}`);
        demand(
          problem.status === answer.status,
          `the document of ${answer.what} says ${problem.status}, the answer ${answer.status}`,
        );
        const row = Object.hasOwn(ERRORS, problem.code)
          ? ERRORS[problem.code as ErrorCode]
          : undefined;
        demand(
          row === undefined ||
            (row.status === problem.status && row.retryable === problem.retryable),
          `${problem.code} has another status or retryable than the table`,
        );
      }
    },
  },
  {
    id: 'errors.not-found',
    promise: 'What is not there is refused with a code that says what it was',
    section: 'Errors',
    async run(probe) {
      const session = await probe.ask('GET', `/sessions/${newId('ses')}`);
      refused(session, 'session_not_found', 'a session that never was');
      const machine = await probe.ask('GET', `/machines/${probe.device('nobody')}`);
      refused(machine, 'machine_not_found', 'a machine that never was');
      refused(await probe.ask('GET', '/no-such-route'), 'not_found', 'no route');
    },
  },
  {
    id: 'authentication.required',
    promise: 'Without a valid key nothing is told, and the kind of credential is named',
    section: 'Authentication',
    async run(probe) {
      for (const key of [null, 'gci_nobody', '']) {
        const answer = await probe.ask('GET', '/sessions', { key });
        refused(answer, 'unauthenticated', `with the key ${key ?? 'left out'}`);
        demand(
          /^bearer/i.test(answer.header('www-authenticate') ?? ''),
          'a 401 does not name the credential in WWW-Authenticate',
        );
      }
    },
  },
  {
    id: 'requests.unknown-field',
    promise: 'An unknown field of a request is refused with a pointer to it',
    section: 'Routes',
    async run(probe) {
      const body = { ...(await probe.sessionRequest()), no_such_field: 1 };
      const answer = await probe.ask('POST', '/sessions', { body });
      if (answer.status === 201) probe.created(answer);
      refused(answer, 'invalid_request', 'a body with an unknown field');
      pointsAt(answer, '/no_such_field');
    },
  },
  {
    id: 'requests.faults',
    promise: 'A field that does not fit is refused with a pointer to it',
    section: 'Errors',
    async run(probe) {
      const good = await probe.sessionRequest();
      const wrong = [
        ['/mode', { mode: 'whenever' }],
        ['/technician/name', { technician: { id: 'x', name: '' } }],
        ['/embed_origins/0', { embed_origins: ['https://rmm.example/page'] }],
        ['/consent_timeout_s', { consent_timeout_s: 0.5 }],
      ] as const;
      for (const [pointer, change] of wrong) {
        const answer = await probe.ask('POST', '/sessions', { body: { ...good, ...change } });
        refused(answer, 'invalid_request', `a wrong ${pointer}`);
        pointsAt(answer, pointer);
      }
      const query = await probe.ask('GET', '/sessions?limit=0');
      refused(query, 'invalid_request', 'a limit of 0');
    },
  },
  {
    id: 'requests.malformed',
    promise: 'A body that is no JSON, or none of that type, is refused as such',
    section: 'Errors',
    async run(probe) {
      const broken = await probe.ask('POST', '/sessions', { body: '{"device_id":' });
      refused(broken, 'invalid_json', 'half a document');
      const text = await probe.ask('POST', '/sessions', {
        body: '{}',
        headers: { 'content-type': 'text/plain' },
      });
      refused(text, 'unsupported_media_type', 'a body of text/plain');
      const list = await probe.ask('POST', '/sessions', { body: '[]' });
      refused(list, 'invalid_request', 'a list where an object belongs');
    },
  },
];
