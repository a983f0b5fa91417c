import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { MediaView } from './media-view.ts';

const [ada, bo] = [newId('vwr'), newId('vwr')];

describe('the watched monitors', () => {
  it('are those with a running consumer of any viewer, each once', () => {
    const view = new MediaView();
    for (const [viewerId, prefix] of [
      [ada, 'a'],
      [bo, 'b'],
    ] as const) {
      view.viewerOpened(viewerId);
      for (const monitorId of [1, 2]) view.consumed(viewerId, monitorId, `${prefix}${monitorId}`);
    }
    expect(view.watched).toEqual([]);
    view.paused(ada, 'a2', false);
    view.paused(bo, 'b2', false);
    view.paused(bo, 'b1', false);
    expect(view.watched).toEqual([1, 2]);
    view.paused(bo, 'b1', true);
    view.viewerClosed(ada);
    expect(view.watched).toEqual([2]);
    view.consumerClosed(bo, 'b2');
    expect(view.watched).toEqual([]);
  });

  it('do not change when a viewer asks for all monitors again', () => {
    const view = new MediaView();
    view.consumed(ada, 1, 'a1');
    view.paused(ada, 'a1', false);
    view.consumed(ada, 1, 'a1');
    expect(view.watched).toEqual([1]);
  });

  it('forget what was consumed over transports that were replaced', () => {
    const view = new MediaView();
    view.consumed(ada, 1, 'a1');
    view.paused(ada, 'a1', false);
    view.viewerOpened(ada);
    expect(view.watched).toEqual([]);
    expect(view.monitorOf(ada, 'a1')).toBeUndefined();
  });
});

it('a consumer is only its own viewer’s', () => {
  const view = new MediaView();
  view.consumed(ada, 1, 'a1');
  expect(view.monitorOf(ada, 'a1')).toBe(1);
  expect(view.monitorOf(bo, 'a1')).toBeUndefined();
});
