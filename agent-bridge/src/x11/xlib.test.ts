import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bind, loadLibrary, NativeLibraryError } from './xlib.ts';

describe('the native libraries', () => {
  it('are not touched by importing the files that use them, so Windows can import them too', () => {
    const capture = new URL('../media/capture.x11.ts', import.meta.url).href;
    const script = `
      await import(${JSON.stringify(capture)});
      const { readFileSync } = await import('node:fs');
      console.log(readFileSync('/proc/self/maps', 'utf8').includes('libX11.so') ? 'loaded' : 'untouched');`;
    const arguments_ = ['--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, arguments_, { encoding: 'utf8' }).trim()).toBe(
      'untouched',
    );
  });

  it('that are missing are named', () => {
    const load = () => loadLibrary('libgc-there-is-none.so.1');
    expect(load).toThrow(NativeLibraryError);
    expect(load).toThrow(
      expect.objectContaining({
        code: 'native_library_missing',
        file: 'libgc-there-is-none.so.1',
      }),
    );
  });

  it('give their functions by prototype', () => {
    const abs = bind<(value: number) => number>('c', 'int abs(int value)');
    expect(abs(-5)).toBe(5);
  });
});
