// Injects through XTEST. Physical keys go by the server's own key names; wheel movement becomes
// clicks of the wheel buttons, since XTEST devices have no scroll axis.
//
// The server repeats a key that is held. A technician's key-up that comes late would then type on by
// itself (and delete on, and confirm on), so its repeat is switched off for the keys we hold, and
// the technician's own repeats are passed on as up + down.
import { BUTTONS } from '@guruconnect/contract/input/input-event';
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import {
  keysymOf,
  readIndicators,
  readPressedKeycodes,
  readRepeatingKeys,
  setKeyRepeat,
} from '../x11/xkb.ts';
import { fakeButton, fakeKey, fakeMotion, requireXtest } from '../x11/xtest.ts';
import { HeldKeys, type HeldInput } from './held-keys.ts';
import { isModifierUsage } from './hid-keys.ts';
import type { DesktopPoint, InjectionOutcome, Injector, LockState } from './injector.ts';
import { isModifierKeysym, keysymsOfText } from './keysyms.ts';
import { WheelNotches } from './wheel-notches.ts';
import { X11Keymap } from './x11-keymap.ts';
import { X11Typist } from './x11-typist.ts';

/** X button of each DOM button; 4-7 are the wheel. */
const X_BUTTONS: ReadonlyMap<number, number> = new Map([
  [BUTTONS.left, 1],
  [BUTTONS.middle, 2],
  [BUTTONS.right, 3],
  [BUTTONS.back, 8],
  [BUTTONS.forward, 9],
]);
const WHEEL_UP = 4;
const WHEEL_DOWN = 5;
const WHEEL_LEFT = 6;
const WHEEL_RIGHT = 7;

/** Characters and commands that may wait for the typist: some seconds of it at worst. */
const MAX_TEXT_BACKLOG = 4096;

/** Throws XError `display_unsupported` without XTEST. The connection stays the caller's. */
export function openX11Injector(x: XConnection): Injector {
  requireXtest(x);
  return new X11Injector(x);
}

class X11Injector implements Injector {
  readonly #x: XConnection;
  readonly #keymap: X11Keymap;
  readonly #typist: X11Typist;
  readonly #held = new HeldKeys();
  readonly #keycodeByHeldUsage = new Map<number, number>();
  readonly #wheelX = new WheelNotches();
  readonly #wheelY = new WheelNotches();
  readonly #repeats: (keycode: number) => boolean;
  /** Commands that came while text was waiting; they keep their place behind it. */
  #behindText: (() => void)[] = [];
  #charactersBehindText = 0;
  #lastPointer: DesktopPoint | undefined;
  #closed = false;

  constructor(x: XConnection) {
    this.#x = x;
    this.#keymap = new X11Keymap(x);
    this.#typist = new X11Typist(x, this.#keymap, {
      heldModifiers: () => this.#heldModifierKeycodes(),
      onIdle: () => this.#runBehindText(),
    });
    this.#releaseLeftovers();
    this.#repeats = readRepeatingKeys(x);
  }

  movePointer(point: DesktopPoint): InjectionOutcome {
    return this.#inOrder(() => {
      this.#lastPointer = point;
      fakeMotion(this.#x, point.xPx, point.yPx);
    });
  }

  pointerButton(button: number, down: boolean): InjectionOutcome {
    const xButton = X_BUTTONS.get(button);
    if (xButton === undefined) return 'unknown_key';
    const input: HeldInput = { kind: 'button', button };
    return this.#inOrder(() => {
      const change = down ? this.#held.press(input) : this.#held.release(input);
      if (change === 'pressed' || change === 'released') fakeButton(this.#x, xButton, down);
    });
  }

  wheel(dx: number, dy: number): InjectionOutcome {
    return this.#inOrder(() => {
      this.#click(this.#wheelY.add(dy), WHEEL_UP, WHEEL_DOWN);
      this.#click(this.#wheelX.add(dx), WHEEL_LEFT, WHEEL_RIGHT);
    });
  }

  key(usage: number, down: boolean): InjectionOutcome {
    if (!this.#usable()) return this.#refusal();
    const keycode = this.#keycodeByHeldUsage.get(usage) ?? this.#keymap.keycodeOf(usage);
    if (keycode === undefined) return 'unknown_key';
    return this.#inOrder(() => (down ? this.#pressKey(usage, keycode) : this.#releaseKey(usage)));
  }

  text(text: string): InjectionOutcome {
    const backlog = this.#typist.backlog + this.#charactersBehindText;
    if (backlog + text.length > MAX_TEXT_BACKLOG) return 'text_backlog';
    const keysyms = keysymsOfText(text);
    if (this.#typist.isWaiting) this.#charactersBehindText += keysyms.length;
    return this.#inOrder(() => this.#typist.type(keysyms));
  }

  releaseAll(): readonly HeldInput[] {
    this.#behindText = [];
    this.#charactersBehindText = 0;
    this.#typist.cancel();
    this.#wheelX.reset();
    this.#wheelY.reset();
    const released = this.#held.releaseAll();
    this.#attempt(() => {
      for (const input of released) {
        if (input.kind === 'button') fakeButton(this.#x, X_BUTTONS.get(input.button)!, false);
        else this.#liftKey(input.usage);
      }
    });
    this.#keycodeByHeldUsage.clear();
    return released;
  }

  lastPointer(): DesktopPoint | undefined {
    return this.#lastPointer;
  }

  lockState(): LockState | undefined {
    if (!this.#usable()) return undefined;
    const lamps = readIndicators(this.#x);
    return {
      capsLock: (lamps & 1) !== 0,
      numLock: (lamps & 2) !== 0,
      scrollLock: (lamps & 4) !== 0,
    };
  }

  close(): void {
    if (this.#closed) return;
    this.releaseAll();
    this.#typist.close();
    this.#keymap.close();
    this.#closed = true;
  }

  #pressKey(usage: number, keycode: number): void {
    const change = this.#held.press({ kind: 'key', usage });
    if (!this.#repeats(keycode)) {
      if (change === 'pressed') fakeKey(this.#x, keycode, true);
    } else if (change === 'pressed') {
      setKeyRepeat(this.#x, keycode, false);
      fakeKey(this.#x, keycode, true);
    } else {
      fakeKey(this.#x, keycode, false);
      fakeKey(this.#x, keycode, true);
    }
    this.#keycodeByHeldUsage.set(usage, keycode);
  }

  #releaseKey(usage: number): void {
    if (this.#held.release({ kind: 'key', usage }) === 'released') this.#liftKey(usage);
  }

  /** By the keycode it was pressed with, even when the keyboard mapping changed in between. */
  #liftKey(usage: number): void {
    const keycode = this.#keycodeByHeldUsage.get(usage);
    if (keycode === undefined) return;
    this.#keycodeByHeldUsage.delete(usage);
    fakeKey(this.#x, keycode, false);
    if (this.#repeats(keycode)) setKeyRepeat(this.#x, keycode, true);
  }

  #click(notches: number, negativeButton: number, positiveButton: number): void {
    const button = notches < 0 ? negativeButton : positiveButton;
    for (let i = 0; i < Math.abs(notches); i++) {
      fakeButton(this.#x, button, true);
      fakeButton(this.#x, button, false);
    }
  }

  #heldModifierKeycodes(): number[] {
    return this.#held
      .inOrder()
      .flatMap((input) =>
        input.kind === 'key' && isModifierUsage(input.usage)
          ? (this.#keycodeByHeldUsage.get(input.usage) ?? [])
          : [],
      );
  }

  /**
   * An agent that was killed may have left keys down on the server's XTEST keyboard. Releasing there
   * what a person holds on a real keyboard has no effect, so everything down is tried.
   */
  #releaseLeftovers(): void {
    const x = this.#x;
    for (const keycode of readPressedKeycodes(x)) {
      fakeKey(x, keycode, false);
      if (!isModifierKeysym(keysymOf(x, keycode, 0, 0))) setKeyRepeat(x, keycode, true);
    }
    for (const button of X_BUTTONS.values()) fakeButton(x, button, false);
    x.flush();
  }

  /** The one way commands take: refused when unusable, behind waiting text, else now. */
  #inOrder(command: () => void): InjectionOutcome {
    if (!this.#usable()) return this.#refusal();
    if (this.#typist.isWaiting) {
      if (this.#behindText.length >= MAX_TEXT_BACKLOG) return 'text_backlog';
      this.#behindText.push(command);
      return 'injected';
    }
    return this.#attempt(command) ? 'injected' : 'display_lost';
  }

  #runBehindText(): void {
    while (this.#behindText.length > 0 && !this.#typist.isWaiting) {
      if (!this.#attempt(this.#behindText.shift()!)) return;
    }
    if (this.#behindText.length === 0) this.#charactersBehindText = 0;
  }

  /** Runs X calls and sends them. False when the display went away meanwhile. */
  #attempt(command: () => void): boolean {
    try {
      command();
      this.#x.flush();
      return true;
    } catch (error) {
      if (error instanceof XError) return false; // display_lost, display_closed
      throw error;
    }
  }

  #usable(): boolean {
    return !this.#closed && this.#x.isOpen;
  }

  #refusal(): InjectionOutcome {
    return this.#closed ? 'closed' : 'display_lost';
  }
}
