import { describe, expect, it } from 'vitest';
import type { Rendition, VideoRef } from '@guruconnect/contract/rendition';
import { canDecode, offeredTo, type Consuming } from './rendition-choice.ts';

const CHROMIUM = ['42e01f', '4d001f', 'f4001f'];
const SAFARI = ['42e01f', '640c1f'];

const viewer = (profiles: string[], renditions: Rendition[] = []): Consuming => ({
  rtp_capabilities: {
    codecs: profiles.map((id, n) => ({
      kind: 'video',
      mimeType: 'video/H264',
      preferredPayloadType: 96 + n,
      clockRate: 90_000,
      parameters: { 'packetization-mode': 1, 'profile-level-id': id },
    })),
  },
  renditions,
});

const published = (monitors: number[], ...renditions: Rendition[]): VideoRef[] =>
  monitors.flatMap((monitor_id) => renditions.map((rendition) => ({ monitor_id, rendition })));

const ALL = published([1, 2], 'sharp', 'standard', 'reduced', 'thumbnail');

describe('what a viewer is offered', () => {
  it('is 4:4:4 where it decodes that, else 4:2:0', () => {
    expect(offeredTo(viewer(CHROMIUM), ALL)).toEqual(published([1, 2], 'sharp'));
    expect(offeredTo(viewer(SAFARI), ALL)).toEqual(published([1, 2], 'standard'));
  });

  it('is 4:2:0 where the agent publishes nothing else', () => {
    expect(offeredTo(viewer(CHROMIUM), published([1], 'standard'))).toEqual(
      published([1], 'standard'),
    );
  });

  it('holds the smaller renditions only for who asked for them, and the full one once', () => {
    const asked = viewer(CHROMIUM, ['sharp', 'standard', 'reduced', 'thumbnail']);
    expect(offeredTo(asked, ALL)).toEqual(published([1, 2], 'sharp', 'reduced', 'thumbnail'));
  });

  it('is what is there, for a viewer that decodes nothing of it: the node says why not', () => {
    expect(offeredTo(viewer([]), ALL)).toEqual(published([1, 2], 'standard'));
    expect(offeredTo(viewer([]), published([1], 'thumbnail'))).toEqual([]);
  });
});

describe('what is decoded', () => {
  it.each([
    ['42e01f', 'standard', true],
    ['42001f', 'standard', false],
    ['424033', 'standard', true],
    ['640c1f', 'standard', false],
    ['F4001F', 'sharp', true],
    ['4d001f', 'sharp', false],
  ] as const)('%s, %s: %s', (profile, rendition, decoded) => {
    expect(canDecode(viewer([profile]).rtp_capabilities, rendition)).toBe(decoded);
  });

  it('is nothing in single NAL units', () => {
    const { rtp_capabilities } = viewer(CHROMIUM);
    for (const { parameters } of rtp_capabilities.codecs ?? [])
      if (parameters) parameters['packetization-mode'] = 0;
    expect(canDecode(rtp_capabilities, 'standard')).toBe(false);
  });
});
