// What mediasoup throws, as coded errors: the one place its exceptions are looked at.
import { errors } from 'mediasoup';
import { GcError } from '@guruconnect/contract/errors';

/** Long enough to know which parameter it was, too short to carry a whole parameter object. */
const MAX_DETAIL = 200;

/**
 * Runs one request to the media worker.
 * @param what the request in words, for the refusal ("consume video").
 * @throws GcError `invalid_request` when mediasoup finds the parameters wrong (its TypeErrors and
 * UnsupportedErrors say which); `media_failed` for everything else, above all a worker that died
 * while it was asked.
 */
export async function askWorker<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof GcError) throw cause;
    if (cause instanceof TypeError || cause instanceof errors.UnsupportedError)
      throw new GcError('invalid_request', `${what}: ${cause.message.slice(0, MAX_DETAIL)}`, {
        cause,
      });
    throw new GcError('media_failed', `${what}: the media worker did not do it`, { cause });
  }
}
