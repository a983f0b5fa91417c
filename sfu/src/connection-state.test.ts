import { describe, expect, it } from 'vitest';
import { connectionState, isConnected } from './connection-state.ts';

type States = Parameters<typeof connectionState>[0];
const idle = { ice: 'new', dtls: 'new', wasConnected: false } as const;
const connecting = { ice: 'connected', dtls: 'connecting', wasConnected: false } as const;
const up = { ice: 'completed', dtls: 'connected', wasConnected: true } as const;
const silent = { ice: 'disconnected', dtls: 'connected', wasConnected: true } as const;
const hungUp = { ice: 'completed', dtls: 'closed', wasConnected: true } as const;
const broken = { ice: 'connected', dtls: 'failed', wasConnected: false } as const;

describe('two transports in one word', () => {
  it.each<[string | undefined, States]>([
    [undefined, [idle, idle]],
    [undefined, [connecting, idle]],
    ['connected', [up, idle]],
    ['connected', [up, connecting]],
    ['connected', [up, up]],
    ['disconnected', [silent, idle]],
    ['disconnected', [up, silent]],
    ['failed', [up, hungUp]],
    ['failed', [broken, idle]],
    ['failed', [silent, broken]],
  ])('%s: %j', (state, transports) => {
    expect(connectionState(transports)).toBe(state);
  });

  it('media flows only with both ICE and DTLS up', () => {
    expect([idle, connecting, up, silent, hungUp, broken].map(isConnected)).toEqual([
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
  });
});
