// What an agent or a viewer does with its media after its socket came back. Shared, so both ends
// decide alike. Media never depends on the socket: "resumed" means nothing is touched.

export type HelloOutcome =
  | { readonly outcome: 'fresh' }
  | { readonly outcome: 'resumed'; readonly epoch: number }
  | { readonly outcome: 'moved'; readonly epoch: number }
  | { readonly outcome: 'ended' };

export type ResumeStep =
  /** No media yet: wait for the session to be placed, then join. */
  | 'join'
  /** Transports of this epoch run on. */
  | 'keep'
  /** The session was placed again: drop what is there, then join. */
  | 'replace'
  /** Close everything; final. */
  | 'close';

/** @param heldEpoch epoch of the transports this end holds; undefined when it holds none. */
export function resumeStep(heldEpoch: number | undefined, answer: HelloOutcome): ResumeStep {
  if (answer.outcome === 'ended') return 'close';
  if (heldEpoch === undefined) return 'join';
  // Whatever the word, transports of another epoch are dead: the media node refuses their fence.
  if (answer.outcome === 'resumed' && answer.epoch === heldEpoch) return 'keep';
  return 'replace';
}
