import { describe, expect, it } from 'vitest';
import { FEATURES } from '@guruconnect/contract/http/v1/capabilities';
import { Features } from './features.ts';

describe('features', () => {
  it('are on because some code declares to enforce them, and unsupported without', () => {
    const features = new Features([]);
    features.declare('view_only', { viewers: 16 });
    features.declare('view_only', { more: 1 });
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
});
