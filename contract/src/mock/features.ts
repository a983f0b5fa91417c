// Which features the mock broker has: those it plays, less those it was told to be without. The same
// answer goes into the capabilities document and decides what is refused.
import { GcError } from '../errors.ts';
import { FEATURES, type Feature, type FeatureDetail } from '../http/v1/capabilities.ts';

const PLAYED: ReadonlySet<Feature> = new Set([
  'embedded_viewer',
  'consent_prompt',
  'unattended_access',
  'per_machine_keys',
  'multi_monitor',
  'view_only',
  'remote_input',
  'events_api',
  'webhooks',
  'agent_releases',
]);

export class MockFeatures {
  readonly #off: ReadonlySet<Feature>;

  constructor(off: readonly Feature[]) {
    this.#off = new Set(off);
  }

  has(name: Feature): boolean {
    return PLAYED.has(name) && !this.#off.has(name);
  }

  /** @throws GcError `feature_off`. */
  require(...names: readonly Feature[]): void {
    for (const name of names)
      if (!this.has(name))
        throw new GcError('feature_off', `${name} is off: ${this.#detail(name).reason_if_off}`);
  }

  /** Both maps of the capabilities document. */
  describe(): {
    features: Record<string, boolean>;
    feature_details: Record<string, FeatureDetail>;
  } {
    const names = Object.keys(FEATURES) as Feature[];
    return {
      features: Object.fromEntries(names.map((name) => [name, this.has(name)])),
      feature_details: Object.fromEntries(names.map((name) => [name, this.#detail(name)])),
    };
  }

  #detail(name: Feature): FeatureDetail {
    const since = FEATURES[name];
    if (!PLAYED.has(name))
      return { since, state: 'unsupported', reason_if_off: 'the mock broker does not play it' };
    return this.#off.has(name)
      ? { since, state: 'off', reason_if_off: 'the mock broker was started without it' }
      : { since, state: 'on' };
  }
}
