// A stack whose media node is reached only through the shaper: the agent and each browser over links
// of their own. The node announces the shaper's address, where it listens on the node's own port.
import type { Stack, StackOptions } from '../stack/stack.ts';
import type { LinkSettings } from './link.ts';
import { UdpShaper } from './udp-shaper.ts';

const NODE_ADDRESS = '127.0.0.1';
const SHAPER_ADDRESS = '127.0.0.2';

/** For Stack.start or Product.start. */
export const SHAPED_NODE_ENV: NonNullable<StackOptions['env']> = {
  sfu: { GC_RTC_ANNOUNCED_ADDRESS: SHAPER_ADDRESS },
};

export type Party = 'agent' | 'browser';

/** Before the first session: an agent connects to the media node only then. */
export function shapeNode(
  stack: Pick<Stack, 'rtcPort'>,
  links: Readonly<Record<Party, LinkSettings>> = { agent: {}, browser: {} },
): Promise<UdpShaper<Party>> {
  const port = stack.rtcPort;
  return UdpShaper.open({
    listen: { address: SHAPER_ADDRESS, port },
    target: { address: NODE_ADDRESS, port },
    links,
    linkOf: (owner) => owner,
  });
}
