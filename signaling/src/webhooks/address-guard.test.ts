import { describe, expect, it } from 'vitest';
import { AddressRefused, checkedAddresses, mayReceive, urlFault } from './address-guard.ts';

const PUBLIC = ['93.184.216.34', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::6810:84e5'];
const PRIVATE = ['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255'];
PRIVATE.push('192.168.1.1', '100.64.0.1', '::1', 'fc00::1', 'fdff::1');
const NEVER = [
  ...['0.0.0.0', '169.254.169.254', '192.0.2.1', '198.18.0.1', '203.0.113.9', '224.0.0.1'],
  ...['239.255.255.250', '255.255.255.255', '240.0.0.1', '192.88.99.1'],
  ...['::', 'fe80::1', 'ff02::1', 'fec0::1', '2001:db8::1', '2002:7f00:1::', '2001::1'],
  ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '::ffff:8.8.8.8'],
  ...['64:ff9b::7f00:1', '64:ff9b:1::1', '::127.0.0.1', '3fff::1'],
  ...['', 'localhost', '1.2.3', '0x7f000001', '[::1]'],
];

describe('an address', () => {
  it.each(PUBLIC)('%s may receive', (address) => {
    expect(mayReceive(address, false)).toBe(true);
    expect(mayReceive(address, true)).toBe(true);
  });
  it.each(PRIVATE)('%s may receive only with the operator’s leave', (address) => {
    expect(mayReceive(address, false)).toBe(false);
    expect(mayReceive(address, true)).toBe(true);
  });
  it.each(NEVER)('%j never may', (address) => {
    expect(mayReceive(address, false)).toBe(false);
    expect(mayReceive(address, true)).toBe(false);
  });
});

describe('the URL of a webhook', () => {
  it.each([
    'https://rmm.example/hook?key=1',
    'https://93.184.216.34:8443/',
    'https://[2606:4700::6810:84e5]/',
  ])('may be %s', (url) => {
    expect(urlFault(url, false)).toBeUndefined();
  });

  it.each([
    ['http://rmm.example/hook', 'https'],
    ['https://user:pass@rmm.example/', 'credentials'],
    ['https://rmm.example/#part', 'fragment'],
    ['https://127.0.0.1/', 'address'],
    // Other ways to write 127.0.0.1, as URL parsers read them.
    ['https://2130706433/', 'address'],
    ['https://0x7f.1/', 'address'],
    ['https://017700000001/', 'address'],
    ['https://[::1]/', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'address'],
    ['https://169.254.169.254/latest/meta-data/', 'address'],
  ])('may not be %s', (url, fault) => {
    expect(urlFault(url, false)).toContain(fault);
  });

  it('may be http and private with the operator’s leave, but not a cloud’s metadata', () => {
    expect(urlFault('http://127.0.0.1:8080/', true)).toBeUndefined();
    expect(urlFault('http://169.254.169.254/', true)).toContain('address');
  });
});

describe('a name', () => {
  const url = new URL('https://rmm.example/');
  const answering =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

  it('is resolved to addresses that were judged', async () => {
    const found = await checkedAddresses(url, false, answering('93.184.216.34', '2606:4700::1'));
    expect(found.map(({ address }) => address)).toEqual(['93.184.216.34', '2606:4700::1']);
  });

  it.each([
    ['127.0.0.1'],
    ['::1'],
    ['fe80::1'],
    ['::ffff:10.0.0.1'],
    ['93.184.216.34', '10.0.0.1'],
  ])('that has the addresses %s %s is refused', async (...addresses) => {
    await expect(checkedAddresses(url, false, answering(...addresses))).rejects.toThrow(
      AddressRefused,
    );
  });

  it('that is an address itself is not resolved', async () => {
    const never = async () => Promise.reject(new Error('asked'));
    await expect(checkedAddresses(new URL('https://[::1]/'), false, never)).rejects.toThrow(
      AddressRefused,
    );
    expect(await checkedAddresses(new URL('http://[::1]/'), true, never)).toEqual([
      { address: '::1', family: 6 },
    ]);
  });
});
