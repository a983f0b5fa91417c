import { describe, expect, it } from 'vitest';
import { StopHotkey, type StopKey } from './stop-hotkey.ts';

/** "control" presses, "-control" releases. */
function play(...changes: string[]): boolean[] {
  const hotkey = new StopHotkey();
  return changes.map((change) => {
    const key = change.replace('-', '') as StopKey;
    return hotkey.keyChanged(key, `keyboard:${key}`, !change.startsWith('-'));
  });
}

describe('the stop hotkey', () => {
  it.each([
    [['control', 'alt', 'shift', 'escape']],
    [['shift', 'control', 'alt', 'escape']],
    [['escape', '-escape', 'alt', 'shift', 'control', 'escape']],
  ])('%j stops at its last press', (changes) => {
    expect(play(...changes).lastIndexOf(true)).toBe(changes.length - 1);
  });

  it.each([
    [['escape']],
    [['control', 'alt', 'escape']],
    [['control', 'shift', 'escape']],
    [['control', 'alt', 'shift', '-alt', 'escape']],
    [['escape', 'control', 'alt', 'shift']], // Escape comes last
  ])('%j does not stop', (changes) => {
    expect(play(...changes)).not.toContain(true);
  });

  it('stops once for a press, not for its repeats', () => {
    const all = play('control', 'alt', 'shift', 'escape', 'escape', 'escape', '-escape', 'escape');
    expect(all.filter(Boolean)).toHaveLength(2);
  });

  it('counts left and right keys apart', () => {
    const hotkey = new StopHotkey();
    hotkey.keyChanged('control', 'left control', true);
    hotkey.keyChanged('control', 'right control', true);
    hotkey.keyChanged('control', 'left control', false);
    hotkey.keyChanged('alt', 'left alt', true);
    hotkey.keyChanged('shift', 'left shift', true);
    expect(hotkey.keyChanged('escape', 'key', true)).toBe(true);
  });

  it('forgets what was held when the keyboard changed', () => {
    const hotkey = new StopHotkey();
    for (const key of ['control', 'alt', 'shift'] as const) hotkey.keyChanged(key, key, true);
    hotkey.reset();
    expect(hotkey.keyChanged('escape', 'key', true)).toBe(false);
  });
});
