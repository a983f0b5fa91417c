import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import type { Rendition, VideoRef } from '@guruconnect/contract/rendition';
import {
  ALONE_AFTER_MS,
  BADLY_FOR_MS,
  FIRST_STAY_MS,
  LONGEST_STAY_MS,
  PROVEN_AFTER_MS,
  RenditionSwitch,
  type Watching,
} from './rendition-switch.ts';

const [fast, slow] = [newId('vwr'), newId('vwr')];
const of = (rendition: Rendition, monitor_id = 1): VideoRef => ({ monitor_id, rendition });

/** Two viewers over time: who does badly when, and what each is told. */
function session(options: { readonly canReduce?: boolean } = {}) {
  const decisions = new RenditionSwitch();
  const told: string[] = [];
  const full = new Map([
    [fast, 'sharp' as Rendition],
    [slow, 'sharp' as Rendition],
  ]);
  const state = { nowMs: 0, there: [fast, slow], bad: new Set<string>(), monitorOfSlow: 1 };
  const reduced = new Set<string>();
  const watching = (): Watching[] =>
    state.there.map((viewer_id) => ({
      viewer_id,
      videos: [
        of(
          reduced.has(viewer_id) ? 'reduced' : (full.get(viewer_id) ?? 'sharp'),
          viewer_id === slow ? state.monitorOfSlow : 1,
        ),
        of('thumbnail', 2),
      ],
      canReduce: options.canReduce ?? true,
    }));
  const run = (ms: number): string[] => {
    const from = told.length;
    for (const endMs = state.nowMs + ms; state.nowMs < endMs; state.nowMs += 250) {
      for (const id of state.there) if (state.bad.has(id)) decisions.report(id, state.nowMs);
      for (const { viewerId, to } of decisions.decide(watching(), state.nowMs).changes) {
        if (to === 'reduced') reduced.add(viewerId);
        else reduced.delete(viewerId);
        told.push(`${viewerId === fast ? 'fast' : 'slow'} ${to} ${state.nowMs}`);
      }
    }
    return told.slice(from).map((line) => line.split(' ').slice(0, 2).join(' '));
  };
  run(PROVEN_AFTER_MS);
  return { state, run, told, full, decisions, watching };
}

describe('a slow viewer beside a fast one', () => {
  it('is moved to the reduced rendition soon, and only that one', () => {
    const { state, run, told } = session();
    const fromMs = state.nowMs;
    state.bad.add(slow);
    expect(run(5_000)).toEqual(['slow reduced']);
    const atMs = Number(told[0]?.split(' ')[2]);
    expect(atMs - fromMs).toBeLessThanOrEqual(BADLY_FOR_MS + 250);
  });

  it('is not moved for a hiccup', () => {
    const { state, run } = session();
    for (let n = 0; n < 5; n += 1) {
      state.bad.add(slow);
      run(1_000);
      state.bad.clear();
      run(2_000);
    }
    expect(run(1_000)).toEqual([]);
  });

  it('is tried with the full one after a while, less and less often when that fails', () => {
    const { state, run, told } = session();
    state.bad.add(slow);
    run(3_000);
    const tries: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      // Well with little, badly with much.
      state.bad.delete(slow);
      while (!told.at(-1)?.startsWith('slow full')) run(250);
      tries.push(state.nowMs);
      state.bad.add(slow);
      while (!told.at(-1)?.startsWith('slow reduced')) run(250);
    }
    const waits = tries.slice(1).map((atMs, n) => atMs - (tries[n] ?? 0));
    expect(waits.every((wait, n) => n === 0 || wait >= (waits[n - 1] ?? 0) * 0.99)).toBe(true);
    expect(waits[0]).toBeGreaterThanOrEqual(FIRST_STAY_MS);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(LONGEST_STAY_MS);
    expect(waits.at(-1)).toBeLessThan(LONGEST_STAY_MS + 10_000);
  });

  it('stays with the full one when its link has become good, and begins anew if it worsens', () => {
    const { state, run } = session();
    state.bad.add(slow);
    run(3_000);
    state.bad.clear();
    expect(run(FIRST_STAY_MS + 5_000)).toEqual(['slow full']);
    expect(run(PROVEN_AFTER_MS * 4)).toEqual([]);
    state.bad.add(slow);
    run(3_000);
    state.bad.clear();
    expect(run(FIRST_STAY_MS + 5_000)).toEqual(['slow full']);
  });

  it('has the full one back when the other leaves, or looks at another monitor', () => {
    for (const go of [
      (state: ReturnType<typeof session>['state']) => (state.there = [slow]),
      (state: ReturnType<typeof session>['state']) => (state.monitorOfSlow = 2),
    ]) {
      const { state, run } = session();
      state.bad.add(slow);
      run(3_000);
      go(state);
      expect(run(ALONE_AFTER_MS + 500)).toEqual(['slow full']);
      expect(run(10_000)).toEqual([]);
    }
  });
});

describe('nobody is moved', () => {
  it('who is alone: the encoder follows that link', () => {
    const { state, run } = session();
    state.there = [slow];
    state.bad.add(slow);
    expect(run(10_000)).toEqual([]);
  });

  it('while all do badly: the encoder follows the best of them', () => {
    const { state, run } = session();
    state.bad.add(slow).add(fast);
    expect(run(10_000)).toEqual([]);
  });

  it('who shares no video: another codec is another encoder', () => {
    const { state, run, full } = session();
    full.set(slow, 'standard');
    state.bad.add(slow);
    expect(run(10_000)).toEqual([]);
  });

  it('who has nothing to change to', () => {
    const { state, run } = session({ canReduce: false });
    state.bad.add(slow);
    expect(run(10_000)).toEqual([]);
  });
});

it('after a restart of this process a viewer of the reduced one is known as such', () => {
  const decisions = new RenditionSwitch();
  const watching: Watching[] = [
    { viewer_id: fast, videos: [of('sharp')], canReduce: true },
    { viewer_id: slow, videos: [of('reduced'), of('thumbnail', 2)], canReduce: true },
  ];
  expect(decisions.decide(watching, 0)).toEqual({ changes: [], againAtMs: FIRST_STAY_MS });
  expect(decisions.decide(watching, FIRST_STAY_MS).changes).toEqual([
    { viewerId: slow, to: 'full' },
  ]);
});
