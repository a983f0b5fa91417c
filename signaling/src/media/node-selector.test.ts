import { describe, expect, it } from 'vitest';
import { NodeId } from '@guruconnect/contract/ids';
import { loadOf, selectNode, type Candidate } from './node-selector.ts';
import { Reservations } from './reservations.ts';

const node = (
  name: string,
  change: Partial<Candidate['load']> = {},
  more: Partial<Candidate> = {},
): Candidate => ({
  nodeId: NodeId.parse(name),
  load: { cpu: 0, egress: 0, ingress: 0, packets: 0, consumers: 0, sessions: 0, ...change },
  draining: false,
  reserved: 0,
  ...more,
});
/** Gives these numbers, then the last one again. */
const dice =
  (...numbers: number[]) =>
  (): number =>
    numbers.length > 1 ? (numbers.shift() ?? 0) : (numbers[0] ?? 0);

describe('the load of a node', () => {
  it('is its worst dimension, plus what is reserved for what was just placed there', () => {
    expect(loadOf(node('a', { cpu: 0.1, packets: 0.7 }))).toBe(0.7);
    expect(loadOf(node('a', { cpu: 0.5 }, { reserved: 0.25 }))).toBe(0.75);
  });
});

describe('choosing a node', () => {
  it('takes the less loaded of two that were drawn', () => {
    const nodes = [node('busy', { cpu: 0.8 }), node('idle', { cpu: 0.1 })];
    expect(selectNode(nodes, dice(0, 0))).toBe('idle');
    expect(selectNode(nodes, dice(0.99, 0))).toBe('idle');
  });

  it('takes none that drains or is full in one dimension', () => {
    expect(
      selectNode([node('a', {}, { draining: true }), node('b', { egress: 1 })]),
    ).toBeUndefined();
    expect(selectNode([node('a', {}, { draining: true }), node('c')])).toBe('c');
    expect(selectNode([])).toBeUndefined();
  });

  it('takes an idle node also after a burst of placements: only the node knows when it is full', () => {
    const burst = node('only', {}, { reserved: 10 });
    expect(selectNode([burst])).toBe('only');
  });

  it('spreads a burst over equal nodes although none has reported yet', () => {
    const placed = new Map(['a', 'b', 'c'].map((name) => [name, new Reservations()]));
    const counts = new Map<string, number>();
    for (let i = 0; i < 90; i += 1) {
      const nodes = [...placed].map(([name, lately]) =>
        node(name, {}, { reserved: lately.share(0) }),
      );
      const chosen = selectNode(nodes) ?? '';
      placed.get(chosen)?.add(0);
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(15);
  });
});
