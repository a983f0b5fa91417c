// THE input file: bytes -> decode -> gate -> coordinates -> inject, within the call that brought the
// bytes. One for each session, owned by AgentSession; what is held down is known for each viewer,
// so that whatever ends (a channel, a grant, a viewer, the session) leaves nothing down.
import type { ErrorCode } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import { toPixel } from '@guruconnect/contract/input/coordinates';
import { decodeInput } from '@guruconnect/contract/input/input-codec';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import type { Clock } from '../clock.ts';
import type { Arbitration } from './arbitration.ts';
import { HeldKeys } from './held-keys.ts';
import { InputBudget, TEXT_CHARACTERS_PER_EVENT } from './input-budget.ts';
import { judge } from './input-gate.ts';
import type { InjectionOutcome, Injector } from './injector.ts';

export interface InputPipelineOptions {
  readonly injector: Injector;
  readonly arbitration: Arbitration;
  readonly clock: Clock;
  /** As the agent sees them now. */
  readonly topology: () => Topology;
  readonly consented: () => boolean;
  /** Is somebody at this machine being asked something, by this session or another? */
  readonly asking: () => boolean;
  /** Just before an input takes effect: the next pictures answer it. */
  readonly onInjecting: (seq: number) => void;
  readonly onRefused: (viewerId: string, seq: number, code: ErrorCode) => void;
  /** A viewer asks for the clock; answered within this call. */
  readonly onProbe: (viewerId: string, seq: number) => void;
}

/** What a data channel is given to call. */
export interface InputListeners {
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onGone: () => void;
}

/** A viewer of ours sends none; so many come from something that is not a viewer. */
export const MAX_MALFORMED = 32;
/** Refusals told to a viewer, a second: it needs to know that, not how often. */
const REFUSALS_PER_SECOND = 20;

interface Viewer {
  grants: readonly Grant[];
  readonly held: HeldKeys;
  readonly budget: InputBudget;
  newestSeq: number | undefined;
  refusals: number;
  refusalsSinceMs: number;
}

export class InputPipeline {
  readonly #options: InputPipelineOptions;
  readonly #viewers = new Map<string, Viewer>();
  #malformed = 0;

  constructor(options: InputPipelineOptions) {
    this.#options = options;
  }

  /** For logs and tests: messages that were no input at all. */
  get malformed(): number {
    return this.#malformed;
  }

  /** A viewer, or what it may do from now on. Without control, nothing it holds stays down. */
  setViewer(viewerId: string, grants: readonly Grant[]): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) {
      const nowMs = this.#options.clock.nowMs();
      this.#viewers.set(viewerId, {
        grants,
        held: new HeldKeys(),
        budget: new InputBudget(nowMs),
        newestSeq: undefined,
        refusals: 0,
        refusalsSinceMs: nowMs,
      });
      return;
    }
    viewer.grants = grants;
    if (!grants.includes('control')) this.#release(viewer);
  }

  removeViewer(viewerId: string): void {
    this.release(viewerId);
    this.#viewers.delete(viewerId);
  }

  /** Lets go of everything this viewer holds. */
  release(viewerId: string): void {
    const viewer = this.#viewers.get(viewerId);
    if (viewer) this.#release(viewer);
  }

  /** Lets go of everything anybody of this session holds. */
  releaseAll(): void {
    for (const viewer of this.#viewers.values()) this.#release(viewer);
  }

  /** @param closeChannel called when what arrives is not input at all, again and again. */
  channel(viewerId: string, closeChannel: () => void): InputListeners {
    let malformed = 0;
    return {
      onBytes: (bytes) => {
        const event = decoded(bytes);
        if (event) return this.#receive(viewerId, event);
        this.#malformed += 1;
        malformed += 1;
        if (malformed !== MAX_MALFORMED) return;
        this.release(viewerId);
        closeChannel();
      },
      onGone: () => this.release(viewerId),
    };
  }

  #receive(viewerId: string, event: InputEvent): void {
    const { arbitration, asking, clock, consented, topology } = this.#options;
    const nowMs = clock.nowMs();
    const viewer = this.#viewers.get(viewerId);
    if (viewer && isLate(event, viewer.newestSeq)) return;
    const answer = judge(event, {
      consented: consented(),
      asking: asking(),
      grants: viewer?.grants,
      hasFloor: arbitration.hasFloor(viewerId, nowMs),
      affordable: viewer?.budget.affordable(nowMs) ?? 'nothing',
      topology: topology(),
    });
    switch (answer.verdict) {
      case 'allow':
        if (viewer) this.#inject(viewerId, viewer, event, answer.monitor);
        return;
      case 'release':
        if (viewer) this.#release(viewer);
        return;
      case 'refuse':
        if (viewer) this.#letGo(viewer, event);
        this.#refuse(viewerId, event.seq, answer.code);
        return;
      case 'answer':
        viewer?.budget.spend(1);
        this.#options.onProbe(viewerId, event.seq);
        return;
      case 'drop':
        return;
    }
  }

  #inject(viewerId: string, viewer: Viewer, event: InputEvent, monitor: Monitor): void {
    viewer.newestSeq = event.seq;
    viewer.budget.spend(costOf(event));
    this.#options.onInjecting(event.seq);
    const outcome = this.#carryOut(viewer, event, monitor);
    if (outcome !== 'injected') this.#refuse(viewerId, event.seq, REFUSAL_CODES[outcome]);
  }

  #carryOut(viewer: Viewer, event: InputEvent, monitor: Monitor): InjectionOutcome {
    const { injector } = this.#options;
    if ('position' in event) {
      const { x, y } = toPixel(event.position, monitor);
      const moved = injector.movePointer({ xPx: x, yPx: y });
      if (moved !== 'injected') return moved;
    }
    switch (event.kind) {
      case 'move':
        return 'injected';
      case 'button': {
        const { button, down } = event;
        if (down) viewer.held.press({ kind: 'button', button });
        else viewer.held.release({ kind: 'button', button });
        return injector.pointerButton(button, down);
      }
      case 'wheel':
        return injector.wheel(event.dx, event.dy);
      case 'key': {
        const { usage, down } = event;
        if (down) viewer.held.press({ kind: 'key', usage });
        else viewer.held.release({ kind: 'key', usage });
        return injector.key(usage, down);
      }
      case 'text':
        return injector.text(event.text);
      case 'release_all':
        this.#release(viewer);
        return 'injected';
      case 'probe':
        return 'injected'; // the gate answers it, it never comes here
    }
  }

  /** A key-up that is refused still ends what its key-down began: refusing must leave nothing down. */
  #letGo(viewer: Viewer, event: InputEvent): void {
    const { injector } = this.#options;
    if (event.kind === 'key' && !event.down) {
      const { usage } = event;
      if (viewer.held.release({ kind: 'key', usage }) === 'released') injector.key(usage, false);
    } else if (event.kind === 'button' && !event.down) {
      const { button } = event;
      if (viewer.held.release({ kind: 'button', button }) === 'released')
        injector.pointerButton(button, false);
    }
  }

  #release(viewer: Viewer): void {
    const { injector } = this.#options;
    for (const input of viewer.held.releaseAll()) {
      if (input.kind === 'key') injector.key(input.usage, false);
      else injector.pointerButton(input.button, false);
    }
  }

  #refuse(viewerId: string, seq: number, code: ErrorCode): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) return;
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - viewer.refusalsSinceMs >= 1000) {
      viewer.refusalsSinceMs = nowMs;
      viewer.refusals = 0;
    }
    viewer.refusals += 1;
    if (viewer.refusals <= REFUSALS_PER_SECOND) this.#options.onRefused(viewerId, seq, code);
  }
}

const REFUSAL_CODES = {
  unknown_key: 'not_found',
  text_backlog: 'rate_limited',
  display_lost: 'internal',
  closed: 'internal',
} as const satisfies Record<Exclude<InjectionOutcome, 'injected'>, ErrorCode>;

const costOf = (event: InputEvent): number =>
  event.kind === 'text' ? 1 + event.text.length / TEXT_CHARACTERS_PER_EVENT : 1;

/** Moves have no order on their channel: one that a later event overtook would move the pointer back. */
const isLate = (event: InputEvent, newestSeq: number | undefined): boolean =>
  event.kind === 'move' && newestSeq !== undefined && ((event.seq - newestSeq) | 0) <= 0;

function decoded(bytes: Uint8Array): InputEvent | undefined {
  try {
    return decodeInput(bytes);
  } catch {
    // invalid_request, and nothing else: the codec's promise
    return undefined;
  }
}
