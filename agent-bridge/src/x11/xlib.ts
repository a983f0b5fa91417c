// The native X11 libraries, loaded when first asked for: importing this file on a machine without
// X11 (Windows) does nothing. Every X file of the agent binds its functions through `bind`.
//
// Value mapping (LP64 only): `Display*` and other pointers are bigint, XIDs (`Window`, `Atom`,
// `Time`, …) are `ulong` and arrive as plain numbers (they have 32 significant bits), Bool/Status are numbers (0 = False).
import koffi from 'koffi';

/** File names of the libraries' stable ABIs, as every distribution installs them. */
const LIBRARY_FILES = {
  X11: 'libX11.so.6',
  Xext: 'libXext.so.6',
  Xdamage: 'libXdamage.so.1',
  Xfixes: 'libXfixes.so.3',
  Xft: 'libXft.so.2',
  Xi: 'libXi.so.6',
  Xrandr: 'libXrandr.so.2',
  Xrender: 'libXrender.so.1',
  Xss: 'libXss.so.1',
  Xtst: 'libXtst.so.6',
  c: 'libc.so.6',
  fontconfig: 'libfontconfig.so.1',
  fribidi: 'libfribidi.so.0',
} as const;
export type NativeLibrary = keyof typeof LIBRARY_FILES;

type Library = ReturnType<typeof koffi.load>;
const loaded = new Map<NativeLibrary, Library>();

/** Loads a library once per thread. Throws `NativeLibraryError` naming the missing file. */
export function nativeLibrary(name: NativeLibrary): Library {
  const known = loaded.get(name);
  if (known) return known;
  const library = loadLibrary(LIBRARY_FILES[name]);
  loaded.set(name, library);
  return library;
}

/** Throws `NativeLibraryError`. */
export function loadLibrary(file: string): Library {
  try {
    return koffi.load(file);
  } catch (cause) {
    throw new NativeLibraryError(file, { cause });
  }
}

/** A library of the operating system is not installed; `file` is what to look for. */
export class NativeLibraryError extends Error {
  readonly code = 'native_library_missing';
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`${file} is not installed`, options);
    this.name = 'NativeLibraryError';
    this.file = file;
  }
}

/**
 * Binds one C function by its prototype. The caller states the TypeScript type, which must match the
 * prototype: nothing can check it. Buffers passed for `void *` are handed over without a copy.
 */
export function bind<T extends (...args: never[]) => unknown>(
  library: NativeLibrary,
  prototype: string,
): T {
  return nativeLibrary(library).func(prototype) as unknown as T;
}

/** Runs `load` at the first call and hands out the same result afterwards. */
export function lazy<T>(load: () => T): () => T {
  let held: { value: T } | undefined;
  return () => (held ??= { value: load() }).value;
}

export type DisplayPointer = bigint;
export type Xid = number;

/** Core Xlib, the part every X file needs. Extensions are bound in their own files. */
export const xlib = lazy(() => ({
  XOpenDisplay: bind<(name: string) => DisplayPointer | null>(
    'X11',
    'void *XOpenDisplay(str name)',
  ),
  XCloseDisplay: bind<(d: DisplayPointer) => number>('X11', 'int XCloseDisplay(void *d)'),
  XConnectionNumber: bind<(d: DisplayPointer) => number>('X11', 'int XConnectionNumber(void *d)'),
  XPending: bind<(d: DisplayPointer) => number>('X11', 'int XPending(void *d)'),
  XNextEvent: bind<(d: DisplayPointer, event: Uint8Array) => number>(
    'X11',
    'int XNextEvent(void *d, void *event)',
  ),
  XFlush: bind<(d: DisplayPointer) => number>('X11', 'int XFlush(void *d)'),
  XSync: bind<(d: DisplayPointer, discard: 0 | 1) => number>(
    'X11',
    'int XSync(void *d, int discard)',
  ),
  XDefaultScreen: bind<(d: DisplayPointer) => number>('X11', 'int XDefaultScreen(void *d)'),
  XDefaultRootWindow: bind<(d: DisplayPointer) => Xid>('X11', 'ulong XDefaultRootWindow(void *d)'),
  XDefaultDepth: bind<(d: DisplayPointer, screen: number) => number>(
    'X11',
    'int XDefaultDepth(void *d, int screen)',
  ),
  XDefaultVisual: bind<(d: DisplayPointer, screen: number) => bigint>(
    'X11',
    'void *XDefaultVisual(void *d, int screen)',
  ),
  XDisplayWidth: bind<(d: DisplayPointer, screen: number) => number>(
    'X11',
    'int XDisplayWidth(void *d, int screen)',
  ),
  XDisplayHeight: bind<(d: DisplayPointer, screen: number) => number>(
    'X11',
    'int XDisplayHeight(void *d, int screen)',
  ),
  XSelectInput: bind<(d: DisplayPointer, window: Xid, mask: number) => number>(
    'X11',
    'int XSelectInput(void *d, ulong window, long mask)',
  ),
  XInternAtom: bind<(d: DisplayPointer, name: string, onlyIfExists: 0 | 1) => Xid>(
    'X11',
    'ulong XInternAtom(void *d, str name, int only_if_exists)',
  ),
  XFree: bind<(memory: bigint) => number>('X11', 'int XFree(void *memory)'),
  XGetErrorText: bind<
    (d: DisplayPointer, code: number, buffer: Uint8Array, length: number) => number
  >('X11', 'int XGetErrorText(void *d, int code, void *buffer, int length)'),
}));
