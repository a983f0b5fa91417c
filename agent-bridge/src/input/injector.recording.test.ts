import { describe, expect, it } from 'vitest';
import { RecordingInjector } from './injector.recording.ts';

describe('the recording injector behaves as injectors must', () => {
  it('writes down what it was told, and releases what is held in reverse', () => {
    const injector = new RecordingInjector();
    injector.movePointer({ xPx: 3, yPx: 4 });
    injector.key(0xe0, true);
    injector.pointerButton(0, true);
    expect(injector.releaseAll()).toEqual([
      { kind: 'button', button: 0 },
      { kind: 'key', usage: 0xe0 },
    ]);
    expect(injector.recorded).toEqual([
      { kind: 'move', xPx: 3, yPx: 4 },
      { kind: 'key', usage: 0xe0, down: true },
      { kind: 'button', button: 0, down: true },
      { kind: 'button', button: 0, down: false },
      { kind: 'key', usage: 0xe0, down: false },
    ]);
    expect(injector.lastPointer()).toEqual({ xPx: 3, yPx: 4 });
  });

  it('refuses after close, and as a test says', () => {
    const injector = new RecordingInjector();
    injector.refusal = 'display_lost';
    expect(injector.text('x')).toBe('display_lost');
    injector.refusal = 'injected';
    injector.key(4, true);
    injector.close();
    injector.close();
    expect(injector.held).toEqual([]);
    expect(injector.key(4, true)).toBe('closed');
  });
});
