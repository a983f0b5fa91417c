// The quirks, as a table per system and browser: what the browser says, what must arrive.
import { describe, expect, it } from 'vitest';
import { codeOf, KNOWN_CODES } from '@guruconnect/contract/input/key-codes';
import { Keyboard, platformOf, type KeyAction, type KeyFact, type Platform } from './keyboard.ts';

const fact = (type: KeyFact['type'], code: string, more: Partial<KeyFact> = {}): KeyFact => ({
  type,
  code,
  key: '',
  repeat: false,
  shift: false,
  capsLock: false,
  chord: false,
  isComposing: false,
  keyCode: 0,
  timeStamp: 0,
  ...more,
});
const down = (code: string, more?: Partial<KeyFact>): KeyFact => fact('keydown', code, more);
const up = (code: string, more?: Partial<KeyFact>): KeyFact => fact('keyup', code, more);

/** "+KeyA" pressed, "-KeyA" released, "'x'" text. */
const words = (actions: readonly KeyAction[]): string[] =>
  actions.map((action) =>
    action.kind === 'text'
      ? `'${action.text}'`
      : `${action.down ? '+' : '-'}${codeOf(action.usage)}`,
  );

function play(platform: Platform, facts: readonly KeyFact[]): string[] {
  const keyboard = new Keyboard(platform);
  const played = facts.flatMap((each) => words(keyboard.on(each).actions));
  return [...played, ...words(keyboard.settle())];
}

const ALTGR = { key: 'AltGraph', timeStamp: 100 };

describe('keys reach the other side', () => {
  const table: [name: string, platform: Platform, facts: KeyFact[], expected: string[]][] = [
    ['a plain key', 'linux', [down('KeyA', { key: 'a' }), up('KeyA')], ['+KeyA', '-KeyA']],
    [
      'a chord in order',
      'linux',
      [down('ControlLeft'), down('KeyC', { key: 'c', chord: true }), up('KeyC'), up('ControlLeft')],
      ['+ControlLeft', '+KeyC', '-KeyC', '-ControlLeft'],
    ],
    [
      '10: a held key repeats as further downs',
      'linux',
      [down('KeyA', { key: 'a' }), down('KeyA', { key: 'a', repeat: true }), up('KeyA')],
      ['+KeyA', '+KeyA', '-KeyA'],
    ],
    [
      '10: a held modifier does not repeat, nor a key that was down before',
      'linux',
      [
        down('ShiftLeft'),
        down('ShiftLeft', { repeat: true }),
        down('KeyB', { key: 'B', repeat: true }),
        up('ShiftLeft'),
      ],
      ['+ShiftLeft', '-ShiftLeft'],
    ],
    [
      'a dead key is a key like any other',
      'linux',
      [down('Equal', { key: 'Dead' }), up('Equal'), down('KeyE', { key: 'e' }), up('KeyE')],
      ['+Equal', '-Equal', '+KeyE', '-KeyE'],
    ],
    [
      '1: Windows AltGr is AltRight alone',
      'windows',
      [
        down('ControlLeft', { timeStamp: 100 }),
        down('AltRight', ALTGR),
        down('KeyQ', { key: '@', chord: true }),
        up('KeyQ'),
        up('ControlLeft'),
        up('AltRight'),
      ],
      ['+AltRight', '+KeyQ', '-KeyQ', '-AltRight'],
    ],
    [
      '1: a real Ctrl+Alt chord on Windows keeps its Ctrl',
      'windows',
      [down('ControlLeft', { timeStamp: 100 }), down('AltRight', { ...ALTGR, timeStamp: 190 })],
      ['+ControlLeft', '+AltRight'],
    ],
    [
      '1: Ctrl+C on Windows loses nothing to the doubt',
      'windows',
      [down('ControlLeft', { timeStamp: 100 }), down('KeyC', { key: 'c', chord: true })],
      ['+ControlLeft', '+KeyC'],
    ],
    [
      '1: a lone Ctrl on Windows is a press and a release',
      'windows',
      [down('ControlLeft', { timeStamp: 100 }), up('ControlLeft', { timeStamp: 120 })],
      ['+ControlLeft', '-ControlLeft'],
    ],
    [
      '1: AltGr elsewhere is not doubted',
      'linux',
      [down('ControlLeft', { timeStamp: 100 }), down('AltRight', ALTGR)],
      ['+ControlLeft', '+AltRight'],
    ],
    [
      '2: macOS tells no keyup under Meta, so keys are tapped',
      'mac',
      [down('MetaLeft'), down('KeyC', { key: 'c', chord: true }), up('MetaLeft')],
      ['+MetaLeft', '+KeyC', '-KeyC', '-MetaLeft'],
    ],
    [
      '2: modifiers under Meta on macOS are held',
      'mac',
      [down('MetaLeft'), down('ShiftLeft', { shift: true }), up('ShiftLeft'), up('MetaLeft')],
      ['+MetaLeft', '+ShiftLeft', '-ShiftLeft', '-MetaLeft'],
    ],
    [
      '3: macOS CapsLock is a tap each time',
      'mac',
      [down('CapsLock'), up('CapsLock')],
      ['+CapsLock', '-CapsLock', '+CapsLock', '-CapsLock'],
    ],
    [
      '4: Windows PrintScreen has only a keyup',
      'windows',
      [up('PrintScreen')],
      ['+PrintScreen', '-PrintScreen'],
    ],
    [
      '5: Windows forgets the keyup of one of two Shifts',
      'windows',
      [down('ShiftLeft'), down('ShiftRight'), up('ShiftLeft')],
      ['+ShiftLeft', '+ShiftRight', '-ShiftLeft', '-ShiftRight'],
    ],
    [
      '6: Windows language keys have no keyup',
      'windows',
      [down('Convert'), down('Convert')],
      ['+Convert', '-Convert', '+Convert', '-Convert'],
    ],
    [
      '7: Android: the text comes by another event',
      'linux',
      [down('', { key: 'Unidentified', keyCode: 229 })],
      [],
    ],
    [
      '7: a key without code, by its name',
      'linux',
      [down('', { key: 'Enter' })],
      ['+Enter', '-Enter'],
    ],
    ['7: a character without code, as text', 'linux', [down('', { key: 'é' })], ["'é'"]],
    [
      '8: an input method keeps its keys',
      'windows',
      [down('KeyK', { key: 'Process', keyCode: 229 }), up('KeyK')],
      [],
    ],
    ['8: while composing', 'mac', [down('KeyN', { key: 'n', isComposing: true })], []],
    ['9: typed without its Shift', 'linux', [down('Period', { key: '>' }), up('Period')], ["'>'"]],
    [
      '9: an upper letter without Shift',
      'linux',
      [down('KeyH', { key: 'H' }), up('KeyH')],
      ["'H'"],
    ],
    ['9: but not with CapsLock', 'linux', [down('KeyH', { key: 'H', capsLock: true })], ['+KeyH']],
    ['9: nor with Shift', 'linux', [down('Period', { key: '>', shift: true })], ['+Period']],
    ['9: nor in a chord', 'linux', [down('KeyC', { key: 'C', chord: true })], ['+KeyC']],
    ['old names of keys', 'linux', [down('OSLeft'), up('OSLeft')], ['+MetaLeft', '-MetaLeft']],
    ['a keyup of a key pressed elsewhere is nothing', 'linux', [up('KeyA')], []],
  ];
  it.each(table)('%s (%s)', (_name, platform, facts, expected) => {
    expect(play(platform, facts)).toEqual(expected);
  });

  it('leaves nothing down after each of these, when everything is let go', () => {
    for (const platform of ['windows', 'mac', 'linux', 'other'] as const)
      for (const code of KNOWN_CODES) {
        const said = play(platform, [down(code), up(code)]);
        const held = said.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
        expect(
          said
            .filter((word) => word.startsWith('-'))
            .map((word) => word.slice(1))
            .sort(),
          code,
        ).toEqual(held.sort());
      }
  });
});

describe('the browser', () => {
  it('is kept from acting on every key that is sent', () => {
    const keyboard = new Keyboard('linux');
    for (const code of ['Tab', 'F5', 'KeyW', 'Space', 'Backspace', 'F11', 'AltLeft'])
      expect(keyboard.on(down(code)).preventDefault, code).toBe(true);
  });

  it('goes on with what will arrive as text, and with keys that have no place over there', () => {
    const keyboard = new Keyboard('linux');
    expect(keyboard.on(down('KeyK', { key: 'Process', keyCode: 229 })).preventDefault).toBe(false);
    expect(keyboard.on(down('BrowserBack')).preventDefault).toBe(false);
  });
});

describe('a keyboard that lost the page', () => {
  it('holds nothing, and a late keyup means nothing', () => {
    const keyboard = new Keyboard('windows');
    keyboard.on(down('ShiftLeft'));
    keyboard.on(down('ControlLeft'));
    keyboard.forget();
    expect(keyboard.waitMs).toBeUndefined();
    expect(keyboard.isHeld('ShiftLeft')).toBe(false);
    expect(keyboard.on(up('ShiftLeft')).actions).toEqual([]);
  });
});

describe('the system', () => {
  it.each([
    ['Win32', 'windows'],
    ['Windows', 'windows'],
    ['MacIntel', 'mac'],
    ['macOS', 'mac'],
    ['iPad', 'mac'],
    ['Linux x86_64', 'linux'],
    ['Chrome OS', 'linux'],
    ['', 'other'],
  ] as const)('%s is %s', (hint, platform) => {
    expect(platformOf(hint)).toBe(platform);
  });
});
