import { describe, expect, it } from 'vitest';
import { MAX_TEXT_BYTES } from '@guruconnect/contract/input/input-event';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import { onTextInput, textActions } from './text-input.ts';

const input = (inputType: string, data: string | null = null, isComposing = false) =>
  onTextInput({ inputType, data, isComposing });

describe('text without keys', () => {
  it('is sent as it comes from an on-screen keyboard', () => {
    expect(input('insertText', 'ñ')).toEqual([{ kind: 'text', text: 'ñ' }]);
  });

  it('that means a key is that key', () => {
    const backspace = usageOf('Backspace');
    expect(input('deleteContentBackward')).toEqual([
      { kind: 'key', usage: backspace, down: true },
      { kind: 'key', usage: backspace, down: false },
    ]);
    expect(input('insertLineBreak')[0]).toMatchObject({ usage: usageOf('Enter') });
  });

  it('is not sent while it is still being composed', () => {
    expect(input('insertCompositionText', 'に')).toEqual([]);
    expect(input('insertText', 'に', true)).toEqual([]);
    expect(input('insertFromComposition', '日本')).toEqual([]);
  });

  it('is cut to the size of an event, never within a character', () => {
    const text = '€🙂'.repeat(500);
    const parts = textActions(text).map((action) => (action.kind === 'text' ? action.text : ''));
    expect(parts.join('')).toBe(text);
    for (const part of parts)
      expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(MAX_TEXT_BYTES);
  });

  it('has an end', () => {
    expect(textActions('x'.repeat(1_000_000)).length).toBe(64);
  });
});
