import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('the demo command line', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({ json: false, attended: false, help: false, port: 8080 });
  });

  it.each([
    [['--display', ':79', '--json'], { display: ':79', json: true }],
    [['--port', '0', '--attended'], { port: 0, attended: true }],
  ])('reads %j', (argv, expected) => {
    expect(parseOptions(argv)).toMatchObject(expected);
  });

  it.each([
    [['--display', '79']],
    [['--display', ':1; rm -rf /']],
    [['--port', 'x']],
    [['--nope']],
    [['stray']],
  ])('says what is wrong with %j', (argv) => {
    expect(parseOptions(argv)).toHaveProperty('fault');
  });
});
