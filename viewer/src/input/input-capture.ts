// THE input file: what the technician does over the picture becomes input events. Binds the DOM
// to the pure parts (keyboard, pointer, wheel, touch, text) and to the channel; decides nothing
// about grants (input-status.ts does, and the agent in the end).
import { usageOf } from '@guruconnect/contract/input/key-codes';
import type { Position } from '@guruconnect/contract/input/input-event';
import type { Rect, Size } from '@guruconnect/contract/input/coordinates';
import type { Aim, InputChannel } from './input-channel.ts';
import { Keyboard, type KeyAction, type KeyFact, type Platform } from './keyboard.ts';
import { buttonChanges, locate, type Point } from './pointer.ts';
import { TouchGestures, type TouchAction, type TouchFact } from './touch-gestures.ts';
import { onTextInput, textActions } from './text-input.ts';
import { atOurClock } from '../own-window.ts';
import { Wheel, type Notches } from './wheel.ts';

/** Where the picture is on the page right now, and which monitor it shows. */
export type InputTarget = { readonly picture: Rect; readonly monitor: Size };

export type InputCaptureOptions = {
  /** Receives the pointer; lies over the picture. */
  readonly surface: HTMLElement;
  /** Receives the keyboard: a field that is there but not seen. */
  readonly field: HTMLTextAreaElement;
  readonly channel: InputChannel;
  readonly platform: Platform;
  readonly target: () => InputTarget | undefined;
  /** What is meant by what happens on this surface. */
  readonly aim: Aim;
  /** Ctrl+Alt+Home: the way out for people who use no mouse (as in Microsoft's client). */
  readonly onLeave: () => void;
  /** The local pointer is over the picture (or not): the remote one need not be drawn then. */
  readonly onHover: (over: boolean) => void;
};

const CONTROL = usageOf('ControlLeft') ?? 0;

export class InputCapture {
  readonly #options: InputCaptureOptions;
  readonly #stop = new AbortController();
  readonly #keyboard: Keyboard;
  readonly #touch = new TouchGestures();
  readonly #wheel = new Wheel();
  #enabled = false;
  #buttons = 0;
  #hover = false;
  #keyTimer: ReturnType<typeof setTimeout> | undefined;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;
  /** A dead key was sent as a key: the accent a browser composes of it as well is not wanted. */
  #sentDeadKey = false;

  constructor(options: InputCaptureOptions) {
    this.#options = options;
    this.#keyboard = new Keyboard(options.platform);
    this.#bindPointer(options.surface);
    this.#bindKeyboard(options.field);
  }

  /** Off means: nothing leaves, nothing is held, and the browser's own keys work again. */
  set enabled(enabled: boolean) {
    if (enabled === this.#enabled) return;
    if (!enabled) this.releaseAll();
    this.#enabled = enabled;
  }

  focus(): void {
    this.#options.field.focus({ preventScroll: true });
  }

  /** Nothing stays down, here or there. */
  releaseAll(): void {
    clearTimeout(this.#keyTimer);
    clearTimeout(this.#holdTimer);
    this.#keyboard.forget();
    this.#buttons = 0;
    this.#aimed().releaseAll();
  }

  /** Idempotent. */
  close(): void {
    this.enabled = false;
    this.#stop.abort();
  }

  /** What a listener sends comes from its event (input-channel.ts, `during`). */
  #timed<E extends Event>(listener: (event: E) => void): (event: E) => void {
    return (event) =>
      this.#aimed().during(atOurClock(event.timeStamp, this.#options.surface), () =>
        listener(event),
      );
  }

  #aimed(): InputChannel {
    this.#options.channel.aim(this.#options.aim);
    return this.#options.channel;
  }

  // --- pointer --------------------------------------------------------------------------------

  #bindPointer(surface: HTMLElement): void {
    const signal = this.#stop.signal;
    const listen = <N extends keyof HTMLElementEventMap>(
      name: N,
      listener: (event: HTMLElementEventMap[N]) => void,
    ): void => surface.addEventListener(name, this.#timed(listener), { signal, passive: false });

    // pointerrawupdate is not held back until the next frame as pointermove is: 8 ms sooner on
    // average. It exists in secure contexts of Chromium only; pointermove then adds nothing new.
    const raw = 'onpointerrawupdate' in surface;
    if (raw) {
      const onMove = this.#timed((event: Event) => this.#onMove(event as PointerEvent));
      surface.addEventListener('pointerrawupdate', onMove, { signal });
    }
    listen('pointermove', (event) => {
      if (!raw || event.button !== -1 || event.pointerType === 'touch') this.#onMove(event);
    });
    listen('pointerdown', (event) => this.#onDown(event));
    listen('pointerup', (event) => this.#onUp(event));
    listen('pointercancel', (event) => this.#onUp(event));
    listen('pointerleave', () => this.#setHover(false));
    listen('wheel', (event) => this.#onWheel(event));
    // What the browser would do with these itself: menu, autoscroll, back and forward, drag.
    for (const name of ['contextmenu', 'auxclick', 'dragstart', 'mousedown', 'mouseup'] as const) {
      listen(name, (event) => {
        if (this.#enabled && this.#isOverPicture(event)) event.preventDefault();
      });
    }
  }

  #onDown(event: PointerEvent): void {
    if (!this.#isOverPicture(event)) return;
    this.focus();
    if (!this.#enabled) return;
    // A drag that leaves the picture, or the window, still ends here.
    this.#options.surface.setPointerCapture(event.pointerId);
    if (event.pointerType === 'touch') this.#onTouch(event, 'down');
    else this.#onButtons(event);
  }

  #onMove(event: PointerEvent): void {
    if (event.pointerType === 'touch') {
      if (event.type === 'pointermove') this.#onTouch(event, 'move');
      return;
    }
    const at = this.#locate(event);
    this.#setHover(at?.on ?? false);
    if (!this.#enabled || !at) return;
    // Buttons count from a press on the picture: one that came in from outside is not for us.
    if (this.#buttons !== 0 && event.buttons !== this.#buttons) this.#onButtons(event);
    else if (at.on || this.#buttons !== 0) this.#options.channel.move(at.position);
  }

  #onUp(event: PointerEvent): void {
    if (event.pointerType === 'touch')
      this.#onTouch(event, event.type === 'pointerup' ? 'up' : 'cancel');
    else if (this.#buttons !== 0) this.#onButtons(event);
  }

  #onButtons(event: PointerEvent): void {
    const at = this.#enabled ? this.#locate(event) : undefined;
    if (!at) return;
    const after = event.type === 'pointercancel' ? 0 : event.buttons;
    for (const { button, down } of buttonChanges(this.#buttons, after)) {
      // A press beside the picture means nothing there; a release always counts.
      if (at.on || !down) this.#options.channel.button(at.position, button, down);
    }
    this.#buttons = after;
  }

  #onTouch(event: PointerEvent, type: TouchFact['type']): void {
    if (!this.#enabled) return;
    const point = { x: event.clientX, y: event.clientY };
    const atMs = performance.now();
    this.#carryOut(this.#touch.on({ type, id: event.pointerId, point, atMs }));
    clearTimeout(this.#holdTimer);
    const holdAtMs = this.#touch.holdAtMs;
    if (holdAtMs !== undefined) {
      const waitMs = Math.max(0, holdAtMs - atMs);
      this.#holdTimer = setTimeout(
        () => this.#carryOut(this.#touch.hold(performance.now())),
        waitMs,
      );
    }
  }

  #carryOut(actions: readonly TouchAction[]): void {
    const channel = this.#aimed();
    for (const action of actions) {
      const at = this.#locatePoint(action.point);
      if (!at) continue;
      if (action.kind === 'move') channel.move(at.position);
      else if (action.kind === 'button') channel.button(at.position, action.button, action.down);
      else this.#turnWheel(at.position, this.#wheel.add(action));
    }
  }

  #onWheel(event: WheelEvent): void {
    const at = this.#enabled ? this.#locate(event) : undefined;
    if (!at?.on) return;
    event.preventDefault();
    const { channel } = this.#options;
    // A pinch on a touchpad arrives as a wheel with ctrlKey although nobody holds Ctrl.
    const pinch =
      event.ctrlKey &&
      !this.#keyboard.isHeld('ControlLeft') &&
      !this.#keyboard.isHeld('ControlRight');
    if (pinch) channel.key(CONTROL, true);
    this.#turnWheel(at.position, this.#wheel.on(event));
    if (pinch) channel.key(CONTROL, false);
  }

  #turnWheel(position: Position, notches: Notches | undefined): void {
    if (notches) this.#options.channel.wheel(position, notches.dx, notches.dy);
  }

  #locate(event: MouseEvent): { position: Position; on: boolean } | undefined {
    return this.#locatePoint({ x: event.clientX, y: event.clientY });
  }

  #locatePoint(point: Point): { position: Position; on: boolean } | undefined {
    const target = this.#options.target();
    return target && locate(point, target.picture, target.monitor);
  }

  #isOverPicture(event: MouseEvent): boolean {
    return this.#locate(event)?.on ?? false;
  }

  #setHover(over: boolean): void {
    if (over === this.#hover) return;
    this.#hover = over;
    this.#options.onHover(over);
  }

  // --- keyboard -------------------------------------------------------------------------------

  #bindKeyboard(field: HTMLTextAreaElement): void {
    const signal = this.#stop.signal;
    const view = field.ownerDocument;
    for (const name of ['keydown', 'keyup'] as const)
      field.addEventListener(
        name,
        this.#timed((event: KeyboardEvent) => this.#onKey(event, name)),
        { signal },
      );
    const onInput = (event: Event): void => this.#onInput(event as globalThis.InputEvent);
    field.addEventListener('input', this.#timed(onInput), { signal });
    const onComposed = (event: CompositionEvent): void => this.#onComposed(event.data);
    field.addEventListener('compositionend', this.#timed(onComposed), { signal });
    field.addEventListener('blur', () => this.releaseAll(), { signal });
    view.addEventListener(
      'visibilitychange',
      () => {
        if (view.visibilityState === 'hidden') this.releaseAll();
      },
      { signal },
    );
  }

  #onKey(event: KeyboardEvent, type: 'keydown' | 'keyup'): void {
    if (!this.#enabled) return;
    if (type === 'keydown' && event.ctrlKey && event.altKey && event.code === 'Home') {
      event.preventDefault();
      this.releaseAll();
      this.#options.onLeave();
      return;
    }
    const outcome = this.#keyboard.on(keyFact(event, type));
    if (outcome.preventDefault) event.preventDefault();
    if (type === 'keydown') this.#sentDeadKey = outcome.preventDefault && event.key === 'Dead';
    this.#press(outcome.actions);
    clearTimeout(this.#keyTimer);
    const waitMs = this.#keyboard.waitMs;
    if (waitMs !== undefined)
      this.#keyTimer = setTimeout(() => this.#press(this.#keyboard.settle()), waitMs);
  }

  #onInput(event: globalThis.InputEvent): void {
    if (this.#enabled) this.#press(onTextInput(event));
    // The field is a funnel, not a place for text; only a running composition may keep it.
    if (!event.isComposing) this.#options.field.value = '';
  }

  #onComposed(text: string): void {
    if (this.#enabled && !this.#sentDeadKey && text) this.#press(textActions(text));
    this.#options.field.value = '';
  }

  #press(actions: readonly KeyAction[]): void {
    const channel = this.#aimed();
    for (const action of actions) {
      if (action.kind === 'key') channel.key(action.usage, action.down);
      else channel.text(action.text);
    }
  }
}

function keyFact(event: KeyboardEvent, type: 'keydown' | 'keyup'): KeyFact {
  const { code, key, repeat, isComposing, keyCode, timeStamp } = event;
  return {
    type,
    code,
    key,
    repeat,
    isComposing,
    keyCode,
    timeStamp,
    shift: event.shiftKey,
    capsLock: event.getModifierState('CapsLock'),
    chord: event.ctrlKey || event.altKey || event.metaKey || event.getModifierState('AltGraph'),
  };
}
