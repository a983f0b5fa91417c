// Text that has no keys: input methods, on-screen keyboards, the browser's own paste command.
// Pure: input events of the hidden field in, keys or text out.
import { MAX_TEXT_BYTES } from '@guruconnect/contract/input/input-event';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import type { KeyAction } from './keyboard.ts';

/** InputEvent.inputType (Input Events Level 2) -> the key that does the same. */
const KEY_OF_INPUT_TYPE: Readonly<Record<string, string>> = {
  insertLineBreak: 'Enter',
  insertParagraph: 'Enter',
  deleteContentBackward: 'Backspace',
  deleteWordBackward: 'Backspace',
  deleteContentForward: 'Delete',
};

export type TextFact = {
  readonly inputType: string;
  readonly data: string | null;
  readonly isComposing: boolean;
};

/** Told by compositionend instead, once. */
const OF_COMPOSITION = new Set(['insertCompositionText', 'insertFromComposition']);

/** While a text is still being composed nothing is sent: it may change until it is committed. */
export function onTextInput(fact: TextFact): KeyAction[] {
  if (fact.isComposing || OF_COMPOSITION.has(fact.inputType)) return [];
  const code = KEY_OF_INPUT_TYPE[fact.inputType];
  const usage = code === undefined ? undefined : usageOf(code);
  if (usage !== undefined)
    return [
      { kind: 'key', usage, down: true },
      { kind: 'key', usage, down: false },
    ];
  return fact.data ? textActions(fact.data) : [];
}

const utf8 = new TextEncoder();

/** Longest paste that is typed; more is a file's job, and the other side would type for minutes. */
const MAX_PARTS = 64;

/** Cuts a text into events of the contract's size, never within a character. */
export function textActions(text: string): KeyAction[] {
  const parts: KeyAction[] = [];
  let part = '';
  let bytes = 0;
  for (const character of text) {
    const more = utf8.encode(character).length;
    if (bytes + more > MAX_TEXT_BYTES) {
      parts.push({ kind: 'text', text: part });
      if (parts.length === MAX_PARTS) return parts;
      part = '';
      bytes = 0;
    }
    part += character;
    bytes += more;
  }
  if (part) parts.push({ kind: 'text', text: part });
  return parts;
}
