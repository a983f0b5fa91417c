// What mouse and keyboard do to a question on the screen. Pure; the platform translates its events.
//
// Deny has the focus at first and is what Return, Escape and any doubt mean. Allow takes a whole
// click on the button (press and release there), or Tab to it and then Space, or Alt+A.
import { Arming } from './arming.ts';

export type PromptButton = 'deny' | 'allow';
export type PromptKey = 'tab' | 'space' | 'return' | 'escape' | 'alt_a' | 'alt_d' | 'other';
export type Choice = 'granted' | 'denied';

const CHOICE = { deny: 'denied', allow: 'granted' } as const satisfies Record<PromptButton, Choice>;

export class PromptInteraction {
  readonly arming = new Arming();
  #focused: PromptButton = 'deny';
  #hovered: PromptButton | undefined;
  #pressed: PromptButton | undefined;

  get focused(): PromptButton {
    return this.#focused;
  }

  get hovered(): PromptButton | undefined {
    return this.#hovered;
  }

  /** Drawn as pressed: the button under a held mouse button. */
  get pressed(): PromptButton | undefined {
    return this.#pressed === this.#hovered ? this.#pressed : undefined;
  }

  pointerMoved(over: PromptButton | undefined): void {
    this.#hovered = over;
  }

  /** The press must come when armed already: a release later does not mend it. */
  pointerPressed(over: PromptButton | undefined, nowMs: number): void {
    this.#hovered = over;
    this.#pressed = this.arming.isArmed(nowMs) ? over : undefined;
  }

  pointerReleased(over: PromptButton | undefined, nowMs: number): Choice | undefined {
    const pressed = this.#pressed;
    this.#hovered = over;
    this.#pressed = undefined;
    if (pressed === undefined || pressed !== over || !this.arming.isArmed(nowMs)) return undefined;
    return CHOICE[pressed];
  }

  keyPressed(key: PromptKey, nowMs: number): Choice | undefined {
    if (!this.arming.isArmed(nowMs)) return undefined;
    switch (key) {
      case 'tab':
        this.#focused = this.#focused === 'deny' ? 'allow' : 'deny';
        return undefined;
      case 'space':
        return CHOICE[this.#focused];
      case 'alt_a':
        return 'granted';
      case 'return':
      case 'escape':
      case 'alt_d':
        return 'denied';
      case 'other':
        return undefined;
    }
  }
}
