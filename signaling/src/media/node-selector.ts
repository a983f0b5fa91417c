// Which media node takes a session: pure. Load is the worst of a node's dimensions, each measured
// against its own limit; what was just placed there counts before the node's own figures show it.
import type { NodeId } from '@guruconnect/contract/ids';
import type { NodeStatus } from './node-client.ts';

export type Candidate = NodeStatus & {
  /** When sessions were placed on it lately, milliseconds on the clock of `nowMs`. */
  readonly placedAtMs: readonly number[];
};

/** What one session that was just placed is taken to cost, as a share of the node: a guess, good
 * for spreading a burst, too rough to refuse by. */
const RESERVATION = 0.002;
/** After this the node's own figures tell what the session costs. */
export const RESERVATION_MS = 10_000;
/** A node that says so itself, in any dimension, takes nothing. */
const FULL = 1;

const reportedLoad = ({ load }: NodeStatus): number =>
  Math.max(load.cpu, load.egress, load.ingress, load.packets, load.consumers);

export function loadOf(candidate: Candidate, nowMs: number): number {
  const reserved = candidate.placedAtMs.reduce((sum, placedAtMs) => {
    const left = 1 - (nowMs - placedAtMs) / RESERVATION_MS;
    return sum + RESERVATION * Math.min(1, Math.max(0, left));
  }, 0);
  return reportedLoad(candidate) + reserved;
}

/**
 * Power of two choices: of two at random the less loaded one, so that many signaling processes
 * with figures a second old do not all run to the same node.
 * @param random gives numbers in [0, 1).
 */
export function selectNode(
  candidates: readonly Candidate[],
  nowMs: number,
  random: () => number = Math.random,
): NodeId | undefined {
  const able = candidates.filter((node) => !node.draining && reportedLoad(node) < FULL);
  const first = able[Math.floor(random() * able.length)];
  if (!first) return undefined;
  const others = able.filter((node) => node !== first);
  const second = others[Math.floor(random() * others.length)] ?? first;
  return loadOf(second, nowMs) < loadOf(first, nowMs) ? second.nodeId : first.nodeId;
}
