import { describe, expect, it } from 'vitest';
import { addressKey, clientAddress, trustedProxies } from './client-address.ts';

const from = (remoteAddress: string, forwarded?: string) => ({
  socket: { remoteAddress } as never,
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
});
const trusted = trustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);

describe('whom a request comes from', () => {
  it.each([
    ['the peer', from('203.0.113.9'), '203.0.113.9'],
    [
      'the peer, when it claims to be somebody else',
      from('203.0.113.9', '198.51.100.1'),
      '203.0.113.9',
    ],
    ['whom a trusted proxy names', from('10.1.1.1', '198.51.100.1'), '198.51.100.1'],
    [
      'the last that no trusted proxy has',
      from('::ffff:10.1.1.1', '1.1.1.1, 198.51.100.1, 10.2.2.2'),
      '198.51.100.1',
    ],
    ['the proxy, when it names nobody', from('127.0.0.1'), '127.0.0.1'],
    ['the proxy, when it names nonsense', from('127.0.0.1', 'evil"header'), '127.0.0.1'],
    ['whom an IPv6 proxy names', from('fd00::1', '2001:db8::7'), '2001:db8::7'],
  ])('is %s', (_, request, expected) => {
    expect(clientAddress(request, trusted)).toBe(expected);
  });

  it('in IPv6 is a site, not one of its many addresses', () => {
    expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe(addressKey('2001:db8:1:2::9'));
    expect(addressKey('2001:db8:1:2::9')).not.toBe(addressKey('2001:db8:1:3::9'));
    expect(addressKey('::1')).toBe('0:0:0:0');
    expect(addressKey('192.0.2.1')).toBe('192.0.2.1');
  });
});

it('a proxy that is no address is a fault of the start', () => {
  expect(() => trustedProxies(['proxy.example'])).toThrow();
});
