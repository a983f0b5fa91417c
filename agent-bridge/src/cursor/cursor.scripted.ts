// A cursor watch that says what a test makes it say.
import { arrowImage } from './arrow.ts';
import type { CursorListeners, CursorPosition, CursorShape, CursorWatch } from './cursor.ts';

export class ScriptedCursorWatch implements CursorWatch {
  readonly #listeners: CursorListeners;
  #shape: CursorShape = { serial: 0, ...arrowImage() };
  #position: CursorPosition = { xPx: 0, yPx: 0 };
  #closed = false;

  constructor(listeners: CursorListeners) {
    this.#listeners = listeners;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  shape(): CursorShape {
    return this.#shape;
  }

  position(): CursorPosition {
    return this.#position;
  }

  changeShape(shape: CursorShape): void {
    const isNew = shape.serial !== this.#shape.serial;
    this.#shape = shape;
    if (isNew && !this.#closed) this.#listeners.onShape(shape);
  }

  moveTo(position: CursorPosition): void {
    this.#position = position;
    if (!this.#closed) this.#listeners.onPosition(position);
  }

  close(): void {
    this.#closed = true;
  }
}
