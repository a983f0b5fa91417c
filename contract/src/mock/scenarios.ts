// What happens to sessions of the mock broker, as one table to be read by people: each scenario is a
// list of things that happen outside of the broker, and when. session-steps.ts says what becomes of
// a session then.
import { GcError, type ErrorCode } from '../errors.ts';
import type { DeviceId } from '../ids.ts';

export const STEPS = {
  agent_connects: 'The agent of the machine connects',
  offer_taken: 'The agent takes the offer; in an attended session the end user is asked now',
  consent_granted: 'The end user says yes',
  consent_denied: 'The end user says no',
  consent_timed_out: 'The end user has not answered',
  monitors_published: 'The agent has published its monitors: the session is live',
  media_node_lost: 'The media node that carries the session is gone',
  placed_again: 'Another media node has taken the session',
  end_user_stops: 'The end user stops the session at the endpoint',
  machine_key_revoked: 'Somebody revokes the key of the machine',
  waiting_over: 'The agent has not come for as long as the session waits',
  time_over: 'The session is as old as it may get',
} as const;
export type StepName = keyof typeof STEPS;

/** Milliseconds after the step before, or the limit that the request for the session named. */
export type Delay = number | 'consent_timeout_s' | 'wait_for_agent_s' | 'max_duration_s';
export type Step = readonly [name: StepName, after: Delay];

export type Scenario = {
  readonly about: string;
  /** The first requests for a session of a device are refused like this; the next one is not. */
  readonly refuses?: {
    readonly code: ErrorCode;
    readonly times: number;
    readonly retryAfterS: number;
  };
  /** An answer of the end user is not awaited where nobody is asked: the next step follows at once. */
  readonly steps: readonly Step[];
};

const OFFERED = [
  ['agent_connects', 50],
  ['offer_taken', 150],
] as const satisfies Step[];
const PUBLISHED = ['monitors_published', 400] as const satisfies Step;
const LIVE = [...OFFERED, ['consent_granted', 2_000], PUBLISHED] as const satisfies Step[];

export const SCENARIOS = {
  goes_well: {
    about: 'The agent is there, the end user says yes if asked, the session stays live',
    steps: LIVE,
  },
  consent_denied: {
    about: 'The end user says no',
    steps: [...OFFERED, ['consent_denied', 2_000], PUBLISHED],
  },
  consent_timed_out: {
    about: 'The end user does not answer within consent_timeout_s',
    steps: [...OFFERED, ['consent_timed_out', 'consent_timeout_s'], PUBLISHED],
  },
  agent_comes_later: {
    about: 'The machine is offline and comes online after ten seconds; then all goes well',
    steps: [['agent_connects', 10_000], ...LIVE.slice(1)],
  },
  agent_never_comes: {
    about: 'The machine stays offline: the session ends after wait_for_agent_s',
    steps: [['waiting_over', 'wait_for_agent_s']],
  },
  media_node_lost: {
    about: 'Live, then interrupted because its media node is lost, then live on another one',
    steps: [
      ...LIVE,
      ['media_node_lost', 3_000],
      ['placed_again', 500],
      ['monitors_published', 800],
    ],
  },
  ended_by_end_user: {
    about: 'Live, then stopped by the end user',
    steps: [...LIVE, ['end_user_stops', 3_000]],
  },
  machine_key_revoked: {
    about: 'Live, then the key of the machine is revoked',
    steps: [...LIVE, ['machine_key_revoked', 3_000]],
  },
  time_limit: {
    about: 'Live until it is max_duration_s old',
    steps: [...LIVE, ['time_over', 'max_duration_s']],
  },
  rate_limited: {
    about: 'The first request for a session gets 429 with Retry-After, the next one a session',
    refuses: { code: 'rate_limited', times: 1, retryAfterS: 1 },
    steps: LIVE,
  },
  unavailable: {
    about: 'The first two requests for a session get 503 with Retry-After, the third a session',
    refuses: { code: 'shutting_down', times: 2, retryAfterS: 1 },
    steps: LIVE,
  },
} as const satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as [ScenarioName, ...ScenarioName[]];

const isScenario = (name: string): name is ScenarioName => Object.hasOwn(SCENARIOS, name);

/** Machines whose name begins like this have a scenario of their own: `mock:consent_denied`. */
export const RESERVED_PREFIX = 'mock:';

/**
 * @returns what `mock:<scenario>` or `mock:<scenario>:<anything>` asks for; else `otherwise`.
 * @throws GcError `invalid_request` for a reserved name without a scenario.
 */
export function scenarioOf(deviceId: DeviceId, otherwise: ScenarioName): ScenarioName {
  if (!deviceId.startsWith(RESERVED_PREFIX)) return otherwise;
  const [name = ''] = deviceId.slice(RESERVED_PREFIX.length).split(':');
  if (isScenario(name)) return name;
  const detail = `names no scenario of the mock broker; there are ${SCENARIO_NAMES.join(', ')}`;
  throw new GcError('invalid_request', `The device_id ${detail}`, {
    faults: [{ pointer: '/device_id', detail }],
  });
}

/** Is the machine online before anything happens? */
export const startsOnline = (scenario: ScenarioName): boolean =>
  scenario !== 'agent_comes_later' && scenario !== 'agent_never_comes';
