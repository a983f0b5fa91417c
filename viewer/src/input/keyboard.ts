// DOM keyboard events -> keys of the remote machine. Pure: events and time in, keys out; the owner
// sets the one timer it asks for. Keys are physical (event.code): the remote layout decides the
// character, so dead keys and layouts need no table here. What does need one is below.
//
// Where browsers and systems misbehave (sources: UI Events KeyboardEvent specification; noVNC
// core/input/keyboard.js, whose comments name the bugs; Guacamole's Keyboard.js):
//  1 Windows, layouts with AltGr: the right Alt arrives as ControlLeft + AltRight. The made-up
//    ControlLeft must not reach the other side, or AltGr+Q becomes Ctrl+AltGr+Q.
//  2 macOS: while Meta is down, no keyup is sent for other keys.
//  3 macOS: CapsLock sends keydown when it locks and keyup when it unlocks.
//  4 Windows: PrintScreen sends only keyup.
//  5 Windows: with both Shift keys down, releasing one sends no keyup for the other's release.
//  6 Windows, Japanese layout: the language keys send keydown without keyup.
//  7 On-screen keyboards (Android): code is empty and key is 'Unidentified'; the text arrives as
//    an input event instead (text-input.ts).
//  8 Input methods: keydown carries keyCode 229 or key 'Process'; the text arrives by composition.
//  9 Keyboards that are none (automation, on-screen keyboards of systems, dictation): the character
//    needs Shift, but Shift is not held. What is meant is the character.
// 10 Repeats travel as further downs: the remote system's own repeat is off for injected keys, so that
//    a key-up that comes late never types on by itself. Modifiers do not repeat.
import { usageOf } from '@guruconnect/contract/input/key-codes';

export type Platform = 'windows' | 'mac' | 'linux' | 'other';

/** The part of a KeyboardEvent that decides anything. */
export type KeyFact = {
  readonly type: 'keydown' | 'keyup';
  readonly code: string;
  readonly key: string;
  readonly repeat: boolean;
  /** Shift, or CapsLock for letters: the character may be an upper one. */
  readonly shift: boolean;
  readonly capsLock: boolean;
  /** Ctrl, Alt, Meta or AltGr: a chord, whatever the character. */
  readonly chord: boolean;
  readonly isComposing: boolean;
  /** Legacy, and the only sign of an input method on some systems. */
  readonly keyCode: number;
  /** Milliseconds, of the event. */
  readonly timeStamp: number;
};

export type KeyAction =
  | { readonly kind: 'key'; readonly usage: number; readonly down: boolean }
  | { readonly kind: 'text'; readonly text: string };

export type KeyOutcome = {
  readonly actions: readonly KeyAction[];
  /** False: the browser goes on with it, because its text will arrive as an input event. */
  readonly preventDefault: boolean;
};

/** A made-up ControlLeft and its AltRight carry the same time stamp; real ones are further apart. */
const ALTGR_PAIR_MS = 20;
/** How long a ControlLeft on Windows may wait for the AltRight that would unmask it. */
export const ALTGR_WAIT_MS = 40;

/** Old names of keys that some browsers still use. */
const RENAMED: Readonly<Record<string, string>> = { OSLeft: 'MetaLeft', OSRight: 'MetaRight' };

/** Keys without code (7, and remote or scripted typing) that mean a key rather than text. */
const CODE_OF_KEY: Readonly<Record<string, string>> = {
  Enter: 'Enter',
  Backspace: 'Backspace',
  Tab: 'Tab',
  Escape: 'Escape',
  Delete: 'Delete',
  ArrowLeft: 'ArrowLeft',
  ArrowRight: 'ArrowRight',
  ArrowUp: 'ArrowUp',
  ArrowDown: 'ArrowDown',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
};

const NO_KEYUP_ON_WINDOWS = new Set([
  'KanaMode',
  'Lang1',
  'Lang2',
  'Lang3',
  'Lang4',
  'Lang5',
  'Convert',
  'NonConvert',
]);

const isModifier = (code: string): boolean => /^(Control|Shift|Alt|Meta)(Left|Right)$/.test(code);

export class Keyboard {
  readonly #platform: Platform;
  /** Codes that are down on the other side because of this keyboard. */
  readonly #held = new Set<string>();
  /** Quirk 1: a ControlLeft that may be made up. */
  #doubtful: KeyFact | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Milliseconds after which `settle` wants to be called, while something is in doubt. */
  get waitMs(): number | undefined {
    return this.#doubtful ? ALTGR_WAIT_MS : undefined;
  }

  isHeld(code: string): boolean {
    return this.#held.has(code);
  }

  /** No AltRight came: the ControlLeft was real. */
  settle(): KeyAction[] {
    if (!this.#doubtful) return [];
    this.#doubtful = undefined;
    return this.#press('ControlLeft');
  }

  /** The page lost the keyboard: nothing is held, and no keyup will come. */
  forget(): void {
    this.#held.clear();
    this.#doubtful = undefined;
  }

  on(fact: KeyFact): KeyOutcome {
    const code = RENAMED[fact.code] ?? fact.code;
    return fact.type === 'keydown' ? this.#down(fact, code) : this.#up(fact, code);
  }

  #down(fact: KeyFact, code: string): KeyOutcome {
    const ofInputMethod = fact.isComposing || fact.keyCode === 229 || fact.key === 'Process';
    if (ofInputMethod) return { actions: this.settle(), preventDefault: false };
    if (code === '') return this.#withoutCode(fact);
    if (usageOf(code) === undefined) return { actions: this.settle(), preventDefault: false };

    const doubtful = this.#doubtful;
    if (code === 'AltRight' && doubtful && fact.timeStamp - doubtful.timeStamp <= ALTGR_PAIR_MS) {
      this.#doubtful = undefined;
      return swallow(this.#press('AltRight'));
    }
    const before = this.settle();
    if (fact.repeat || this.#held.has(code)) return swallow([...before, ...this.#repeat(code)]);
    if (needsMissingShift(fact, code))
      return swallow([...before, { kind: 'text', text: fact.key }]);
    if (this.#platform === 'windows' && code === 'ControlLeft') {
      this.#doubtful = fact;
      return swallow(before);
    }
    if (this.#isTapOnly(code))
      return swallow([...before, ...this.#press(code), ...this.#release(code)]);
    return swallow([...before, ...this.#press(code)]);
  }

  #up(fact: KeyFact, code: string): KeyOutcome {
    const before = this.settle();
    if (usageOf(code) === undefined) return { actions: before, preventDefault: false };
    if (this.#platform === 'mac' && code === 'CapsLock')
      return swallow([...before, ...this.#press(code), ...this.#release(code)]);
    if (this.#platform === 'windows' && code === 'PrintScreen' && !this.#held.has(code))
      return swallow([...before, ...this.#press(code), ...this.#release(code)]);
    if (this.#platform === 'windows' && (code === 'ShiftLeft' || code === 'ShiftRight'))
      return swallow([...before, ...this.#release('ShiftLeft'), ...this.#release('ShiftRight')]);
    return swallow([...before, ...this.#release(code)]);
  }

  #withoutCode(fact: KeyFact): KeyOutcome {
    const before = this.settle();
    const code = CODE_OF_KEY[fact.key];
    if (code) return swallow([...before, ...this.#press(code), ...this.#release(code)]);
    const isText = [...fact.key].length === 1;
    if (!isText) return { actions: before, preventDefault: false };
    return swallow([...before, { kind: 'text', text: fact.key }]);
  }

  /** Keys whose keyup cannot be relied upon are released at once. */
  #isTapOnly(code: string): boolean {
    if (this.#platform === 'windows') return NO_KEYUP_ON_WINDOWS.has(code);
    if (this.#platform !== 'mac') return false;
    const metaHeld = this.#held.has('MetaLeft') || this.#held.has('MetaRight');
    return code === 'CapsLock' || (metaHeld && !isModifier(code));
  }

  #press(code: string): KeyAction[] {
    const usage = usageOf(code);
    if (usage === undefined || this.#held.has(code)) return [];
    this.#held.add(code);
    return [{ kind: 'key', usage, down: true }];
  }

  /** Only of what went down here: a key that was down before the page had the keyboard is not ours. */
  #repeat(code: string): KeyAction[] {
    const usage = usageOf(code);
    if (usage === undefined || !this.#held.has(code) || isModifier(code)) return [];
    return [{ kind: 'key', usage, down: true }];
  }

  #release(code: string): KeyAction[] {
    const usage = usageOf(code);
    if (usage === undefined || !this.#held.delete(code)) return [];
    return [{ kind: 'key', usage, down: false }];
  }
}

/** Shifted characters of the US layout; layouts that give one of them without Shift are rare, and lose nothing. */
const US_SHIFTED: Readonly<Record<string, string>> = {
  Backquote: '~',
  Digit1: '!',
  Digit2: '@',
  Digit3: '#',
  Digit4: '$',
  Digit5: '%',
  Digit6: '^',
  Digit7: '&',
  Digit8: '*',
  Digit9: '(',
  Digit0: ')',
  Minus: '_',
  Equal: '+',
  BracketLeft: '{',
  BracketRight: '}',
  Backslash: '|',
  Semicolon: ':',
  Quote: '"',
  Comma: '<',
  Period: '>',
  Slash: '?',
};

function needsMissingShift(fact: KeyFact, code: string): boolean {
  if (fact.shift || fact.chord) return false;
  if (US_SHIFTED[code] === fact.key) return true;
  const isUpperLetter = /^Key[A-Z]$/.test(code) && /^\p{Lu}$/u.test(fact.key);
  return isUpperLetter && !fact.capsLock;
}

const swallow = (actions: readonly KeyAction[]): KeyOutcome => ({ actions, preventDefault: true });

/** @param hint navigator.userAgentData.platform or navigator.platform. */
export function platformOf(hint: string): Platform {
  if (/^win/i.test(hint)) return 'windows';
  if (/^(mac|iphone|ipad)/i.test(hint)) return 'mac';
  if (/^(linux|chrome ?os|cros|android|x11)/i.test(hint)) return 'linux';
  return 'other';
}
