// Body of the exchange: one-time code + the viewer's own public key -> short-lived token.
import { z } from 'zod';
import { SessionId, ViewerId } from '../../ids.ts';
import { Grant } from '../../grants.ts';
import { JournalEvent } from '../../journal.ts';
import { Session } from '../../session.ts';
import { ViewerJwk } from '../../tokens.ts';

export const ExchangeCode = z.strictObject({
  session_id: SessionId,
  code: z.string().min(16).max(128),
  public_key: ViewerJwk,
});
export type ExchangeCode = z.output<typeof ExchangeCode>;

export const ExchangedCode = z.looseObject({
  token: z.string(),
  expires_at: z.iso.datetime(),
  viewer_id: ViewerId,
  session_id: SessionId,
  grants: z.array(Grant),
  embed_origins: z
    .array(z.string())
    .describe('Origins whose page may talk to this viewer by postMessage.'),
});
export type ExchangedCode = z.output<typeof ExchangedCode>;

/**
 * Member `ended` of the problem `session_ended` that answers an exchange: whoever held a good code
 * is not let in any more, and still learns how the session went and why it ended.
 */
export const EndedSession = z.looseObject({
  session: Session,
  events: z.array(JournalEvent).describe('The journal.'),
});
export type EndedSession = z.output<typeof EndedSession>;
