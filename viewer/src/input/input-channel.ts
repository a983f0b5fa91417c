// Input events onto the two data channels: stamped, numbered, encoded, paced. Also the ledger of
// what is held on the other side, so that nothing stays down. Knows channels, not the DOM.
import { encodeInput } from '@guruconnect/contract/input/input-codec';
import type { InputEvent, Position } from '@guruconnect/contract/input/input-event';
import { paceMove } from './move-pacer.ts';

/** The part of a data producer that is used here. */
export type ByteChannel = {
  readonly isOpen: boolean;
  readonly bufferedBytes: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
};

export type InputChannels = { readonly actions: ByteChannel; readonly moves: ByteChannel };

/** What the technician sees: input is meant for this and for nothing else. */
export type InputStamp = { readonly monitor_id: number; readonly topology_epoch: number };

/** Undefined while there is nothing on the screen that input could be meant for. */
export type Aim = () => InputStamp | undefined;

export type InputChannelOptions = {
  /** What input is meant for until `aim` says otherwise. */
  readonly stamp: Aim;
  readonly now: () => number;
};

type Body = InputEvent extends infer E
  ? E extends InputEvent
    ? Omit<E, keyof InputStamp | 'seq'>
    : never
  : never;

/**
 * Beyond this the reliable channel is stuck (about a thousand key events). New presses and wheel
 * turns are then refused, releases never: a key that went down must come up.
 */
const ACTION_BACKLOG_BYTES = 16_384;
/** Numbers whose sending time is remembered, for the time from a key press to its picture. */
const REMEMBERED_SENDS = 256;

/** In the clock of the options. */
export type SentInput = {
  /** The DOM event that it comes from. */
  readonly happenedAtMs: number;
  readonly sentAtMs: number;
};

export class InputChannel {
  readonly #options: InputChannelOptions;
  readonly #heldKeys = new Set<number>();
  readonly #heldButtons = new Set<number>();
  readonly #sent = new Map<number, SentInput>();
  #channels: InputChannels | undefined;
  #aim: Aim;
  /** Where the last thing sent was aimed; releases go there, whatever is shown by then. */
  #lastStamp: InputStamp | undefined;
  #seq = 0;
  #lastMoveMs = Number.NEGATIVE_INFINITY;
  #pendingMove: Position | undefined;
  #pendingMoveAtMs = 0;
  #eventAtMs: number | undefined;
  #moveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: InputChannelOptions) {
    this.#options = options;
    this.#aim = options.stamp;
  }

  get isOpen(): boolean {
    return Boolean(this.#channels?.actions.isOpen && this.#channels.moves.isOpen);
  }

  get holdsAnything(): boolean {
    return this.#heldKeys.size + this.#heldButtons.size > 0;
  }

  isKeyHeld(usage: number): boolean {
    return this.#heldKeys.has(usage);
  }

  /** New channels (a new placement), or none. What was held over the old ones is released there. */
  use(channels: InputChannels | undefined): void {
    if (channels === this.#channels) return;
    this.releaseAll();
    this.#channels = channels;
  }

  /**
   * Where what follows is meant to go: several monitors may be shown at once, and each event belongs
   * to the one it happened on. A move that waits was meant for another one then, and is forgotten.
   */
  aim(aim: Aim): void {
    if (aim === this.#aim) return;
    this.#dropPendingMove();
    this.#aim = aim;
  }

  /** What is sent within `work` comes from an event of that time (Event.timeStamp). */
  during(eventAtMs: number, work: () => void): void {
    this.#eventAtMs = eventAtMs;
    try {
      work();
    } finally {
      this.#eventAtMs = undefined;
    }
  }

  /**
   * Asks the agent for its clock, and for traces. On the channel that repeats nothing: a late answer
   * is worth nothing. @returns the number of the question, undefined when it could not be sent.
   */
  probe(): number | undefined {
    const moves = this.#channels?.moves;
    const stamp = this.#aim();
    if (!moves?.isOpen || !stamp) return undefined;
    this.#send(moves, stamp, { kind: 'probe' });
    return this.#seq;
  }

  move(position: Position): void {
    this.#pendingMove = position;
    this.#pendingMoveAtMs = this.#eventAtMs ?? this.#options.now();
    // Tried at once also when a timer runs: a hidden page's timers may be a second late.
    clearTimeout(this.#moveTimer);
    this.#moveTimer = undefined;
    this.#sendMove();
  }

  button(position: Position, button: number, down: boolean): void {
    // The press carries its own position; an older move arriving later would be a step back.
    this.#dropPendingMove();
    if (down === this.#heldButtons.has(button)) return;
    if (!this.#act({ kind: 'button', position, button, down }, !down)) return;
    if (down) this.#heldButtons.add(button);
    else this.#heldButtons.delete(button);
  }

  wheel(position: Position, dx: number, dy: number): void {
    this.#dropPendingMove();
    this.#act({ kind: 'wheel', position, dx, dy });
  }

  key(usage: number, down: boolean): void {
    // Down again is a repeat, and the other side's to type; up of what is not down is nothing.
    if (!down && !this.#heldKeys.has(usage)) return;
    if (!this.#act({ kind: 'key', usage, down }, !down)) return;
    if (down) this.#heldKeys.add(usage);
    else this.#heldKeys.delete(usage);
  }

  text(text: string): void {
    this.#act({ kind: 'text', text });
  }

  /** Focus lost, page hidden, monitor switched, grant withdrawn, end: nothing stays down. */
  releaseAll(): void {
    this.#dropPendingMove();
    this.#act({ kind: 'release_all' }, true);
    this.#heldKeys.clear();
    this.#heldButtons.clear();
  }

  /** When the event of this number happened and was sent; for a while only. */
  sent(seq: number): SentInput | undefined {
    return this.#sent.get(seq);
  }

  /** Idempotent. */
  close(): void {
    this.use(undefined);
  }

  #sendMove(): void {
    const position = this.#pendingMove;
    const moves = this.#channels?.moves;
    if (!position || !moves?.isOpen) {
      this.#pendingMove = undefined;
      return;
    }
    const verdict = paceMove(this.#options.now(), this.#lastMoveMs, moves.bufferedBytes);
    if (verdict.do === 'wait') {
      this.#moveTimer = setTimeout(() => {
        this.#moveTimer = undefined;
        this.#sendMove();
      }, verdict.ms);
      return;
    }
    this.#pendingMove = undefined;
    if (verdict.do === 'drop') return;
    const stamp = this.#aim();
    if (!stamp) return;
    this.#lastMoveMs = this.#options.now();
    this.#send(moves, stamp, { kind: 'move', position }, this.#pendingMoveAtMs);
  }

  #act(body: Body, always = false): boolean {
    const actions = this.#channels?.actions;
    if (!actions?.isOpen) return false;
    if (!always && actions.bufferedBytes > ACTION_BACKLOG_BYTES) return false;
    const stamp = this.#aim() ?? (always ? this.#lastStamp : undefined);
    if (!stamp) return false;
    this.#send(actions, stamp, body);
    return true;
  }

  #send(channel: ByteChannel, stamp: InputStamp, body: Body, eventAtMs = this.#eventAtMs): void {
    // 0 means "no input yet" in frame traces, so the count goes round without it.
    this.#seq = this.#seq === 0xffffffff ? 1 : this.#seq + 1;
    this.#lastStamp = stamp;
    const sentAtMs = this.#options.now();
    this.#sent.set(this.#seq, {
      happenedAtMs: Math.min(eventAtMs ?? sentAtMs, sentAtMs),
      sentAtMs,
    });
    if (this.#sent.size > REMEMBERED_SENDS) {
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest);
        break;
      }
    }
    channel.send(encodeInput({ ...stamp, seq: this.#seq, ...body }));
  }

  #dropPendingMove(): void {
    clearTimeout(this.#moveTimer);
    this.#moveTimer = undefined;
    this.#pendingMove = undefined;
  }
}
