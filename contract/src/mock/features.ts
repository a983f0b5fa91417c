// Which features the mock broker has: those it plays, less those it was told to be without. The same
// answer goes into the capabilities document and decides what is refused.
import { GcError } from '../errors.ts';
import { FEATURES, type Feature, type FeatureDetail } from '../http/v1/capabilities.ts';
import { ROUTES, type Route, type RouteName } from '../http/v1/routes.ts';

/** What is played, and the route through which an integrator uses it: a key needs its scope. */
const PLAYED: Readonly<Partial<Record<Feature, RouteName | 'no route'>>> = {
  embedded_viewer: 'sessions.create',
  consent_prompt: 'sessions.create',
  unattended_access: 'sessions.create',
  per_machine_keys: 'enrolment_tokens.create',
  multi_monitor: 'no route',
  view_only: 'sessions.create',
  remote_input: 'sessions.create',
  events_api: 'sessions.events',
  webhooks: 'webhooks.create',
  agent_releases: 'releases.latest',
  audit_log: 'audit.list',
};

export class MockFeatures {
  readonly #off: ReadonlySet<Feature>;

  constructor(off: readonly Feature[]) {
    this.#off = new Set(off);
  }

  has(name: Feature): boolean {
    return this.#detail(name, undefined).state === 'on';
  }

  /** @throws GcError `feature_off`. */
  require(...names: readonly Feature[]): void {
    for (const name of names) {
      const { reason_if_off } = this.#detail(name, undefined);
      if (reason_if_off !== undefined)
        throw new GcError('feature_off', `${name} is off: ${reason_if_off}`);
    }
  }

  /**
   * Both maps of the capabilities document.
   * @param scopes of the key that asks, if one does.
   */
  describe(scopes: readonly string[] | undefined): {
    features: Record<string, boolean>;
    feature_details: Record<string, FeatureDetail>;
  } {
    const details = (Object.keys(FEATURES) as Feature[]).map(
      (name) => [name, this.#detail(name, scopes)] as const,
    );
    return {
      features: Object.fromEntries(details.map(([name, { state }]) => [name, state === 'on'])),
      feature_details: Object.fromEntries(details),
    };
  }

  #detail(name: Feature, scopes: readonly string[] | undefined): FeatureDetail {
    const since = FEATURES[name];
    const through = PLAYED[name];
    if (through === undefined)
      return { since, state: 'unsupported', reason_if_off: 'the mock broker does not play it' };
    if (this.#off.has(name))
      return { since, state: 'off', reason_if_off: 'the mock broker was started without it' };
    const route: Route | undefined = through === 'no route' ? undefined : ROUTES[through];
    if (route?.scope !== undefined && scopes && !scopes.includes(route.scope))
      return { since, state: 'off', reason_if_off: `this key lacks the scope ${route.scope}` };
    return { since, state: 'on' };
  }
}
