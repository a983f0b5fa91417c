// Which media node takes a session: pure. Load is the worst of a node's dimensions, each measured
// against its own limit; what was just placed there counts before the node's own figures show it.
import type { NodeId } from '@guruconnect/contract/ids';
import type { NodeStatus } from './node-client.ts';

export type Candidate = NodeStatus & {
  /** Share of it that is reserved for what was placed there lately (reservations.ts). */
  readonly reserved: number;
};

/** A node that says so itself, in any dimension, takes nothing. */
const FULL = 1;

const reportedLoad = ({ load }: NodeStatus): number =>
  Math.max(load.cpu, load.egress, load.ingress, load.packets, load.consumers);

export const loadOf = (candidate: Candidate): number =>
  reportedLoad(candidate) + candidate.reserved;

/**
 * Power of two choices: of two at random the less loaded one, so that many signaling processes
 * with figures a second old do not all run to the same node.
 * @param random gives numbers in [0, 1).
 */
export function selectNode(
  candidates: readonly Candidate[],
  random: () => number = Math.random,
): NodeId | undefined {
  const able = candidates.filter((node) => !node.draining && reportedLoad(node) < FULL);
  const first = able[Math.floor(random() * able.length)];
  if (!first) return undefined;
  const others = able.filter((node) => node !== first);
  const second = others[Math.floor(random() * others.length)] ?? first;
  return loadOf(second) < loadOf(first) ? second.nodeId : first.nodeId;
}
