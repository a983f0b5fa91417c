import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { newIntegratorKey } from './keys/integrator-key.ts';

const key = newIntegratorKey();
const secret = 's'.repeat(32);
const environment = {
  GC_INTEGRATOR_KEY: key,
  GC_CLUSTER_SECRET: secret,
  GC_MEDIA_NODES: 'http://127.0.0.1:4400',
};

describe('the environment', () => {
  it('needs three settings; the rest has defaults, also where a variable is empty', () => {
    const config = readConfig({ ...environment, GC_STORE: '', GC_PORT: '' });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://127.0.0.1:8080',
      store: ':memory:',
      integratorKeys: [key],
      clusterSecrets: [secret],
      featuresOff: [],
      viewerDir: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes an old secret and an old key beside the new ones, and several nodes', () => {
    const config = readConfig({
      ...environment,
      GC_INTEGRATOR_KEY: `${key}, ${newIntegratorKey()}`,
      GC_CLUSTER_SECRET: `${secret},${'o'.repeat(32)}`,
      GC_MEDIA_NODES: 'http://a:1,https://b:2',
      GC_PUBLIC_URL: 'https://gc.example/',
      GC_FEATURES_OFF: 'view_only, remote_input',
    });
    expect(config.integratorKeys).toHaveLength(2);
    expect(config.clusterSecrets).toHaveLength(2);
    expect(config.mediaNodes).toEqual(['http://a:1', 'https://b:2']);
    expect(config.publicUrl).toBe('https://gc.example');
    expect(config.featuresOff).toEqual(['view_only', 'remote_input']);
  });

  it('sends webhooks for three days and to public addresses, unless it says otherwise', () => {
    const { webhookAllowPrivate, webhookRetryScheduleS } = readConfig(environment);
    expect(webhookAllowPrivate).toBe(false);
    expect(webhookRetryScheduleS.reduce((sum, pauseS) => sum + pauseS, 0)).toBeGreaterThan(259_200);
    expect(
      readConfig({ ...environment, GC_WEBHOOK_ALLOW_PRIVATE: '1', GC_WEBHOOK_RETRY_S: '1, 2.5' }),
    ).toMatchObject({ webhookAllowPrivate: true, webhookRetryScheduleS: [1, 2.5] });
    for (const GC_WEBHOOK_RETRY_S of ['0', '-1', 'soon', '1,,x', '9999999', '1,'.repeat(40)])
      expect(() => readConfig({ ...environment, GC_WEBHOOK_RETRY_S })).toThrow(
        'GC_WEBHOOK_RETRY_S',
      );
  });

  it('that is wrong is told of with all its faults at once, and never with a value', () => {
    const wrong = {
      GC_INTEGRATOR_KEY: 'my-secret-key',
      GC_CLUSTER_SECRET: 'my-short-secret',
      GC_MEDIA_NODES: 'ftp://somewhere',
      GC_PORT: '70000',
      GC_PUBLIC_URL: 'https://gc.example/path',
      GC_FEATURES_OFF: 'coffee',
    };
    let message = '';
    try {
      readConfig(wrong);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      message = (error as Error).message;
    }
    for (const name of Object.keys(wrong)) expect(message).toContain(name);
    expect(message).not.toContain('secret-key');
    expect(message).not.toContain('my-short');
  });

  it.each([key.slice(0, -1), `${key}0`, key.replace('gci_', 'gcx_'), ''])(
    'does not take %# for an integrator key',
    (candidate) => {
      expect(() => readConfig({ ...environment, GC_INTEGRATOR_KEY: candidate })).toThrow(
        ConfigError,
      );
    },
  );
});
