// Which features are on. The module that enforces a feature declares it and gets its gate; the
// capabilities document is read from these declarations, so a feature that no code enforces can
// not be advertised: it is "unsupported".
import { GcError } from '@guruconnect/contract/errors';
import {
  FEATURES,
  type Feature,
  type FeatureDetail,
} from '@guruconnect/contract/http/v1/capabilities';
import {
  ROUTES,
  type Route,
  type RouteName,
  type Scope,
} from '@guruconnect/contract/http/v1/routes';

export type FeatureGate = {
  readonly on: boolean;
  /** @throws GcError `feature_off`. Called before anything of the feature is done. */
  require(): void;
};

export type FeatureLimits = Readonly<Record<string, number>>;

export type Declaration = {
  /** The route through which an integrator uses it: a key needs that route's scope for it. */
  readonly through?: RouteName;
  readonly limits?: FeatureLimits;
  /** What it lacks on this server now, in words for an integrator; it is off then. */
  readonly missing?: () => string | undefined;
};

const SWITCHED_OFF = 'switched off by the operator of this server';
const NOT_BUILT = 'this build does not have it';

export class Features {
  readonly #off: ReadonlySet<Feature>;
  readonly #declared = new Map<Feature, Declaration>();

  /** @param off switched off by the operator. */
  constructor(off: readonly Feature[]) {
    this.#off = new Set(off);
  }

  /**
   * Called once by each module that enforces `name`, when it is built. A second module may enforce
   * the same feature at another door.
   */
  declare(name: Feature, declaration: Declaration = {}): FeatureGate {
    const before = this.#declared.get(name);
    const limits = { ...before?.limits, ...declaration.limits };
    this.#declared.set(name, { ...before, ...declaration, limits });
    const reasonIfOff = (): string | undefined => this.#reasonIfOff(name);
    return {
      get on() {
        return reasonIfOff() === undefined;
      },
      require() {
        const reason = reasonIfOff();
        if (reason !== undefined) throw new GcError('feature_off', `${name} is off: ${reason}`);
      },
    };
  }

  #reasonIfOff(name: Feature): string | undefined {
    return this.#off.has(name) ? SWITCHED_OFF : this.#declared.get(name)?.missing?.();
  }

  /**
   * Both maps of the capabilities document.
   * @param scopes what the key that asks may do; the server's own view without.
   */
  describe(scopes?: ReadonlySet<Scope>): {
    features: Record<Feature, boolean>;
    feature_details: Record<Feature, FeatureDetail>;
  } {
    const names = Object.keys(FEATURES) as Feature[];
    const details = names.map((name) => [name, this.#detail(name, scopes)] as const);
    return {
      features: Object.fromEntries(
        details.map(([name, detail]) => [name, detail.state === 'on']),
      ) as Record<Feature, boolean>,
      feature_details: Object.fromEntries(details) as Record<Feature, FeatureDetail>,
    };
  }

  #detail(name: Feature, scopes: ReadonlySet<Scope> | undefined): FeatureDetail {
    const since = FEATURES[name];
    const declared = this.#declared.get(name);
    if (!declared) return { since, state: 'unsupported', reason_if_off: NOT_BUILT };
    const reason = this.#reasonIfOff(name) ?? lackOfScope(declared, scopes);
    if (reason !== undefined) return { since, state: 'off', reason_if_off: reason };
    const { limits = {} } = declared;
    return { since, state: 'on', ...(Object.keys(limits).length > 0 ? { limits } : {}) };
  }
}

/** The same column of the route table that refuses with `scope_missing` (integrator-auth.ts). */
function lackOfScope(
  { through }: Declaration,
  scopes: ReadonlySet<Scope> | undefined,
): string | undefined {
  const route: Route | undefined = through === undefined ? undefined : ROUTES[through];
  const scope = route?.scope;
  if (scopes === undefined || scope === undefined || scopes.has(scope)) return undefined;
  return `this key lacks the scope ${scope}`;
}
