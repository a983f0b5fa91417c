// Queries and answers of the audit routes.
import { z } from 'zod';
import { AuditEntry, AuditKey, Checkpoint } from '../../audit.ts';
import { SessionId } from '../../ids.ts';

const after = z.coerce
  .number()
  .int()
  .min(0)
  .default(0)
  .describe('Only those with a higher seq: the last one you have.');

export const ReadAudit = z.strictObject({
  session_id: SessionId.optional().describe('The chain of this session; else the server’s.'),
  after,
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Oldest first, so that whoever keeps a copy reads on where it stopped. */
export const AuditEntryList = z.looseObject({
  entries: z.array(AuditEntry),
  last_seq: z.number().int().nonnegative().describe('The newest entry of this chain.'),
});

export const ListCheckpoints = z.strictObject({
  after,
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const CheckpointList = z.looseObject({
  checkpoints: z.array(Checkpoint),
  keys: z.array(AuditKey).describe('Every key that ever signed checkpoints here, newest first.'),
});
