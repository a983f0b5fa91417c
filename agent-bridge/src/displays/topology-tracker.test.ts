import { Topology } from '@guruconnect/contract/monitor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTracker, type OutputState } from './topology-tracker.ts';

const output = (name: string, x = 0, over: Partial<OutputState> = {}): OutputState => ({
  key: name,
  name,
  x,
  y: 0,
  width: 1280,
  height: 720,
  scale: 1,
  primary: false,
  ...over,
});

const ids = (topology: Topology | undefined) =>
  topology?.monitors.map(({ name, monitor_id }) => [name, monitor_id]);

describe('topology', () => {
  it('numbers the primary monitor first, then from left to right', () => {
    const tracker = new TopologyTracker();
    const outputs = [output('R', 2560), output('L', 0), output('M', 1280, { primary: true })];
    expect(ids(tracker.update(outputs))).toEqual([
      ['M', 1],
      ['L', 2],
      ['R', 3],
    ]);
  });

  it('raises the epoch by one at a change, and only at a change', () => {
    const tracker = new TopologyTracker();
    expect(tracker.update([output('A')])?.topology_epoch).toBe(1);
    expect(tracker.update([output('A')])).toBeUndefined();
    expect(tracker.update([output('A', 0, { width: 1920 })])?.topology_epoch).toBe(2);
    expect(tracker.update([output('A', 0, { width: 1920, scale: 2 })])?.topology_epoch).toBe(3);
    expect(tracker.update([])?.topology_epoch).toBe(4);
    expect(tracker.current()).toEqual({ topology_epoch: 4, monitors: [] });
  });

  it('has an epoch from the start, even without monitors', () => {
    expect(new TopologyTracker().update([])).toEqual({ topology_epoch: 1, monitors: [] });
  });

  it('keeps an output’s id while it is away and never gives it to another', () => {
    const tracker = new TopologyTracker();
    tracker.update([output('A'), output('B', 1280)]);
    expect(ids(tracker.update([output('A'), output('C', 1280)]))).toEqual([
      ['A', 1],
      ['C', 3],
    ]);
    expect(ids(tracker.update([output('B'), output('C', 1280)]))).toEqual([
      ['B', 2],
      ['C', 3],
    ]);
  });

  it('counts mirrored outputs once, as the primary one if it is among them', () => {
    const tracker = new TopologyTracker();
    expect(ids(tracker.update([output('A'), output('B', 0, { primary: true })]))).toEqual([
      ['B', 1],
    ]);
  });

  it('always has exactly one primary monitor', () => {
    const primaries = (outputs: OutputState[]) =>
      new TopologyTracker().update(outputs)!.monitors.filter((monitor) => monitor.primary);
    expect(primaries([output('A', 1280), output('B')]).map(({ name }) => name)).toEqual(['B']);
    expect(
      primaries([output('A', 0, { primary: true }), output('B', 1280, { primary: true })]),
    ).toHaveLength(1);
  });

  it('is within the contract whatever the system says', () => {
    const outputs = fc.array(
      fc.record({
        key: fc.string({ maxLength: 3 }),
        name: fc.string({ maxLength: 100 }),
        x: fc.integer({ min: -20000, max: 20000 }),
        y: fc.integer({ min: -20000, max: 20000 }),
        width: fc.integer({ min: 0, max: 16384 }),
        height: fc.integer({ min: 0, max: 16384 }),
        scale: fc.constantFrom(0.5, 1, 1.25, 2),
        primary: fc.boolean(),
      }),
      { maxLength: 24 },
    );
    fc.assert(
      fc.property(fc.array(outputs, { maxLength: 5 }), (history) => {
        const tracker = new TopologyTracker();
        let epoch = 0;
        for (const state of history) {
          const topology = tracker.update(state);
          if (topology) expect(topology.topology_epoch).toBe(++epoch);
          expect(Topology.parse(tracker.current())).toEqual(tracker.current());
          const known = tracker.current().monitors.map(({ monitor_id }) => monitor_id);
          expect(new Set(known).size).toBe(known.length);
        }
      }),
    );
  });
});
