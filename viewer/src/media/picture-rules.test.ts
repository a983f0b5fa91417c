import { describe, expect, it } from 'vitest';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import { careStep, type CareFacts } from './connection-care.ts';
import { STALE_AFTER_MS, isStale } from './freshness.ts';
import { padding, placePicture, showsAtFullSize } from './picture-geometry.ts';
import { onFrame, onTopology, type SeenTopology } from './seen-topology.ts';

const HD = { width: 1280, height: 720 };

describe('the place of the picture', () => {
  it('is fitted and centred in its box', () => {
    const box = { width: 640, height: 640 };
    expect(placePicture({ monitor: HD, box, devicePixelRatio: 1, scaling: 'fit' })).toEqual({
      x: 0,
      y: 140,
      width: 640,
      height: 360,
    });
  });

  it('is pixel for pixel when it would grow by a few percent only: text stays sharp', () => {
    const box = { width: 1340, height: 800 };
    expect(placePicture({ monitor: HD, box, devicePixelRatio: 1, scaling: 'fit' })).toEqual({
      x: 30,
      y: 40,
      ...HD,
    });
    const large = { width: 1920, height: 1080 };
    expect(
      placePicture({ monitor: HD, box: large, devicePixelRatio: 1, scaling: 'fit' }),
    ).toMatchObject(large);
  });

  it('at native size is one device pixel per monitor pixel, whatever the zoom', () => {
    const box = { width: 2000, height: 2000 };
    for (const dpr of [1, 1.25, 1.5, 2]) {
      const rect = placePicture({ monitor: HD, box, devicePixelRatio: dpr, scaling: 'native' });
      expect(rect.width * dpr).toBeCloseTo(1280, 6);
      expect(Math.abs((rect.x * dpr) % 1)).toBeCloseTo(0, 6);
    }
  });

  it('begins at the edge of a box that is too small, so that all of it can be reached', () => {
    const box = { width: 400, height: 300 };
    expect(placePicture({ monitor: HD, box, devicePixelRatio: 1, scaling: 'native' })).toEqual({
      x: 0,
      y: 0,
      ...HD,
    });
  });
});

describe('a video that is larger than its monitor', () => {
  const odd = { width: 1023, height: 767 };

  it('is padded by the pixel that even sizes need, and only then', () => {
    expect(padding({ width: 1024, height: 768 }, odd)).toEqual({ x: 1024 / 1023, y: 768 / 767 });
    expect(padding(HD, HD)).toEqual({ x: 1, y: 1 });
    // Two pixels more, or another shape: the agent scales, and then the video is the monitor.
    expect(padding({ width: 1282, height: 720 }, HD)).toEqual({ x: 1, y: 1 });
    expect(padding({ width: 640, height: 360 }, HD)).toEqual({ x: 1, y: 1 });
  });

  it('shows the monitor at full size when only the padding differs', () => {
    expect(showsAtFullSize({ width: 1024, height: 768 }, odd)).toBe(true);
    expect(showsAtFullSize({ width: 640, height: 360 }, HD)).toBe(false);
  });
});

describe('"nothing changed" and "nothing arrives"', () => {
  it('differ by the agent’s frame a second', () => {
    const facts = { lastFrameAtMs: 10_000, visibleSinceMs: 0 };
    expect(isStale({ ...facts, nowMs: 10_000 + STALE_AFTER_MS })).toBe(false);
    expect(isStale({ ...facts, nowMs: 10_001 + STALE_AFTER_MS })).toBe(true);
  });

  it('cannot be told apart in a hidden page, nor right after it was hidden', () => {
    expect(isStale({ lastFrameAtMs: 0, visibleSinceMs: undefined, nowMs: 99_000 })).toBe(false);
    expect(isStale({ lastFrameAtMs: 0, visibleSinceMs: 98_000, nowMs: 99_000 })).toBe(false);
  });
});

describe('what the technician acts on', () => {
  const monitor = (monitor_id: number, width = 1280): Monitor => ({
    monitor_id,
    name: `OUT-${monitor_id}`,
    x: 0,
    y: 0,
    width,
    height: 720,
    scale: 1,
    primary: monitor_id === 1,
  });
  const topology = (topology_epoch: number, ...monitors: Monitor[]): Topology => ({
    topology_epoch,
    monitors,
  });
  const seen: SeenTopology = { topology_epoch: 1, monitor: monitor(1) };

  it('is the new topology at once when the shown monitor looks the same in it', () => {
    expect(onTopology(seen, topology(2, monitor(1), monitor(2)), 1)?.topology_epoch).toBe(2);
  });

  it('stays the old one while the old size is on the screen, so that a click is refused', () => {
    const resized = topology(2, monitor(1, 1920));
    const after = onTopology(seen, resized, 1);
    expect(after).toEqual(seen);
    expect(onFrame(seen, resized, { width: 1280, height: 720 }, 100)).toEqual(seen);
    expect(onFrame(seen, resized, { width: 1920, height: 720 }, 100).topology_epoch).toBe(2);
  });

  it('is adopted after a moment when the video is scaled and never has the monitor’s size', () => {
    const resized = topology(2, monitor(1, 1920));
    expect(onFrame(seen, resized, { width: 960, height: 360 }, 499).topology_epoch).toBe(1);
    expect(onFrame(seen, resized, { width: 960, height: 360 }, 500).topology_epoch).toBe(2);
  });

  it('stays the old one when the shown monitor is gone', () => {
    expect(onTopology(seen, topology(2, monitor(2)), 1)).toEqual(seen);
    expect(onFrame(seen, topology(2, monitor(2)), HD, 9_999)).toEqual(seen);
  });
});

describe('a transport that lost its way', () => {
  const facts: CareFacts = {
    state: 'disconnected',
    sinceMs: 1_000,
    restarts: 0,
    lastRestartMs: 0,
    nowMs: 1_000,
  };

  it('gets a second to find it by itself, unless it failed', () => {
    expect(careStep({ ...facts, nowMs: 1_999 })).toBe('wait');
    expect(careStep({ ...facts, nowMs: 2_000 })).toBe('restart_ice');
    expect(careStep({ ...facts, state: 'failed' })).toBe('restart_ice');
  });

  it('is restarted twice, with time to work in between, then given up', () => {
    const once = { ...facts, restarts: 1, lastRestartMs: 2_000 };
    expect(careStep({ ...once, nowMs: 5_999 })).toBe('wait');
    expect(careStep({ ...once, nowMs: 6_000 })).toBe('restart_ice');
    const twice = { ...facts, restarts: 2, lastRestartMs: 6_000 };
    expect(careStep({ ...twice, nowMs: 9_999 })).toBe('wait');
    expect(careStep({ ...twice, nowMs: 10_000 })).toBe('rejoin');
  });

  it('is left alone while it works, has not begun, or is closed', () => {
    for (const state of ['connected', 'new', 'closed'] as const)
      expect(careStep({ ...facts, state, nowMs: 99_000 })).toBe('none');
  });
});
