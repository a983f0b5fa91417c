// Which features a session needs, by what is asked of it. Owned by SessionManager.
import type { CreateSession } from '@guruconnect/contract/http/v1/sessions';
import { mayAsk, mayWaive } from '@guruconnect/contract/consent-policy';
import type { Grant } from '@guruconnect/contract/grants';
import type { FeatureGate, Features } from '../features.ts';

const CREATING = { through: 'sessions.create' } as const;

export class SessionGates {
  readonly events: FeatureGate;
  readonly remoteInput: FeatureGate;
  readonly multiMonitor: FeatureGate;
  readonly #consentPrompt: FeatureGate;
  readonly #unattended: FeatureGate;
  readonly #viewOnly: FeatureGate;
  readonly #embedded: FeatureGate;

  constructor(features: Features) {
    this.events = features.declare('events_api', { through: 'sessions.events' });
    this.remoteInput = features.declare('remote_input', CREATING);
    this.multiMonitor = features.declare('multi_monitor', CREATING);
    this.#consentPrompt = features.declare('consent_prompt', CREATING);
    this.#unattended = features.declare('unattended_access', CREATING);
    this.#viewOnly = features.declare('view_only', CREATING);
    this.#embedded = features.declare('embedded_viewer', CREATING);
  }

  /** @throws GcError `feature_off`. */
  requireFor({ mode, consent, grants, embed_origins }: CreateSession): void {
    if (consent && mayAsk(consent)) this.#consentPrompt.require();
    if (consent && mayWaive(consent)) this.#unattended.require();
    (mode === 'attended' ? this.#consentPrompt : this.#unattended).require();
    this.requireForGrants(grants);
    if (embed_origins.length > 0) this.#embedded.require();
  }

  /** @throws GcError `feature_off`. */
  requireForGrants(grants: readonly Grant[]): void {
    (grants.includes('control') ? this.remoteInput : this.#viewOnly).require();
  }
}
