import { describe, expect, it } from 'vitest';
import { IndicatorBoard } from './indicator-board.ts';
import { RecordingLiveIndicator } from './live-indicator.recording.ts';

const ada = { name: 'Ada', activity: 'viewing' } as const;
const bob = { name: 'Bob', activity: 'controlling' } as const;

describe('the sign that somebody watches', () => {
  it('names everybody of every session, until the last has gone', () => {
    const indicator = new RecordingLiveIndicator(() => undefined);
    const board = new IndicatorBoard(indicator);
    board.show('one', [ada]);
    board.show('two', [bob]);
    expect(indicator.now).toEqual([ada, bob]);
    expect(board.named).toEqual(['one', 'two']);
    board.show('one', []);
    expect(indicator.now).toEqual([bob]);
    board.show('two', []);
    expect(indicator.now).toEqual([]);
  });

  it('is not touched when nothing changed', () => {
    const indicator = new RecordingLiveIndicator(() => undefined);
    const board = new IndicatorBoard(indicator);
    board.show('one', []);
    board.show('one', [ada]);
    board.show('one', [{ ...ada }]);
    expect(indicator.shown).toHaveLength(1);
  });

  it('says when it cannot be put up', () => {
    const indicator = new RecordingLiveIndicator(() => undefined);
    indicator.close();
    expect(new IndicatorBoard(indicator).show('one', [ada])).toBe(false);
  });
});
