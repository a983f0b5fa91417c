import { describe, expect, it } from 'vitest';
import { FEATURES } from '@guruconnect/contract/http/v1/capabilities';
import { Features } from './features.ts';

describe('features', () => {
  it('are on because some code declares to enforce them, and unsupported without', () => {
    const features = new Features([]);
    features.declare('view_only', { limits: { viewers: 16 } });
    features.declare('view_only', { limits: { more: 1 } });
    const { features: map, feature_details: details } = features.describe();
    expect(Object.keys(map)).toEqual(Object.keys(FEATURES));
    expect(map.view_only).toBe(true);
    expect(details.view_only.limits).toEqual({ viewers: 16, more: 1 });
    expect(map.clipboard).toBe(false);
    expect(details.clipboard.state).toBe('unsupported');
  });

  it('that are switched off refuse at their gate', () => {
    const features = new Features(['view_only', 'file_transfer']);
    const gate = features.declare('view_only');
    expect(gate.on).toBe(false);
    expect(() => {
      gate.require();
    }).toThrow(expect.objectContaining({ code: 'feature_off' }));
    expect(features.describe().feature_details.view_only.state).toBe('off');
    // Switching off what nobody built does not make it a feature.
    expect(features.describe().feature_details.file_transfer.state).toBe('unsupported');
  });

  it('that lack something are off for as long as they do', () => {
    const features = new Features([]);
    let missing: string | undefined = 'no folder';
    const gate = features.declare('agent_releases', { missing: () => missing });
    expect(gate.on).toBe(false);
    expect(features.describe().feature_details.agent_releases.reason_if_off).toBe('no folder');
    missing = undefined;
    gate.require();
    expect(features.describe().features.agent_releases).toBe(true);
  });

  it('are off for a key without the scope of the route they are used through', () => {
    const features = new Features(['webhooks']);
    features.declare('events_api', { through: 'sessions.events' });
    features.declare('webhooks', { through: 'webhooks.create' });
    features.declare('view_only', { through: 'sessions.create', limits: { viewers: 16 } });
    const { features: map, feature_details: details } = features.describe(
      new Set(['sessions:write'] as const),
    );
    expect(map).toMatchObject({ events_api: false, webhooks: false, view_only: true });
    expect(details.events_api).toMatchObject({
      state: 'off',
      reason_if_off: 'this key lacks the scope sessions:read',
    });
    expect(details.view_only.limits).toEqual({ viewers: 16 });
    // What the operator switched off is off for everybody, and that is what is told.
    expect(details.webhooks.reason_if_off).toMatch('operator');
    expect(features.describe().features.events_api).toBe(true);
  });
});
