import { beforeEach, describe, expect, it } from 'vitest';
import type { Rendition, VideoRef } from '@guruconnect/contract/rendition';
import { ReceivedVideos } from './received-videos.ts';

let told: string[];
let videos: ReceivedVideos<string>;

const ref = (monitor_id: number, rendition: Rendition): VideoRef => ({ monitor_id, rendition });
const add = (monitor_id: number, ...renditions: Rendition[]): void => {
  for (const rendition of renditions) videos.add(ref(monitor_id, rendition), rendition);
};

beforeEach(() => {
  told = [];
  videos = new ReceivedVideos({
    onWorking: (id, track) => told.push(`${id} works with ${track}`),
    onWorkingEnding: (id) => told.push(`${id} ends`),
    onThumbnail: (id, track) => told.push(`${id} thumbnail ${track ? 'begins' : 'ends'}`),
  });
});

describe('the video to work with', () => {
  it('is the full one, in whatever order they come', () => {
    add(1, 'reduced', 'sharp', 'thumbnail');
    expect(told).toEqual(['1 works with reduced', '1 works with sharp', '1 thumbnail begins']);
    expect(videos.workingOf(1)).toEqual(ref(1, 'sharp'));
  });

  it('is the reduced one while that is preferred, for every monitor that has one', () => {
    add(1, 'sharp', 'reduced');
    add(2, 'standard');
    told = [];
    videos.prefer('reduced');
    add(3, 'sharp', 'reduced');
    videos.prefer('reduced');
    expect(told).toEqual(['1 works with reduced', '3 works with sharp', '3 works with reduced']);
    expect(videos.workingOf(2)).toEqual(ref(2, 'standard'));
    videos.prefer('full');
    expect(videos.workingOf(1)).toEqual(ref(1, 'sharp'));
  });

  it('is another one when it ends and there is one, and then none', () => {
    add(1, 'sharp', 'reduced');
    told = [];
    videos.drop(ref(1, 'sharp'));
    videos.drop(ref(1, 'reduced'));
    expect(told).toEqual(['1 works with reduced', '1 ends']);
    expect(videos.workingOf(1)).toBeUndefined();
  });

  it('is told again when its track is another one', () => {
    videos.add(ref(1, 'sharp'), 'old');
    videos.add(ref(1, 'sharp'), 'new');
    expect(told).toEqual(['1 works with old', '1 works with new']);
  });
});

it('what is needed is one video to work with of each monitor, and the thumbnails asked for', () => {
  add(1, 'sharp', 'reduced', 'thumbnail');
  add(2, 'sharp', 'thumbnail');
  expect([...videos.needed([1, 7], [2])]).toEqual(['1/sharp', '2/thumbnail']);
});

it('everything ends at once, each thing told of once', () => {
  add(1, 'sharp', 'thumbnail');
  told = [];
  videos.dropAll();
  videos.dropAll();
  expect(told).toEqual(['1 ends', '1 thumbnail ends']);
});
