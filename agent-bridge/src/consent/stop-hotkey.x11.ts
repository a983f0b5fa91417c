// Watches for the stop hotkey on X11 through raw XInput events: they come whichever window has the
// focus, whoever has grabbed the keyboard, and they name the device, so that keys held or pressed by
// injection (XTEST) neither trigger nor spoil it. A key grab (XGrabKey) could be spoilt by injecting a
// further modifier.
import type { XConnection } from '../x11/x-connection.ts';
import { XInput, XiEventType } from '../x11/xinput.ts';
import { readKeyNames, watchKeyboardMapping } from '../x11/xkb.ts';
import { StopHotkey, type StopKey } from './stop-hotkey.ts';

const KEY_BY_XKB_NAME: ReadonlyMap<string, StopKey> = new Map([
  ['LCTL', 'control'],
  ['RCTL', 'control'],
  ['LALT', 'alt'],
  ['RALT', 'alt'],
  ['LFSH', 'shift'],
  ['RTSH', 'shift'],
  ['ESC', 'escape'],
]);

export interface StopHotkeyWatchOptions {
  readonly onStop: () => void;
  /** Tests press the keys with XTEST. Never set it on a real endpoint. */
  readonly allowSyntheticInput: boolean;
}

/** Returns the way to stop watching. Throws XError `display_unsupported` without XInput 2.2. */
export function watchStopHotkey(x: XConnection, options: StopHotkeyWatchOptions): () => void {
  const hotkey = new StopHotkey();
  const xinput = XInput.of(x);
  let keyByKeycode = readStopKeys(x);
  const stopWatchingMapping = watchKeyboardMapping(x, () => {
    keyByKeycode = readStopKeys(x);
    hotkey.reset();
  });
  const { RawKeyPress, RawKeyRelease } = XiEventType;
  const stopWatchingKeys = xinput.watchRaw([RawKeyPress, RawKeyRelease], (event) => {
    const key = keyByKeycode.get(event.detail);
    if (!key) return;
    if (!options.allowSyntheticInput && xinput.isXtestDevice(event.sourceId)) return;
    const source = `${event.sourceId}:${event.detail}`;
    if (hotkey.keyChanged(key, source, event.type === RawKeyPress)) options.onStop();
  });
  return () => {
    stopWatchingKeys();
    stopWatchingMapping();
  };
}

function readStopKeys(x: XConnection): Map<number, StopKey> {
  const keyByKeycode = new Map<number, StopKey>();
  for (const [name, keycode] of readKeyNames(x)) {
    const key = KEY_BY_XKB_NAME.get(name);
    if (key) keyByKeycode.set(keycode, key);
  }
  return keyByKeycode;
}
