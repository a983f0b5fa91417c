// Each feature switched off in turn: the capabilities say so, and so does the behaviour.
import { afterEach, describe, expect, it } from 'vitest';
import { Capabilities, FEATURES, type Feature } from '@guruconnect/contract/http/v1/capabilities';
import { Harness, sessionRequest, type ApiAnswer } from './harness.ts';
import { sctpStream } from './rtc-samples.ts';

let gc: Harness;
afterEach(async () => {
  await gc.close();
});

const post = (change: Parameters<typeof sessionRequest>[0]): Promise<ApiAnswer> =>
  gc.api('POST', '/sessions', sessionRequest(change));

/** What has to be refused with `feature_off` when the feature is off, and to work when it is on. */
const ENFORCED: Partial<Record<Feature, () => Promise<ApiAnswer[]>>> = {
  embedded_viewer: async () => [await post({ embed_origins: ['https://rmm.example'] })],
  consent_prompt: async () => [await post({ mode: 'attended' })],
  unattended_access: async () => [await post({ mode: 'unattended' })],
  view_only: async () => [await post({ grants: ['view'] })],
  remote_input: async () => [await post({ grants: ['view', 'control'] })],
  events_api: async () => {
    const { id } = await gc.createSession();
    return [await gc.api('GET', `/sessions/${id}/events`)];
  },
  webhooks: async () => [await gc.api('GET', '/webhooks')],
  audit_log: async () => [await gc.api('GET', '/audit'), await gc.api('GET', '/audit/checkpoints')],
  per_machine_keys: async () => [
    await gc.api('POST', '/enrolment-tokens', { device_id: 'device-1' }),
  ],
};

const capabilities = async (): Promise<Capabilities> =>
  Capabilities.parse((await gc.api('GET', '/capabilities', undefined, { key: null })).body);

const SUPPORTED = [...(Object.keys(ENFORCED) as Feature[]), 'multi_monitor'] as const;
/** Built, and on only where the operator has a folder of them (releases.integration.test.ts). */
const WITHOUT_FOLDER: Feature = 'agent_releases';
const UNSUPPORTED = (Object.keys(FEATURES) as Feature[]).filter(
  (name) => name !== WITHOUT_FOLDER && !(SUPPORTED as readonly string[]).includes(name),
);

describe.each(Object.entries(ENFORCED) as [Feature, () => Promise<ApiAnswer[]>][])(
  'with %s',
  (name, attempt) => {
    it('off, the map says off and the server refuses', async () => {
      gc = await Harness.start({ env: { GC_FEATURES_OFF: name } });
      const { features, feature_details } = await capabilities();
      expect(features[name]).toBe(false);
      expect(feature_details[name]).toMatchObject({ state: 'off' });
      expect(feature_details[name]?.reason_if_off).toBeTruthy();
      for (const answer of await attempt())
        expect(answer).toMatchObject({ status: 403, body: { code: 'feature_off' } });
      // Every other feature is as it was.
      for (const other of SUPPORTED) if (other !== name) expect(features[other]).toBe(true);
    });

    it('on, the map says on and the server does it', async () => {
      gc = await Harness.start();
      expect((await capabilities()).features[name]).toBe(true);
      for (const { status } of await attempt()) expect(status).toBeLessThan(300);
    });
  },
);

describe('with multi_monitor', () => {
  it.each([
    ['off', [1]],
    ['on', [1, 2]],
  ])('%s, viewers get the monitors %j', async (state, expected) => {
    gc = await Harness.start(state === 'off' ? { env: { GC_FEATURES_OFF: 'multi_monitor' } } : {});
    expect((await capabilities()).features['multi_monitor']).toBe(state === 'on');
    const { created } = await gc.liveSession();
    const { topology } = await gc.session(created.id);
    expect(topology.monitors.map(({ monitor_id }) => monitor_id)).toEqual(expected);
    const { videos } = await (await gc.viewer(created)).watch();
    expect(videos.map(({ monitor_id }) => monitor_id)).toEqual(expected);
  });
});

it('with per_machine_keys off an agent that was enrolled before is not let in', async () => {
  gc = await Harness.start();
  const identity = await gc.enrol('device-1');
  const off = await Harness.start({ env: { GC_FEATURES_OFF: 'per_machine_keys' } });
  try {
    await expect(off.agent(identity).open()).rejects.toMatchObject({ code: 'feature_off' });
  } finally {
    await off.close();
  }
});

it('with remote_input off nothing that a session once granted opens an input channel', async () => {
  gc = await Harness.start({ env: { GC_FEATURES_OFF: 'remote_input' } });
  const { created } = await gc.liveSession({ grants: ['view'] });
  const viewer = await gc.viewer(created);
  const { epoch } = await viewer.watch();
  const opening = viewer.ask('input.open', {
    epoch,
    channel: 'input.actions',
    sctp_stream_parameters: sctpStream(1),
  });
  await expect(opening).rejects.toMatchObject({ code: 'feature_off' });
});

it('with view_only off a further viewer can not be narrowed to it', async () => {
  gc = await Harness.start({ env: { GC_FEATURES_OFF: 'view_only' } });
  const { id } = await gc.createSession();
  const code = await gc.api('POST', `/sessions/${id}/viewer-codes`, { grants: ['view'] });
  expect(code).toMatchObject({ status: 403, body: { code: 'feature_off' } });
});

it('what is not built is named, false, and says why', async () => {
  gc = await Harness.start();
  const { features, feature_details } = await capabilities();
  expect(Object.keys(features).sort()).toEqual(Object.keys(FEATURES).sort());
  expect(UNSUPPORTED).toContain('file_transfer');
  expect(feature_details[WITHOUT_FOLDER]).toMatchObject({ state: 'off' });
  for (const name of UNSUPPORTED) {
    expect(features[name]).toBe(false);
    expect(feature_details[name]).toMatchObject({ state: 'unsupported' });
    expect(feature_details[name]?.reason_if_off).toBeTruthy();
  }
});
