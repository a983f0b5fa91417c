// Where a delivery may go. Whoever can create a webhook makes this server send requests, so without
// the operator's leave it sends none into the network it stands in (server-side request forgery).
// Names are resolved here, every address is judged, and the connection is made to exactly those
// addresses: a name that answers differently a moment later changes nothing.
import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { promisify } from 'node:util';

type Net = readonly [address: string, prefixBits: number];

/** Own networks: allowed when the operator says so. */
const PRIVATE_V4: readonly Net[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const PRIVATE_V6: readonly Net[] = [
  ['::1', 128],
  ['fc00::', 7],
];

/** Never a receiver, IANA special-purpose registries: 169.254.169.254 hands out cloud credentials. */
const NEVER_V4: readonly Net[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Of IPv6 only global unicast is let through, which leaves out link-local, multicast, v4-mapped and
 * NAT64; and of that not what carries or stands for other addresses (Teredo, 6to4, documentation). */
const GLOBAL_V6: readonly Net[] = [['2000::', 3]];
const NEVER_V6: readonly Net[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

// One list for each family: a mixed one judges v4-mapped addresses by its IPv4 part.
const listOf = (nets: readonly Net[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const [address, bits] of nets) list.addSubnet(address, bits, family);
  return list;
};
const V4 = { private: listOf(PRIVATE_V4, 'ipv4'), never: listOf(NEVER_V4, 'ipv4') };
const V6 = {
  private: listOf(PRIVATE_V6, 'ipv6'),
  global: listOf(GLOBAL_V6, 'ipv6'),
  never: listOf(NEVER_V6, 'ipv6'),
};

/** @param address an IPv4 or IPv6 address as text. */
export function mayReceive(address: string, allowPrivate: boolean): boolean {
  switch (isIP(address)) {
    case 4:
      if (V4.private.check(address, 'ipv4')) return allowPrivate;
      return !V4.never.check(address, 'ipv4');
    case 6:
      if (V6.private.check(address, 'ipv6')) return allowPrivate;
      return V6.global.check(address, 'ipv6') && !V6.never.check(address, 'ipv6');
    default:
      return false;
  }
}

/** The address a URL names itself; undefined when it names a host to be resolved. */
function literalOf(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

/** What is wrong with the URL of a webhook, for whoever creates it; undefined when nothing is. */
export function urlFault(text: string, allowPrivate: boolean): string | undefined {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !allowPrivate) return 'has to be https';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.hash !== '') return 'must not have a fragment';
  const literal = literalOf(url);
  if (literal !== undefined && !mayReceive(literal, allowPrivate))
    return 'names an address that deliveries may not go to';
  return undefined;
}

export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

const lookupAll = promisify(lookup);
const resolving = new Map<string, Promise<LookupAddress[]>>();

/**
 * By the system, hosts file included. libuv resolves two names at a time and can not give up on
 * one: a name that hangs is asked for once, however many deliveries wait for it.
 */
const bySystem: Resolve = (hostname) => {
  const running = resolving.get(hostname);
  if (running) return running;
  const resolved = lookupAll(hostname, { all: true }).finally(() => resolving.delete(hostname));
  resolving.set(hostname, resolved);
  return resolved;
};

/** Some address of the host is one that deliveries may not go to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * The addresses to connect to.
 * @throws AddressRefused when any of them may not receive: a name that mixes such and others is
 * either broken or an attack. Whatever `resolve` throws when the name does not resolve.
 */
export async function checkedAddresses(
  url: URL,
  allowPrivate: boolean,
  resolve: Resolve = bySystem,
): Promise<LookupAddress[]> {
  const literal = literalOf(url);
  const addresses =
    literal === undefined
      ? await resolve(url.hostname)
      : [{ address: literal, family: isIP(literal) }];
  if (!addresses.every(({ address }) => mayReceive(address, allowPrivate)))
    throw new AddressRefused('an address of this host may not receive deliveries');
  return addresses;
}
