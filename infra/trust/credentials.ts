// Every credential of the product and where it opens; then everything that looks like one and opens
// nothing. A row is made afresh for each try, since many work only once.
import { newIntegratorKey } from '@guruconnect/signaling/integrator-key';
import { newId } from '@guruconnect/contract/ids';
import { signed, FORGERIES, type Genuine } from './forgeries.ts';
import type { PlaceName } from './places.ts';
import { CURRENT_SECRET, PREVIOUS_SECRET, type World } from './world.ts';

export type Credential = {
  readonly name: string;
  /** The only place where it is worth anything. */
  readonly opens?: PlaceName;
  readonly make: (world: World) => string | Promise<string>;
};

const ALL_SCOPES = ['sessions:read', 'sessions:write', 'machines:read'] as const;

const mintedKey = (world: World) =>
  world.contract.integratorKeys.create({ name: 'Matrix', scopes: [...ALL_SCOPES] });

/** The six kinds of secret that are handed out, and the five that are signed. */
export const GENUINE: readonly Credential[] = [
  {
    name: 'the newer integrator key',
    opens: 'an integrator route',
    make: ({ keys }) => keys[0],
  },
  {
    name: 'the older integrator key',
    opens: 'an integrator route',
    make: ({ keys }) => keys[1],
  },
  {
    name: 'an enrolment token',
    opens: 'enrolment',
    make: (world) => world.enrolmentToken('device-9'),
  },
  {
    name: 'a viewer code',
    opens: 'the exchange of codes',
    make: (world) => world.viewerCode(),
  },
  {
    name: 'a viewer token',
    opens: 'the viewer socket, as token',
    make: ({ viewer }) => viewer.token,
  },
  {
    name: 'a proof of the viewer’s key',
    opens: 'the viewer socket, as proof',
    make: (world) => signed(world.viewerProof()),
  },
  {
    name: 'a proof of the machine key',
    opens: 'the agent socket',
    make: (world) => signed(world.connectionProof()),
  },
  {
    name: 'a proof of consent',
    opens: 'the proof of consent',
    make: async (world) => signed(await world.consentProof()),
  },
  {
    name: 'a node token by the current cluster secret',
    opens: 'the control socket of a media node',
    make: (world) => signed(world.nodeToken()),
  },
  {
    name: 'a node token by the previous cluster secret',
    opens: 'the control socket of a media node',
    make: (world) => signed(world.nodeToken(PREVIOUS_SECRET)),
  },
];

const FOREIGN: readonly Credential[] = [
  {
    name: 'an integrator key of another installation',
    make: () => newIntegratorKey(),
  },
  {
    name: 'a revoked integrator key',
    make: async (world) => {
      const { id, key } = await mintedKey(world);
      await world.contract.integratorKeys.revoke({ key_id: id });
      return key;
    },
  },
  {
    name: 'an enrolment token of another device',
    make: (world) => world.enrolmentToken('device-8'),
  },
  {
    name: 'a viewer code of another session',
    make: async ({ contract, otherViewer }) =>
      (await contract.viewerCodes.create({ session_id: otherViewer.sessionId })).code,
  },
  { name: 'a viewer token of another key', make: ({ otherViewer }) => otherViewer.token },
  {
    name: 'a proof by another viewer’s key',
    make: (world) => signed(world.viewerProof(world.viewer.token, world.otherViewer)),
  },
  {
    name: 'a proof for another token',
    make: (world) => signed(world.viewerProof(world.otherViewer.token)),
  },
  {
    name: 'a consent of another machine',
    make: async (world) => signed(await world.consentProof(world.otherMachine)),
  },
  {
    name: 'a consent to another session',
    make: async (world) =>
      signed(await world.consentProof(world.machine, { session_id: newId('ses') })),
  },
  {
    name: 'a consent to something else than was asked',
    make: async (world) => signed(await world.consentProof(world.machine, { grants: ['view'] })),
  },
  {
    name: 'a consent to another technician',
    make: async (world) =>
      signed(
        await world.consentProof(world.machine, { technician: { id: 'tech-2', name: 'Eve' } }),
      ),
  },
  {
    name: 'a node token by another secret',
    make: (world) => signed(world.nodeToken('a-cluster-secret-that-nobody-has-0123456789')),
  },
  {
    name: 'a node token for another media node',
    make: (world) => {
      const genuine = world.nodeToken();
      return signed({ ...genuine, claims: { ...genuine.claims, sub: 'node-2' } });
    },
  },
  { name: 'the cluster secret itself', make: () => CURRENT_SECRET },
  { name: 'a session id', make: ({ viewer }) => viewer.sessionId },
  { name: 'a viewer id', make: ({ viewer }) => viewer.viewerId },
  { name: 'a machine id', make: ({ machine }) => machine.identity.machineId },
  { name: 'the thumbprint of a machine key', make: ({ machine }) => machine.identity.thumbprint },
  { name: 'a word', make: () => 'correct-horse-battery-staple' },
];

type Kind = readonly [name: string, make: (world: World) => Genuine | Promise<Genuine>];
const SIGNED: readonly Kind[] = [
  ['a proof of the machine key', (world) => world.connectionProof()],
  ['a proof of consent', (world) => world.consentProof()],
  ['a viewer token', (world) => world.viewerToken()],
  ['a proof of the viewer’s key', (world) => world.viewerProof()],
  ['a node token', (world) => world.nodeToken()],
];

/** Whether a forgery fits a kind is known only once there is one of that kind. */
export async function forgeries(world: World): Promise<Credential[]> {
  const rows: Credential[] = [];
  for (const [kind, make] of SIGNED) {
    const genuine = await make(world);
    for (const { name, of, forge } of FORGERIES)
      if (of?.(genuine) ?? true)
        rows.push({ name: `${kind}, ${name}`, make: async () => forge(await make(world)) });
  }
  return rows;
}

/** Signed by the very keys that sign genuine ones: shows that what is refused is the forgery. */
export const SELF_MADE: readonly Credential[] = [
  {
    name: 'a viewer token signed by hand',
    opens: 'the viewer socket, as token',
    make: (world) => signed(world.viewerToken()),
  },
];

export const CREDENTIALS: readonly Credential[] = [...GENUINE, ...SELF_MADE, ...FOREIGN];
