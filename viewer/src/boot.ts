// What the page learns from its own address. Pure. The code rides in the fragment, which browsers
// send to nobody; begin.ts has wiped it from the address before this is asked.
import { GcError } from '@guruconnect/contract/errors';
import { SessionId } from '@guruconnect/contract/ids';

export type Boot = { readonly sessionId: SessionId; readonly code: string };

/** @throws GcError `session_not_found` or `code_invalid`. */
export function readBoot(location: { readonly pathname: string; readonly hash: string }): Boot {
  const name = /^\/viewer\/([^/]+)\/?$/.exec(location.pathname)?.[1] ?? '';
  const sessionId = SessionId.safeParse(name);
  if (!sessionId.success) throw new GcError('session_not_found');
  const code = new URLSearchParams(location.hash.replace(/^#/, '')).get('code');
  if (!code) throw new GcError('code_invalid', 'The link carries no code, or was opened before');
  return { sessionId: sessionId.data, code };
}
