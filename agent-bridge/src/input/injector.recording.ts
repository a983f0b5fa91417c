// An injector that writes down what it was told, for tests of whatever sits in front of injectors.
import { HeldKeys, type HeldInput } from './held-keys.ts';
import type { DesktopPoint, InjectionOutcome, Injector, LockState } from './injector.ts';

export type RecordedInput =
  | { readonly kind: 'move'; readonly xPx: number; readonly yPx: number }
  | { readonly kind: 'button'; readonly button: number; readonly down: boolean }
  | { readonly kind: 'wheel'; readonly dx: number; readonly dy: number }
  | { readonly kind: 'key'; readonly usage: number; readonly down: boolean }
  | { readonly kind: 'text'; readonly text: string };

export class RecordingInjector implements Injector {
  readonly recorded: RecordedInput[] = [];
  /** Set by a test to have every following command refused. */
  refusal: InjectionOutcome = 'injected';
  locks: LockState = { capsLock: false, numLock: false, scrollLock: false };
  readonly #held = new HeldKeys();
  #lastPointer: DesktopPoint | undefined;
  #closed = false;

  get held(): readonly HeldInput[] {
    return this.#held.inOrder();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  movePointer(point: DesktopPoint): InjectionOutcome {
    return this.#record({ kind: 'move', ...point }, () => void (this.#lastPointer = point));
  }

  pointerButton(button: number, down: boolean): InjectionOutcome {
    return this.#record({ kind: 'button', button, down }, () =>
      this.#note({ kind: 'button', button }, down),
    );
  }

  wheel(dx: number, dy: number): InjectionOutcome {
    return this.#record({ kind: 'wheel', dx, dy });
  }

  key(usage: number, down: boolean): InjectionOutcome {
    return this.#record({ kind: 'key', usage, down }, () =>
      this.#note({ kind: 'key', usage }, down),
    );
  }

  text(text: string): InjectionOutcome {
    return this.#record({ kind: 'text', text });
  }

  releaseAll(): readonly HeldInput[] {
    const released = this.#held.releaseAll();
    for (const input of released) this.recorded.push({ ...input, down: false });
    return released;
  }

  lastPointer(): DesktopPoint | undefined {
    return this.#lastPointer;
  }

  lockState(): LockState | undefined {
    return this.locks;
  }

  close(): void {
    if (this.#closed) return;
    this.releaseAll();
    this.#closed = true;
  }

  #note(input: HeldInput, down: boolean): void {
    if (down) this.#held.press(input);
    else this.#held.release(input);
  }

  #record(input: RecordedInput, apply?: () => void): InjectionOutcome {
    if (this.#closed) return 'closed';
    if (this.refusal !== 'injected') return this.refusal;
    this.recorded.push(input);
    apply?.();
    return 'injected';
  }
}
