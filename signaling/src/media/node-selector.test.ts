import { describe, expect, it } from 'vitest';
import { NodeId } from '@guruconnect/contract/ids';
import { loadOf, RESERVATION_MS, selectNode, type Candidate } from './node-selector.ts';

const node = (
  name: string,
  change: Partial<Candidate['load']> = {},
  more: Partial<Candidate> = {},
): Candidate => ({
  nodeId: NodeId.parse(name),
  load: { cpu: 0, egress: 0, ingress: 0, packets: 0, consumers: 0, sessions: 0, ...change },
  draining: false,
  placedAtMs: [],
  ...more,
});
/** Gives these numbers, then the last one again. */
const dice =
  (...numbers: number[]) =>
  (): number =>
    numbers.length > 1 ? (numbers.shift() ?? 0) : (numbers[0] ?? 0);

describe('the load of a node', () => {
  it('is its worst dimension, plus what was placed there lately, less and less', () => {
    expect(loadOf(node('a', { cpu: 0.1, packets: 0.7 }), 0)).toBe(0.7);
    const fresh = loadOf(node('a', {}, { placedAtMs: [0, 0] }), 0);
    const later = loadOf(node('a', {}, { placedAtMs: [0, 0] }), RESERVATION_MS / 2);
    expect(fresh).toBeGreaterThan(later);
    expect(later).toBeGreaterThan(0);
    expect(loadOf(node('a', {}, { placedAtMs: [0, 0] }), RESERVATION_MS)).toBe(0);
  });
});

describe('choosing a node', () => {
  it('takes the less loaded of two that were drawn', () => {
    const nodes = [node('busy', { cpu: 0.8 }), node('idle', { cpu: 0.1 })];
    expect(selectNode(nodes, 0, dice(0, 0))).toBe('idle');
    expect(selectNode(nodes, 0, dice(0.99, 0))).toBe('idle');
  });

  it('takes none that drains or is full in one dimension', () => {
    expect(
      selectNode([node('a', {}, { draining: true }), node('b', { egress: 1 })], 0),
    ).toBeUndefined();
    expect(selectNode([node('a', {}, { draining: true }), node('c')], 0)).toBe('c');
    expect(selectNode([], 0)).toBeUndefined();
  });

  it('takes an idle node also after a burst of placements: only the node knows when it is full', () => {
    const burst = node('only', {}, { placedAtMs: Array<number>(5000).fill(0) });
    expect(selectNode([burst], 0)).toBe('only');
  });

  it('spreads a burst over equal nodes although none has reported yet', () => {
    const placed = new Map<string, number[]>([
      ['a', []],
      ['b', []],
      ['c', []],
    ]);
    for (let i = 0; i < 90; i += 1) {
      const nodes = [...placed].map(([name, placedAtMs]) => node(name, {}, { placedAtMs }));
      const chosen = selectNode(nodes, 0) ?? '';
      placed.set(chosen, [...(placed.get(chosen) ?? []), 0]);
    }
    for (const times of placed.values()) expect(times.length).toBeGreaterThan(15);
  });
});
