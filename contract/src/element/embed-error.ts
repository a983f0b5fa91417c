// A refusal on the host page's side of an embedded viewer. The codes are those of contract/errors.ts;
// its class is not used because it would bring zod into the bundle.
import type { ErrorCode, WireError } from '../errors.ts';

export class EmbedError extends Error {
  override readonly name = 'EmbedError';
  /** A code of the contract's table; one this build does not know may come from a newer viewer. */
  readonly code: ErrorCode | (string & {});
  readonly retryable: boolean;

  constructor(code: ErrorCode | (string & {}), detail: string, retryable = false) {
    super(detail);
    this.code = code;
    this.retryable = retryable;
  }

  static fromWire({ code, detail, retryable }: WireError): EmbedError {
    return new EmbedError(code, detail, retryable);
  }
}
