// Which features are on. The module that enforces a feature declares it and gets its gate; the
// capabilities document is read from these declarations, so a feature that no code enforces can
// not be advertised: it is "unsupported".
import { GcError } from '@guruconnect/contract/errors';
import {
  FEATURES,
  type Feature,
  type FeatureDetail,
} from '@guruconnect/contract/http/v1/capabilities';

export type FeatureGate = {
  readonly on: boolean;
  /** @throws GcError `feature_off`. Called before anything of the feature is done. */
  require(): void;
};

export type FeatureLimits = Readonly<Record<string, number>>;

const SWITCHED_OFF = 'switched off by the operator of this server';
const NOT_BUILT = 'this build does not have it';

export class Features {
  readonly #off: ReadonlySet<Feature>;
  readonly #declared = new Map<Feature, FeatureLimits>();
  readonly #missing = new Map<Feature, string>();

  /** @param off switched off by the operator. */
  constructor(off: readonly Feature[]) {
    this.#off = new Set(off);
  }

  /**
   * Called once by each module that enforces `name`, when it is built. A second module may enforce
   * the same feature at another door.
   * @param missing what it lacks on this server, in words for an integrator; it is off then.
   */
  declare(name: Feature, limits: FeatureLimits = {}, missing?: string): FeatureGate {
    this.#declared.set(name, { ...this.#declared.get(name), ...limits });
    if (missing !== undefined) this.#missing.set(name, missing);
    const reason = this.#reasonIfOff(name);
    return {
      on: reason === undefined,
      require() {
        if (reason !== undefined) throw new GcError('feature_off', `${name} is off: ${reason}`);
      },
    };
  }

  #reasonIfOff(name: Feature): string | undefined {
    return this.#off.has(name) ? SWITCHED_OFF : this.#missing.get(name);
  }

  /** Both maps of the capabilities document. */
  describe(): {
    features: Record<Feature, boolean>;
    feature_details: Record<Feature, FeatureDetail>;
  } {
    const names = Object.keys(FEATURES) as Feature[];
    const details = names.map((name) => [name, this.#detail(name)] as const);
    return {
      features: Object.fromEntries(
        details.map(([name, detail]) => [name, detail.state === 'on']),
      ) as Record<Feature, boolean>,
      feature_details: Object.fromEntries(details) as Record<Feature, FeatureDetail>,
    };
  }

  #detail(name: Feature): FeatureDetail {
    const since = FEATURES[name];
    const limits = this.#declared.get(name);
    if (!limits) return { since, state: 'unsupported', reason_if_off: NOT_BUILT };
    const reason = this.#reasonIfOff(name);
    if (reason !== undefined) return { since, state: 'off', reason_if_off: reason };
    return { since, state: 'on', ...(Object.keys(limits).length > 0 ? { limits } : {}) };
  }
}
