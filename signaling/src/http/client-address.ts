// Whom a request comes from, for rate limits and logs: the peer, or behind proxies that the
// operator named, whom they say. Pure.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** @param entries addresses or networks ("10.0.0.0/8"). @throws Error on one that is neither. */
export function trustedProxies(entries: readonly string[]): BlockList {
  const trusted = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  return trusted;
}

const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

const isTrusted = (address: string, trusted: BlockList): boolean => {
  const version = isIP(address);
  return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4');
};

/** The address nearest to us that no trusted proxy has. */
export function clientAddress(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: BlockList,
): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  const hops = [
    ...forwarded.split(',').map((hop) => plain(hop.trim())),
    plain(request.socket.remoteAddress ?? ''),
  ];
  let address = hops.pop() ?? '';
  while (isTrusted(address, trusted)) {
    const before = hops.pop();
    if (before === undefined || isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** One key per subscriber: an IPv6 site has a /64 of addresses to choose from. */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::');
  const front = head.split(':').filter((part) => part !== '');
  const back = tail.split(':').filter((part) => part !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
