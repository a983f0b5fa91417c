// Tokens that are nearly right, at every handshake that takes one: nothing but a genuine one opens.
import type { Boundary } from '../boundary.ts';
import type { Random } from '../random.ts';
import { spoilText, spoilValue } from '../spoil.ts';
import { signed, type Genuine } from '../../trust/forgeries.ts';
import { knock } from '../../trust/handshake.ts';
import { PLACES } from '../../trust/places.ts';
import type { World } from '../../trust/world.ts';

/** Something was changed, and everything counts: letting it in is always wrong. */
function spoiltToken(genuine: Genuine, random: Random): unknown {
  const good = signed(genuine);
  const spoilt = spoiltText(good, genuine, random);
  return spoilt === good ? `${good}A` : spoilt;
}

function spoiltText(good: string, genuine: Genuine, random: Random): unknown {
  const [header = '', claims = '', signature = ''] = good.split('.');
  switch (random.below(5)) {
    case 0:
      return [header, spoilText(claims, random), signature].join('.');
    case 1:
      return [spoilText(header, random), claims, signature].join('.');
    case 2:
      return [header, claims, random.bytes(64).toString('base64url')].join('.');
    case 3: {
      const spoilt = Buffer.from(JSON.stringify(spoilValue(genuine.claims, random)) ?? '');
      return [header, spoilt.toString('base64url'), signature].join('.');
    }
    default:
      return spoilValue(good, random);
  }
}

export const TOKENS: Boundary = {
  name: 'tokens',
  perThousand: 10,
  atOnce: 8,
  open: (world: World) => ({
    send: async (random) => {
      const tries: readonly (() => Promise<[unknown, string]>)[] = [
        async () => {
          const token = spoiltToken(world.connectionProof(), random);
          const { baseUrl } = world.stack;
          const auth = random.chance(0.9) ? { token } : token;
          return [
            token,
            await knock({ baseUrl, namespace: '/agent', auth, headers: world.address() }),
          ];
        },
        async () => {
          const token = spoiltToken(world.nodeToken(), random);
          return [
            token,
            await knock({ baseUrl: world.stack.controlUrl, namespace: '/', auth: { token } }),
          ];
        },
        async () => {
          const token = String(spoiltToken(world.viewerToken(), random));
          return [token, await PLACES['the viewer socket, as token'](world, token)];
        },
        async () => {
          const proof = String(spoiltToken(world.viewerProof(), random));
          return [proof, await PLACES['the viewer socket, as proof'](world, proof)];
        },
      ];
      const [token, outcome] = await random.pick(tries)();
      if (outcome === 'internal') return 'a token was answered with "internal"';
      if (outcome === 'accepted') return `a spoilt token was accepted: ${JSON.stringify(token)}`;
      return undefined;
    },
    close: () => undefined,
  }),
};
