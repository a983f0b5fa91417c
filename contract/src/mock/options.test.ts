import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

const parse = (line: string, environment = {}) =>
  parseOptions(line.split(' ').filter(Boolean), environment);

describe('the command line of the mock broker', () => {
  it('may be empty', () => {
    expect(parse('')).toEqual({
      scenario: 'goes_well',
      speed: 1,
      host: '127.0.0.1',
      port: 8090,
      'features-off': [],
      json: false,
      help: false,
    });
  });

  it('is read as it says', () => {
    const line =
      '--scenario consent_denied --speed 0 --port 0 --features-off webhooks,audio --json';
    expect(parse(line, { GC_INTEGRATOR_KEY: 'gci_of_the_environment' })).toMatchObject({
      scenario: 'consent_denied',
      speed: 0,
      port: 0,
      'features-off': ['webhooks', 'audio'],
      json: true,
      key: 'gci_of_the_environment',
    });
    expect(parse('--public-url http://gc:8090/x')).toMatchObject({
      'public-url': 'http://gc:8090',
    });
  });

  it.each([
    ['--scenario whatever', '--scenario must be one of goes_well'],
    ['--speed fast', '--speed'],
    ['--port 70000', '--port'],
    ['--features-off webhooks,warp', '--features-off knows only'],
    ['--key short', '--key must be 8-256'],
    ['--public-url nowhere', '--public-url must be an origin'],
    ['--colour', '--colour'],
  ])('with %s is refused with the name of the fault', (line, fault) => {
    expect(parse(line)).toMatchObject({ fault: expect.stringContaining(fault) as string });
  });
});
