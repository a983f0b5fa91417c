import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const smallest = {
  GC_SIGNALING_URL: 'https://gc.example/',
  GC_DEVICE_ID: 'pc-1',
  GC_STATE_DIR: '/var/lib/guruconnect',
};

describe("the agent's environment", () => {
  it('needs where, who and a place for the key', () => {
    expect(readConfig(smallest)).toMatchObject({
      signalingUrl: 'https://gc.example',
      deviceId: 'pc-1',
      unattended: 'allow',
      enrolmentToken: undefined,
    });
  });

  it('takes encoders by name, separated by commas, and no others', () => {
    expect(readConfig(smallest).encoders).toEqual(['x264']);
    const both = readConfig({ ...smallest, GC_VIDEO_ENCODERS: 'nvenc, x264' });
    expect(both.encoders).toEqual(['nvenc', 'x264']);
    expect(() => readConfig({ ...smallest, GC_VIDEO_ENCODERS: 'nvenc,cuda' })).toThrow(
      /GC_VIDEO_ENCODERS/,
    );
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ ...smallest, GC_ENROLMENT_TOKEN: '', GC_UNATTENDED: '' }).unattended).toBe(
      'allow',
    );
  });

  it('names every fault at once, without values', () => {
    const refuse = (): unknown =>
      readConfig({
        GC_SIGNALING_URL: 'ftp://x',
        GC_DEVICE_ID: 'bad id',
        GC_ENROLMENT_TOKEN: 'hunter2',
      });
    expect(refuse).toThrow(ConfigError);
    expect(refuse).toThrow(
      /GC_SIGNALING_URL[^]*GC_DEVICE_ID[^]*GC_ENROLMENT_TOKEN[^]*GC_STATE_DIR/,
    );
    expect(refuse).not.toThrow(/hunter2/);
  });
});
