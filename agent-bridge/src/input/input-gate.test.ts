import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InputEvent, InputKind } from '@guruconnect/contract/input/input-event';
import { EVENTS_PER_SECOND, InputBudget, RESERVED_FOR_ACTIONS } from './input-budget.ts';
import { judge, type GateContext } from './input-gate.ts';

const monitor = {
  monitor_id: 1,
  name: 'one',
  x: 0,
  y: 0,
  width: 100,
  height: 100,
  scale: 1,
  primary: true,
};
const open: GateContext = {
  consented: true,
  asking: false,
  grants: ['control', 'view'],
  hasFloor: true,
  affordable: 'all',
  topology: { topology_epoch: 7, monitors: [monitor] },
};
const stamp = { monitor_id: 1, topology_epoch: 7, seq: 1 };
const position = { x: 0, y: 0 };
const EVENTS: Record<InputKind, InputEvent> = {
  move: { ...stamp, kind: 'move', position },
  button: { ...stamp, kind: 'button', position, button: 0, down: true },
  wheel: { ...stamp, kind: 'wheel', position, dx: 0, dy: 120 },
  key: { ...stamp, kind: 'key', usage: 4, down: true },
  text: { ...stamp, kind: 'text', text: 'a' },
  release_all: { ...stamp, kind: 'release_all' },
  probe: { ...stamp, kind: 'probe' },
};
const KINDS = Object.keys(EVENTS) as InputKind[];
const ACTIONS = KINDS.filter((kind) => kind !== 'release_all');

/** They change nothing, or only for the better. */
const HARMLESS: Partial<Record<InputKind, string>> = { release_all: 'release', probe: 'answer' };
/** What is not missed when there is too much. */
const GIVEN_UP: Partial<Record<InputKind, string>> = {
  release_all: 'release',
  probe: 'drop',
  move: 'drop',
};

/** What each closed door answers to each kind of event: every row of the gate. */
const DOORS: readonly {
  readonly door: string;
  readonly context: Partial<GateContext>;
  readonly answers: (kind: InputKind) => string;
}[] = [
  { door: 'none', context: {}, answers: (kind) => HARMLESS[kind] ?? 'allow' },
  { door: 'no consent', context: { consented: false }, answers: () => 'consent_required' },
  { door: 'unknown viewer', context: { grants: undefined }, answers: () => 'grant_missing' },
  { door: 'view only', context: { grants: ['view'] }, answers: () => 'grant_missing' },
  {
    door: 'a question on the screen',
    context: { asking: true },
    answers: (kind) => HARMLESS[kind] ?? 'consent_required',
  },
  {
    door: "another viewer's turn",
    context: { hasFloor: false },
    answers: (kind) => HARMLESS[kind] ?? 'limit_reached',
  },
  {
    door: 'many events',
    context: { affordable: 'actions' },
    answers: (kind) => GIVEN_UP[kind] ?? 'allow',
  },
  {
    door: 'too many events',
    context: { affordable: 'nothing' },
    answers: (kind) => GIVEN_UP[kind] ?? 'rate_limited',
  },
  {
    door: 'the monitors changed',
    context: { topology: { ...open.topology, topology_epoch: 8 } },
    answers: (kind) => HARMLESS[kind] ?? 'stale_topology',
  },
  {
    door: 'the monitor is gone',
    context: { topology: { ...open.topology, monitors: [] } },
    answers: (kind) => HARMLESS[kind] ?? 'not_found',
  },
];

const said = (event: InputEvent, context: GateContext): string => {
  const answer = judge(event, context);
  return answer.verdict === 'refuse' ? answer.code : answer.verdict;
};

describe('the gate', () => {
  it.each(
    DOORS.flatMap(({ door, context, answers }) =>
      KINDS.map((kind) => ({ door, kind, context, answer: answers(kind) })),
    ),
  )('closed by "$door": $kind is answered $answer', ({ kind, context, answer }) => {
    expect(said(EVENTS[kind], { ...open, ...context })).toBe(answer);
  });

  it('lets nothing through that one closed door would stop, whatever else is closed', () => {
    const closed = DOORS.slice(1).filter(({ door }) => door !== 'many events');
    for (const one of closed)
      for (const other of closed)
        for (const kind of ACTIONS)
          expect(said(EVENTS[kind], { ...open, ...one.context, ...other.context })).not.toBe(
            'allow',
          );
  });

  it('names lack of consent before anything else', () => {
    expect(said(EVENTS.key, { ...open, consented: false, grants: undefined })).toBe(
      'consent_required',
    );
  });

  it('names the monitor that an allowed event is for', () => {
    expect(judge(EVENTS.button, open)).toEqual({ verdict: 'allow', monitor });
  });

  it('refuses any other topology, older or newer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (topology_epoch) => {
        fc.pre(topology_epoch !== 7);
        expect(said({ ...EVENTS.button, topology_epoch }, open)).toBe('stale_topology');
      }),
    );
  });
});

describe('the budget of a viewer', () => {
  it('bears what a fast mouse and a typist do for ever', () => {
    const budget = new InputBudget(0);
    for (let ms = 0; ms < 10_000; ms += 2) {
      expect(budget.affordable(ms)).toBe('all');
      budget.spend(1);
    }
  });

  it('gives up moves first, then refuses actions, and recovers', () => {
    const budget = new InputBudget(0);
    budget.spend(EVENTS_PER_SECOND - RESERVED_FOR_ACTIONS + 1);
    expect(budget.affordable(0)).toBe('actions');
    budget.spend(RESERVED_FOR_ACTIONS);
    expect(budget.affordable(0)).toBe('nothing');
    expect(budget.affordable(3)).toBe('actions');
    expect(budget.affordable(1000)).toBe('all');
  });
});
