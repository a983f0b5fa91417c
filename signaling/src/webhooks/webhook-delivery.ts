// One attempt: POST a signed body to a URL, to checked addresses only, within a time, and read the
// answer up to a bound. It decides nothing about what follows (retry-schedule.ts).
import type { LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { SignedHeaders } from '@guruconnect/contract/node/webhook-signer';
import type { DeliveryError } from '../store/webhooks.ts';
import { AddressRefused, checkedAddresses, type Resolve } from './address-guard.ts';
import type { Attempt } from './retry-schedule.ts';

/** An answer is "ok" or nothing; whoever sends more is most likely a web page, not a receiver. */
const MAX_ANSWER_BYTES = 64 * 1024;
const USER_AGENT = 'GuruConnect-Webhooks/1';

export type Message = {
  readonly url: string;
  readonly headers: SignedHeaders;
  readonly body: string;
};

export type DeliveryOptions = {
  readonly allowPrivate: boolean;
  /** For all of it: resolving, connecting, the whole answer. */
  readonly timeoutMs: number;
  /** This process stops. */
  readonly signal: AbortSignal;
  readonly resolve?: Resolve;
};

/** @throws the signal's reason when that is aborted: nobody knows then how it went. */
export async function attemptDelivery(
  message: Message,
  options: DeliveryOptions,
): Promise<Attempt> {
  const late = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([late, options.signal]);
  const url = new URL(message.url);
  try {
    const resolved = checkedAddresses(url, options.allowPrivate, options.resolve);
    return await send(url, message, await unlessAborted(resolved, signal), signal);
  } catch (error) {
    options.signal.throwIfAborted();
    if (late.aborted) return { error: 'timeout' };
    return { error: error instanceof AddressRefused ? 'address_refused' : 'connection' };
  }
}

/** Resolving a name can not be interrupted, only no longer waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    work.then(resolve, reject);
  });
}

function send(
  url: URL,
  { headers, body }: Message,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      // No connection is kept: the next delivery may go to another address.
      agent: false,
      lookup: only(addresses),
      signal,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': USER_AGENT,
      },
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      const done = (error?: DeliveryError): void => {
        resolve({ status, error, retryAfterMs: retryAfterMsOf(response) });
        request.destroy();
      };
      response.once('error', reject);
      if (status >= 300 && status < 400) done('redirect');
      else if (status < 200 || status >= 300) done('status');
      else readAnswer(response, done);
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'HPE_HEADER_OVERFLOW') resolve({ error: 'too_large' });
      else reject(error);
    });
    // A change of protocols is no answer to a POST.
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('the receiver speaks something else'));
    });
    request.once('close', () => {
      reject(new Error('the connection was closed'));
    });
    request.end(body);
  });
}

function readAnswer(response: IncomingMessage, done: (error?: DeliveryError) => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) done('too_large');
  });
  response.once('end', () => {
    done();
  });
}

/** Resolves every name to these addresses; the name goes on being what TLS is checked against. */
const only =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (!first) callback(new Error('the name has no address'), '');
    else if (all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };

/** Only seconds: a date would trust the receiver's clock. */
function retryAfterMsOf({ headers }: IncomingMessage): number | undefined {
  const text = headers['retry-after'];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : undefined;
}
