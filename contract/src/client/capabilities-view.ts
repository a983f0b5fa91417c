// What a GuruConnect can do, as a question: `capabilities.supports('remote_input')`.
import type { Capabilities, Feature, FeatureDetail } from '../http/v1/capabilities.ts';

/** A name of today, or one of a later version than this client's. */
type FeatureName = Feature | (string & {});

export class CapabilitiesView {
  readonly document: Capabilities;

  constructor(document: Capabilities) {
    this.document = document;
  }

  /** A feature nobody has heard of is one that is not there. */
  supports(feature: FeatureName): boolean {
    return (
      Object.hasOwn(this.document.features, feature) && this.document.features[feature] === true
    );
  }

  /** State, limits, and the reason when it is off. */
  detail(feature: FeatureName): FeatureDetail | undefined {
    return Object.hasOwn(this.document.feature_details, feature)
      ? this.document.feature_details[feature]
      : undefined;
  }
}
