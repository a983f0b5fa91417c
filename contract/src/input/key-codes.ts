// KeyboardEvent.code <-> USB HID usage (page 7, Keyboard/Keypad), after the "UI Events
// KeyboardEvent code Values" specification and the HID Usage Tables 1.5, section 10.
// Physical keys: what is printed on them is the remote layout's affair.

const letters = Array.from(
  { length: 26 },
  (_, i) => [`Key${String.fromCharCode(65 + i)}`, 0x04 + i] as const,
);
const digits = Array.from({ length: 10 }, (_, i) => [`Digit${(i + 1) % 10}`, 0x1e + i] as const);
const functionKeys = [
  ...Array.from({ length: 12 }, (_, i) => [`F${i + 1}`, 0x3a + i] as const),
  ...Array.from({ length: 12 }, (_, i) => [`F${i + 13}`, 0x68 + i] as const),
];
const numpadDigits = Array.from(
  { length: 10 },
  (_, i) => [`Numpad${(i + 1) % 10}`, 0x59 + i] as const,
);

const USAGE_BY_CODE: ReadonlyMap<string, number> = new Map<string, number>([
  ...letters,
  ...digits,
  ...functionKeys,
  ...numpadDigits,
  ['Enter', 0x28],
  ['Escape', 0x29],
  ['Backspace', 0x2a],
  ['Tab', 0x2b],
  ['Space', 0x2c],
  ['Minus', 0x2d],
  ['Equal', 0x2e],
  ['BracketLeft', 0x2f],
  ['BracketRight', 0x30],
  ['Backslash', 0x31],
  ['Semicolon', 0x33],
  ['Quote', 0x34],
  ['Backquote', 0x35],
  ['Comma', 0x36],
  ['Period', 0x37],
  ['Slash', 0x38],
  ['CapsLock', 0x39],
  ['PrintScreen', 0x46],
  ['ScrollLock', 0x47],
  ['Pause', 0x48],
  ['Insert', 0x49],
  ['Home', 0x4a],
  ['PageUp', 0x4b],
  ['Delete', 0x4c],
  ['End', 0x4d],
  ['PageDown', 0x4e],
  ['ArrowRight', 0x4f],
  ['ArrowLeft', 0x50],
  ['ArrowDown', 0x51],
  ['ArrowUp', 0x52],
  ['NumLock', 0x53],
  ['NumpadDivide', 0x54],
  ['NumpadMultiply', 0x55],
  ['NumpadSubtract', 0x56],
  ['NumpadAdd', 0x57],
  ['NumpadEnter', 0x58],
  ['NumpadDecimal', 0x63],
  ['IntlBackslash', 0x64],
  ['ContextMenu', 0x65],
  ['Power', 0x66],
  ['NumpadEqual', 0x67],
  ['Help', 0x75],
  ['Undo', 0x7a],
  ['Cut', 0x7b],
  ['Copy', 0x7c],
  ['Paste', 0x7d],
  ['Find', 0x7e],
  ['AudioVolumeMute', 0x7f],
  ['AudioVolumeUp', 0x80],
  ['AudioVolumeDown', 0x81],
  ['NumpadComma', 0x85],
  ['IntlRo', 0x87],
  ['KanaMode', 0x88],
  ['IntlYen', 0x89],
  ['Convert', 0x8a],
  ['NonConvert', 0x8b],
  ['Lang1', 0x90],
  ['Lang2', 0x91],
  ['Lang3', 0x92],
  ['Lang4', 0x93],
  ['Lang5', 0x94],
  ['ControlLeft', 0xe0],
  ['ShiftLeft', 0xe1],
  ['AltLeft', 0xe2],
  ['MetaLeft', 0xe3],
  ['ControlRight', 0xe4],
  ['ShiftRight', 0xe5],
  ['AltRight', 0xe6],
  ['MetaRight', 0xe7],
]);

const CODE_BY_USAGE: ReadonlyMap<number, string> = new Map(
  [...USAGE_BY_CODE].map(([code, usage]) => [usage, code]),
);

/** HID usage of a physical key, or undefined for keys that have none there (media, browser keys). */
export const usageOf = (code: string): number | undefined => USAGE_BY_CODE.get(code);
export const codeOf = (usage: number): string | undefined => CODE_BY_USAGE.get(usage);
export const KNOWN_CODES: readonly string[] = [...USAGE_BY_CODE.keys()];
