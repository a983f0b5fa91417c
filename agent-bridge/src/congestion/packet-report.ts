// What transport-cc feedback says of one packet (draft-holmer-rmcat-transport-wide-cc-extensions).

export type PacketReport = {
  /** Sender's clock. */
  readonly sentAtMs: number;
  /** Receiver's clock; undefined when it did not arrive. Only differences mean anything. */
  readonly receivedAtMs: number | undefined;
  readonly bytes: number;
  /** Sent only to ask the path; not counted as demand. */
  readonly padding?: boolean;
};
