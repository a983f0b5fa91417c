// Trades the enrolment token for a registered machine key. Once in a machine's life, over node:http:
// the built-in fetch does not connect under Wine.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { GcError, Problem } from '@guruconnect/contract/errors';
import type { DeviceId } from '@guruconnect/contract/ids';
import { API_BASE, ROUTES } from '@guruconnect/contract/http/v1/routes';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Registration, MachineKey } from './machine-key.ts';
import { untilDone } from './reconnect-loop.ts';

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * @throws GcError with signaling's code (`unauthenticated`, `credential_expired`, `device_enrolled`:
 *   the token is of no use and a new one is needed), or a retryable one when it could not be asked.
 */
export async function enrol(
  signalingUrl: string,
  key: MachineKey,
  deviceId: DeviceId,
  token: string,
): Promise<Registration> {
  const { status, body } = await post(`${signalingUrl}${API_BASE}${ROUTES['agent.enrol'].path}`, {
    token,
    device_id: deviceId,
    public_key: key.publicKey,
  });
  if (status !== ROUTES['agent.enrol'].status) {
    const problem = Problem.safeParse(body);
    if (problem.success) throw GcError.fromWire(problem.data);
    throw new GcError('internal', `enrolment was answered with status ${status}`);
  }
  const { machine_id, key_id } = ROUTES['agent.enrol'].response.parse(body);
  return { machine_id, key_id };
}

export interface EnrolmentOptions {
  readonly signalingUrl: string;
  readonly deviceId: DeviceId;
  /** Undefined when the environment has none: then only a key that is registered already will do. */
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that signaling knows the key, however long it takes to reach it.
 * @returns the registration, undefined when aborted. @throws GcError when a new token is needed.
 */
export async function registeredKey(
  key: MachineKey,
  options: EnrolmentOptions,
): Promise<Registration | undefined> {
  if (key.registration) return key.registration;
  const { signalingUrl, deviceId, token, clock, logger, signal } = options;
  if (token === undefined)
    throw new GcError('device_enrolled', 'not enrolled yet, and GC_ENROLMENT_TOKEN is not set');
  const registration = await untilDone(() => enrol(signalingUrl, key, deviceId, token), {
    isPermanent: ({ retryable }) => !retryable,
    onFailed: (err, attempt) =>
      logger[attempt === 0 ? 'warn' : 'debug']({ err }, 'not enrolled yet; trying again'),
    clock,
    signal,
  });
  if (!registration) return undefined;
  key.registered(registration);
  logger.info(registration, 'enrolled');
  return registration;
}

function post(url: string, body: object): Promise<{ status: number; body: unknown }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const unreachable = (cause: unknown): void => {
      reject(new GcError('timeout', 'signaling could not be reached to enrol', { cause }));
    };
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = start(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        response.on('error', unreachable);
        response.on('end', () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
            resolve({ status: response.statusCode ?? 0, body: answer });
          } catch (cause) {
            reject(new GcError('internal', 'the answer to enrolment is not JSON', { cause }));
          }
        });
      },
    );
    request.on('error', unreachable);
    request.end(text);
  });
}
