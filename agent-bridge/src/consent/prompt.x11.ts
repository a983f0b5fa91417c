// The consent prompt as a real window on X11: drawn with Xft, listening through XInput 2 because only
// that tells a person's mouse and keyboard from injected events.
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import { XEventType } from '../x11/x-event.ts';
import { XEventMask } from '../x11/root-events.ts';
import { XInput, XiEventType, type XiEvent } from '../x11/xinput.ts';
import { keysymOf, watchKeyboardMapping } from '../x11/xkb.ts';
import { hasWindowManager } from '../x11/x-window.ts';
import { xlib } from '../x11/xlib.ts';
import { contains, type Rect } from './drawing.ts';
import { ARMING_MS, type ConsentPrompt, type ConsentQuestion } from './prompt.ts';
import { PromptInteraction, type PromptButton, type PromptKey } from './prompt-interaction.ts';
import { layoutPrompt, type PromptLayout, type PromptView } from './prompt-layout.ts';
import { PromptQueue, type ShownAnswer } from './prompt-queue.ts';
import {
  countdownText,
  promptWording,
  PROMPT_TITLE,
  type PromptWording,
} from './prompt-wording.ts';
import { wholeOf, X11DrawingWindow, X11Fonts } from './window.x11.ts';

export interface X11PromptOptions {
  /** Where the prompt is centred: the primary monitor, pixels of the desktop, and its scale. */
  readonly screen: () => Rect & { readonly scale: number };
  /** Tests drive the prompt with XTEST. Never set it on a real endpoint. */
  readonly allowSyntheticInput?: boolean;
}

const WM_CLASS = 'guruconnect-consent';
/** Left around the prompt on a small screen, pixels. */
const SCREEN_MARGIN_PX = 24;
/** Smaller than this nobody can read. */
const MIN_SCALE = 0.7;
/** How often the countdown is looked at and a lost display noticed, ms. */
const TICK_MS = 250;
/** Not more often than this against something that keeps covering the prompt, ms. */
const RAISE_INTERVAL_MS = 250;
const VISIBILITY_NOTIFY = 15;
const VISIBILITY_UNOBSCURED = 0;
const MOD1_MASK = 8;
const LEFT_BUTTON = 1;

/** The connection stays the caller's; when it is lost the question is answered `unavailable`. */
export function openX11ConsentPrompt(x: XConnection, options: X11PromptOptions): ConsentPrompt {
  return new PromptQueue((question, deadlineMs, hide) =>
    new ShownQuestion(x, options, question, deadlineMs).answer(hide),
  );
}

/** One question on the screen, from its first pixel to its answer. */
class ShownQuestion {
  readonly #x: XConnection;
  readonly #options: X11PromptOptions;
  readonly #deadlineMs: number;
  readonly #wording: PromptWording;
  readonly #screen: Rect & { readonly scale: number };
  #fonts: X11Fonts;
  #scale: number;
  readonly #interaction = new PromptInteraction();
  readonly #window: X11DrawingWindow;
  readonly #stops: (() => void)[] = [];
  #layout: PromptLayout;
  #drawnCountdown = '';
  #drawnArmed = false;
  #raisedAtMs = -Infinity;
  #place = '';
  #armTimer: NodeJS.Timeout | undefined;
  #settle: ((answer: ShownAnswer) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  /** Throws XError when the display cannot show it. */
  constructor(
    x: XConnection,
    options: X11PromptOptions,
    question: ConsentQuestion,
    deadlineMs: number,
  ) {
    this.#x = x;
    this.#options = options;
    this.#deadlineMs = deadlineMs;
    this.#wording = promptWording(question);
    this.#screen = options.screen();
    this.#scale = this.#screen.scale;
    this.#fonts = new X11Fonts(x, this.#scale);
    this.#layout = this.#layoutNow();
    this.#shrinkToScreen();
    const { width, height } = this.#layout.drawing;
    try {
      this.#window = new X11DrawingWindow(x, this.#fonts, {
        box: {
          x: this.#screen.x + Math.max(0, Math.round((this.#screen.width - width) / 2)),
          y: this.#screen.y + Math.max(0, Math.round((this.#screen.height - height) / 2)),
          width,
          height,
        },
        title: PROMPT_TITLE,
        wmClass: WM_CLASS,
        unmanaged: false,
        eventMask: XEventMask.Exposure | XEventMask.StructureNotify | XEventMask.VisibilityChange,
      });
    } catch (error) {
      this.#fonts.close();
      throw error;
    }
  }

  answer(hide: AbortSignal): Promise<ShownAnswer> {
    return new Promise<ShownAnswer>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      const onHide = (): void => resolve('dismissed'); // settled elsewhere already
      hide.addEventListener('abort', onHide, { once: true });
      this.#stops.push(() => hide.removeEventListener('abort', onHide));
      this.#guarded(() => this.#show());
    }).finally(() => this.#close());
  }

  #show(): void {
    const x = this.#x;
    const id = this.#window.window.id;
    const managed = hasWindowManager(x);
    const on = (type: number, handle: (event: Parameters<Parameters<typeof x.on>[1]>[0]) => void) =>
      this.#stops.push(
        x.on(type, (event) => {
          if (event.window === id) this.#guarded(() => handle(event));
        }),
      );
    on(XEventType.Expose, () => this.#window.window.present(wholeOf(this.#layout.drawing)));
    on(XEventType.MapNotify, () => {
      this.#disturbed();
      if (!managed) this.#window.window.takeFocus();
    });
    on(XEventType.ConfigureNotify, (event) => {
      // Positions a window manager tells are the root's, others are the frame's: any change counts.
      const place = `${event.int(48)},${event.int(52)},${event.int(56)},${event.int(60)}`;
      if (place !== this.#place) this.#disturbed();
      this.#place = place;
    });
    on(VISIBILITY_NOTIFY, (event) => {
      this.#disturbed();
      if (event.int(40) !== VISIBILITY_UNOBSCURED) this.#raise();
    });
    on(XEventType.UnmapNotify, () => this.#settle?.('dismissed')); // minimised, or destroyed by others
    this.#stops.push(watchKeyboardMapping(x, () => {}));
    const deleteWindow = xlib().XInternAtom(x.display, 'WM_DELETE_WINDOW', 0);
    on(XEventType.ClientMessage, (event) => {
      if (event.ulong(56) === deleteWindow) this.#settle?.('dismissed');
    });
    const { ButtonPress, ButtonRelease, KeyPress, Leave, Motion } = XiEventType;
    const types = [ButtonPress, ButtonRelease, KeyPress, Leave, Motion];
    this.#stops.push(
      XInput.of(x).watchWindow(id, types, (event) => this.#guarded(() => this.#input(event))),
    );
    const tick = setInterval(() => this.#guarded(() => this.#tick()), TICK_MS);
    this.#stops.push(() => clearInterval(tick));

    this.#draw();
    this.#window.window.show();
    x.flush();
  }

  #input(event: XiEvent): void {
    const nowMs = performance.now();
    const over = this.#buttonAt(event.xPx, event.yPx);
    const { ButtonPress, ButtonRelease, KeyPress, Leave, Motion } = XiEventType;
    if (event.type === Motion || event.type === Leave) {
      const before = this.#interaction.hovered;
      this.#interaction.pointerMoved(event.type === Leave ? undefined : over);
      if (before !== this.#interaction.hovered) this.#draw();
      return;
    }
    if (!this.#isFromPerson(event)) return;
    let choice: ShownAnswer | undefined;
    if (event.type === KeyPress) choice = this.#interaction.keyPressed(this.#keyOf(event), nowMs);
    else if (event.detail !== LEFT_BUTTON) return;
    else if (event.type === ButtonPress) this.#interaction.pointerPressed(over, nowMs);
    else if (event.type === ButtonRelease) choice = this.#interaction.pointerReleased(over, nowMs);
    if (choice) this.#settle?.(choice);
    else this.#draw();
  }

  #isFromPerson(event: XiEvent): boolean {
    return (
      this.#options.allowSyntheticInput === true ||
      !XInput.of(this.#x).isXtestDevice(event.sourceId)
    );
  }

  #keyOf(event: XiEvent): PromptKey {
    // Letters by the layout in effect, else by the first one: a Cyrillic layout still has its Alt+A.
    const keysyms = [event.group, 0].map((group) => keysymOf(this.#x, event.detail, group, 0));
    const alt = (event.modifiers & MOD1_MASK) !== 0;
    if (alt) return keysyms.includes(0x61) ? 'alt_a' : keysyms.includes(0x64) ? 'alt_d' : 'other';
    return PROMPT_KEYS.get(keysyms[1]!) ?? 'other';
  }

  #buttonAt(x: number, y: number): PromptButton | undefined {
    const { buttons } = this.#layout;
    if (contains(buttons.deny, x, y)) return 'deny';
    return contains(buttons.allow, x, y) ? 'allow' : undefined;
  }

  #disturbed(): void {
    this.#interaction.arming.disturbed(performance.now());
    clearTimeout(this.#armTimer);
    this.#armTimer = setTimeout(() => this.#guarded(() => this.#tick()), ARMING_MS + 1);
    this.#tick();
  }

  #raise(): void {
    const nowMs = performance.now();
    if (nowMs - this.#raisedAtMs < RAISE_INTERVAL_MS) return;
    this.#raisedAtMs = nowMs;
    this.#window.window.raise();
    this.#x.flush();
  }

  /** Draws again when the countdown or the arming shows something else. */
  #tick(): void {
    if (!this.#x.isOpen) throw new XError('display_lost', 'the display went away');
    const view = this.#viewNow();
    if (view.countdown !== this.#drawnCountdown || view.armed !== this.#drawnArmed) this.#draw();
  }

  #draw(): void {
    const view = this.#viewNow();
    this.#layout = this.#layoutNow();
    this.#drawnCountdown = view.countdown;
    this.#drawnArmed = view.armed;
    this.#window.draw(this.#layout.drawing, this.#layout.footer);
  }

  #viewNow(): PromptView {
    const nowMs = performance.now();
    const { focused, hovered, pressed, arming } = this.#interaction;
    const countdown = countdownText(this.#deadlineMs - nowMs);
    return { focused, hovered, pressed, armed: arming.isArmed(nowMs), countdown };
  }

  #layoutNow(): PromptLayout {
    const maxWidth = this.#screen.width - 2 * SCREEN_MARGIN_PX;
    return layoutPrompt(this.#wording, this.#viewNow(), this.#fonts, this.#scale, maxWidth);
  }

  /** Both buttons must be on the screen: on a low one everything gets smaller. */
  #shrinkToScreen(): void {
    const maxHeight = this.#screen.height - 2 * SCREEN_MARGIN_PX;
    while (this.#layout.drawing.height > maxHeight && this.#scale > MIN_SCALE) {
      this.#fonts.close();
      this.#scale = Math.max(MIN_SCALE, this.#scale * 0.92);
      this.#fonts = new X11Fonts(this.#x, this.#scale);
      this.#layout = this.#layoutNow();
    }
  }

  /** What goes wrong while handling an event means the question cannot be seen any longer. */
  #guarded(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#fail?.(error);
    }
  }

  #close(): void {
    clearTimeout(this.#armTimer);
    for (const stop of this.#stops.splice(0)) stop();
    try {
      this.#window.close();
      this.#fonts.close();
    } catch (error) {
      if (!(error instanceof XError)) throw error; // lost while closing: nothing is left to close
    }
  }
}

const PROMPT_KEYS: ReadonlyMap<number, PromptKey> = new Map([
  [0xff09, 'tab'],
  [0xfe20, 'tab'], // ISO_Left_Tab: Shift+Tab
  [0x20, 'space'],
  [0xff0d, 'return'],
  [0xff8d, 'return'], // KP_Enter
  [0xff1b, 'escape'],
]);
