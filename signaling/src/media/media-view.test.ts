import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { RENDITION_NAMES, type VideoRef } from '@guruconnect/contract/rendition';
import { MediaView } from './media-view.ts';

const standard = (monitor_id: number): VideoRef => ({ monitor_id, rendition: 'standard' });
const [ada, bo] = [newId('vwr'), newId('vwr')];

describe('what is watched', () => {
  it('is told for each rendition of a monitor, once however many viewers look at it', () => {
    const view = new MediaView();
    const sharp: VideoRef = { monitor_id: 1, rendition: 'sharp' };
    view.consumed(ada, sharp, 'a1');
    view.consumed(bo, standard(1), 'b1');
    view.consumed(bo, sharp, 'b2');
    for (const [viewerId, consumerId] of [
      [ada, 'a1'],
      [bo, 'b1'],
      [bo, 'b2'],
    ] as const)
      view.paused(viewerId, consumerId, false);
    expect(view.watched).toEqual([sharp, standard(1)]);
    view.paused(bo, 'b2', true);
    expect(view.watched).toEqual([sharp, standard(1)]);
    view.paused(ada, 'a1', true);
    expect(view.watched).toEqual([standard(1)]);
  });
});

it('a monitor is withdrawn with all its renditions', () => {
  const view = new MediaView();
  for (const rendition of RENDITION_NAMES) view.published({ monitor_id: 1, rendition });
  view.published(standard(2));
  view.withdrawn(1);
  expect(view.videos).toEqual([standard(2)]);
});

describe('the watched monitors', () => {
  it('are those with a running consumer of any viewer, each once', () => {
    const view = new MediaView();
    for (const [viewerId, prefix] of [
      [ada, 'a'],
      [bo, 'b'],
    ] as const) {
      view.viewerOpened(viewerId);
      for (const monitorId of [1, 2])
        view.consumed(viewerId, standard(monitorId), `${prefix}${monitorId}`);
    }
    expect(view.watched).toEqual([]);
    view.paused(ada, 'a2', false);
    view.paused(bo, 'b2', false);
    view.paused(bo, 'b1', false);
    expect(view.watched).toEqual([standard(1), standard(2)]);
    view.paused(bo, 'b1', true);
    view.viewerClosed(ada);
    expect(view.watched).toEqual([standard(2)]);
    view.consumerClosed(bo, 'b2');
    expect(view.watched).toEqual([]);
  });

  it('do not change when a viewer asks for all monitors again', () => {
    const view = new MediaView();
    view.consumed(ada, standard(1), 'a1');
    view.paused(ada, 'a1', false);
    view.consumed(ada, standard(1), 'a1');
    expect(view.watched).toEqual([standard(1)]);
  });

  it('forget what was consumed over transports that were replaced', () => {
    const view = new MediaView();
    view.consumed(ada, standard(1), 'a1');
    view.paused(ada, 'a1', false);
    view.viewerOpened(ada);
    expect(view.watched).toEqual([]);
    expect(view.videoOf(ada, 'a1')).toBeUndefined();
  });
});

it('a consumer is only its own viewer’s', () => {
  const view = new MediaView();
  view.consumed(ada, standard(1), 'a1');
  expect(view.videoOf(ada, 'a1')).toEqual(standard(1));
  expect(view.videoOf(bo, 'a1')).toBeUndefined();
});
