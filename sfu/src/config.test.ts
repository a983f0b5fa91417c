import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, Environment, readConfig } from './config.ts';

const MINIMAL = { GC_NODE_ID: 'node-1', GC_CLUSTER_SECRET: 's'.repeat(32) };

const faultsOf = (environment: Record<string, string>): string => {
  try {
    readConfig({ ...MINIMAL, ...environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

describe('the environment of a media node', () => {
  it('needs a name and a secret; everything else has a default', () => {
    const config = readConfig(MINIMAL);
    expect(config).toMatchObject({ nodeId: 'node-1', controlHost: '127.0.0.1', logLevel: 'info' });
    expect(config.workers).toBeGreaterThan(0);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes two secrets while rotating, not three', () => {
    const [current, old] = ['a'.repeat(32), 'b'.repeat(32)];
    const secrets = `${current}, ${old}`;
    expect(readConfig({ ...MINIMAL, GC_CLUSTER_SECRET: secrets }).clusterSecrets).toEqual([
      current,
      old,
    ]);
    expect(faultsOf({ GC_CLUSTER_SECRET: `${secrets},${old}` })).toContain('GC_CLUSTER_SECRET');
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ ...MINIMAL, GC_RTC_ANNOUNCED_ADDRESS: '', GC_WORKERS: '' })).toMatchObject({
      rtcAnnouncedAddress: undefined,
    });
  });

  it('lists all faults at once and no value', () => {
    const faults = faultsOf({
      GC_NODE_ID: 'Node 1',
      GC_CLUSTER_SECRET: 'hunter2',
      GC_RTC_PORT: '70000',
      GC_LOG_LEVEL: 'loud',
      GC_RTC_HOST: '0.0.0.0',
    });
    for (const name of [
      'GC_NODE_ID',
      'GC_CLUSTER_SECRET',
      'GC_RTC_PORT',
      'GC_LOG_LEVEL',
      'GC_RTC_ANNOUNCED_ADDRESS',
    ])
      expect(faults.match(new RegExp(name, 'g'))).toHaveLength(1);
    expect(faults).not.toContain('hunter2');
  });

  it('refuses an address nobody could send to, unless another is announced', () => {
    expect(faultsOf({ GC_RTC_HOST: '0.0.0.0' })).toContain('GC_RTC_ANNOUNCED_ADDRESS');
    expect(faultsOf({ GC_RTC_HOST: '0.0.0.0', GC_RTC_ANNOUNCED_ADDRESS: '192.0.2.1' })).toBe('');
  });

  it('refuses a port range that ends beyond the last port', () => {
    expect(faultsOf({ GC_RTC_PORT: '65535', GC_WORKERS: '2' })).toContain('GC_RTC_PORT');
    expect(faultsOf({ GC_RTC_PORT: '65534', GC_WORKERS: '2' })).toBe('');
  });

  it('is told in README.md, every variable of it', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const settings = readme.slice(readme.indexOf('## Settings'), readme.indexOf('## Ports'));
    const told = [...settings.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual(Object.keys(Environment.shape).toSorted());
  });
});
