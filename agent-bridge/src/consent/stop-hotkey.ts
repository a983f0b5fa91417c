// The stop hotkey: Control + Alt + Shift held, then Escape. Pure. It is fed with what real keyboards
// do, never with injected keys, and it looks at nothing but these keys.
//
// Why these: on neither Windows nor the X desktops is the combination taken (Ctrl+Shift+Esc and
// Ctrl+Alt+Esc are), every keyboard has the keys on the first layer, and no layout types a character
// with them.

export type StopKey = 'control' | 'alt' | 'shift' | 'escape';

export class StopHotkey {
  readonly #down = new Map<string, StopKey>();

  /**
   * @param source which key of which keyboard, so that left and right, and two keyboards, count apart.
   * @returns true when this press completes the hotkey.
   */
  keyChanged(key: StopKey, source: string, down: boolean): boolean {
    const repeated = this.#down.has(source);
    if (down) this.#down.set(source, key);
    else this.#down.delete(source);
    return down && !repeated && key === 'escape' && this.#modifiersHeld();
  }

  reset(): void {
    this.#down.clear();
  }

  #modifiersHeld(): boolean {
    const held = new Set(this.#down.values());
    return held.has('control') && held.has('alt') && held.has('shift');
  }
}
