// The limits of the HTTP door and of socket handshakes, by integrator key and by address.
import type { BlockList } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { LIMITS } from '../limits.ts';
import { addressKey, clientAddress } from './client-address.ts';
import { RateLimit, type RateState } from './rate-limit.ts';

type FromSomewhere = Pick<IncomingMessage, 'headers' | 'socket'>;

export class RateLimits {
  readonly #trusted: BlockList;
  readonly #keys: RateLimit;
  readonly #public = new RateLimit(LIMITS.publicPerMinute);
  readonly #failures = new RateLimit(LIMITS.failedCredentialsPerMinute);
  readonly #handshakes = new RateLimit(LIMITS.handshakesPerMinute);

  constructor(perKeyAndMinute: number, trusted: BlockList) {
    this.#keys = new RateLimit(perKeyAndMinute);
    this.#trusted = trusted;
  }

  /** A request of an integrator; its state is told in headers. */
  async integrator(keyId: string, response: Response): Promise<void> {
    tell(response, await this.#keys.take(keyId));
  }

  /** A request that carries no integrator key. */
  async public(request: FromSomewhere): Promise<void> {
    await this.#public.take(this.addressOf(request));
  }

  async handshake(request: FromSomewhere): Promise<void> {
    await this.#handshakes.take(this.addressOf(request));
  }

  /** Before a credential is looked at: has this address failed too often? */
  async mayTry(request: FromSomewhere): Promise<void> {
    await this.#failures.look(this.addressOf(request));
  }

  /** A credential was wrong. @throws GcError `rate_limited` when that was one too many. */
  async failed(request: FromSomewhere): Promise<void> {
    await this.#failures.take(this.addressOf(request));
  }

  /** What is counted as one address. */
  addressOf(request: FromSomewhere): string {
    return addressKey(clientAddress(request, this.#trusted));
  }
}

/** draft-ietf-httpapi-ratelimit-headers-11, beside Retry-After on a refusal. */
function tell(response: Response, { limit, remaining, resetMs }: RateState): void {
  response.set('RateLimit-Policy', `"key";q=${limit};w=60`);
  response.set('RateLimit', `"key";r=${remaining};t=${Math.ceil(resetMs / 1000)}`);
}
