// Where the keyboard goes: a real field that is there but not seen, so that input methods and
// on-screen keyboards work. Its text is never kept (input-capture.ts empties it).

export function keyboardField(document: Document): HTMLTextAreaElement {
  const field = document.createElement('textarea');
  field.setAttribute('aria-label', 'Keyboard of the remote machine. Ctrl+Alt+Home leaves it.');
  field.setAttribute('autocapitalize', 'off');
  field.setAttribute('autocorrect', 'off');
  field.autocomplete = 'off';
  field.spellcheck = false;
  // A tap on the picture is a click there, not a wish for the on-screen keyboard.
  field.inputMode = 'none';
  Object.assign(field.style, {
    position: 'absolute',
    left: '0',
    top: '0',
    width: '1px',
    height: '1px',
    padding: '0',
    border: '0',
    opacity: '0',
    resize: 'none',
    pointerEvents: 'none',
  });
  return field;
}

/** What this browser runs on, in its own words (for keyboard.ts, `platformOf`). */
export function systemHint(): string {
  const hints = navigator as Navigator & { userAgentData?: { platform?: string } };
  return hints.userAgentData?.platform ?? navigator.platform;
}
