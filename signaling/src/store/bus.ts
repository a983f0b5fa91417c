// Facts between the parts of signaling, and later between its processes: published after they are
// stored, heard by whoever subscribed. Commands never travel here.
import type { Checkpoint } from '@guruconnect/contract/audit';
import type { DeviceId, MachineId, SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { SessionRecord } from './session-record.ts';

export type BusFacts = {
  /** One entry of a session's journal, with the session as it can be read since. */
  'journal.appended': {
    readonly session_id: SessionId;
    readonly event: JournalEvent;
    readonly record: SessionRecord;
  };
  /** A checkpoint of the audit was made. */
  'audit.checkpoint': { readonly checkpoint: Checkpoint };
  /** The machine may not be connected any longer with keys of these thumbprints. */
  'machine.keys_revoked': {
    readonly machine_id: MachineId;
    readonly device_id: DeviceId;
    readonly thumbprints: readonly string[];
    /** A newer key of the same device takes over, rather than nobody. */
    readonly superseded: boolean;
  };
};
export type BusFact = keyof BusFacts;

export type Bus = {
  publish<N extends BusFact>(name: N, fact: BusFacts[N]): void;
  /** @returns a function that ends the subscription. */
  subscribe<N extends BusFact>(name: N, listener: (fact: BusFacts[N]) => void): () => void;
  close(): void;
};
