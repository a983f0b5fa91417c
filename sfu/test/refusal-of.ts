// The coded error something is refused with; anything else is a failed test.
import { GcError, type ErrorCode } from '@guruconnect/contract/errors';

/** @throws `error` itself when it carries no code. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof GcError) return error.code;
  throw error;
}

export async function refusalOf(refused: Promise<unknown>): Promise<ErrorCode> {
  const code = await refused.then(() => undefined, codeOf);
  if (code === undefined) throw new Error('it was not refused');
  return code;
}
