// Every place of the product that takes a credential: how one is handed in there, and what becomes
// of it. The credential matrix tries each credential in each of them.
import { GcError } from '@guruconnect/contract/errors';
import { API_BASE, ROUTES, type Route } from '@guruconnect/contract/http/v1/routes';
import { newId } from '@guruconnect/contract/ids';
import { newMachineKey } from '../../signaling/test/fake-agent.ts';
import { knock } from './handshake.ts';
import { publicJwk, strangersEcKey } from './signed.ts';
import { signed } from './forgeries.ts';
import type { Answer, World } from './world.ts';

/** 'accepted', or the code of the refusal. */
export type Outcome = string;
export type Place = (world: World, credential: string) => Promise<Outcome>;

const AUTHENTICATION_FAILED = 401;

/** Let in is who got past the door, whatever was said about the rest of the request. */
const past = ({ status, code }: Answer): Outcome =>
  status === AUTHENTICATION_FAILED ? code : 'accepted';
/** Let in is who got what they came for. */
const served = ({ status, code }: Answer): Outcome => (status < 300 ? 'accepted' : code);

const SESSIONS = `${API_BASE}/sessions`;

const INSTEAD_OF: Record<string, () => string> = {
  session_id: () => newId('ses'),
  viewer_id: () => newId('vwr'),
  webhook_id: () => newId('whk'),
  key_id: () => newId('mky'),
};
const pathOf = ({ path }: Route): string =>
  API_BASE + path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => INSTEAD_OF[name]?.() ?? 'x');

/** One place for each route that takes an integrator key: none of them may forget to ask. */
export const INTEGRATOR_ROUTES: Readonly<Record<string, Place>> = Object.fromEntries(
  (Object.entries(ROUTES) as [string, Route][])
    .filter(([, { auth }]) => auth !== 'none')
    .map(([name, route]) => [
      name,
      async (world: World, credential: string) =>
        past(
          await world.request(route.method, pathOf(route), {
            authorization: `Bearer ${credential}`,
          }),
        ),
    ]),
);

export const PLACES = {
  'an integrator route': async (world, credential) =>
    served(await world.request('GET', SESSIONS, { authorization: `Bearer ${credential}` })),

  'an integrator route, as Basic': async (world, credential) => {
    const basic = Buffer.from(`gc:${credential}`).toString('base64');
    return served(await world.request('GET', SESSIONS, { authorization: `Basic ${basic}` }));
  },

  'an integrator route, in its query': async (world, credential) =>
    served(
      await world.request(
        'GET',
        `${SESSIONS}?${new URLSearchParams({ access_token: credential, token: credential })}`,
      ),
    ),

  'an integrator route, in a cookie': async (world, credential) => {
    const cookie = `token=${credential}; gc=${credential}`;
    return served(await world.request('GET', SESSIONS, { cookie }));
  },

  enrolment: async (world, token) => {
    const { publicKey } = await newMachineKey();
    const body = { token, device_id: 'device-9', public_key: publicKey };
    return served(await world.request('POST', `${API_BASE}/agent/enrol`, {}, body));
  },

  'the exchange of codes': async (world, code) => {
    const { kty, crv, x, y } = publicJwk(strangersEcKey());
    const { sessionId } = world.viewer;
    const body = { session_id: sessionId, code, public_key: { kty, crv, x, y } };
    const headers = { origin: world.stack.baseUrl };
    return served(await world.request('POST', `${API_BASE}/viewer/exchange`, headers, body));
  },

  'the agent socket': (world, token) =>
    knock({
      baseUrl: world.stack.baseUrl,
      namespace: '/agent',
      auth: { token },
      headers: world.address(),
    }),

  'the viewer socket, as token': (world, token) =>
    knock({
      baseUrl: world.stack.baseUrl,
      namespace: '/viewer',
      auth: { token, proof: signed(world.viewerProof(token)) },
      headers: { ...world.address(), origin: world.stack.baseUrl },
    }),

  'the viewer socket, as proof': (world, proof) =>
    knock({
      baseUrl: world.stack.baseUrl,
      namespace: '/viewer',
      auth: { token: world.viewer.token, proof },
      headers: { ...world.address(), origin: world.stack.baseUrl },
    }),

  'the socket without a name': (world, token) =>
    knock({
      baseUrl: world.stack.baseUrl,
      namespace: '/',
      auth: { token },
      headers: world.address(),
    }),

  'the proof of consent': (world, proof) =>
    world.answerConsent(proof).then(
      () => 'accepted',
      (error: unknown) => GcError.from(error).code,
    ),

  'the control socket of a media node': (world, token) =>
    knock({ baseUrl: world.stack.controlUrl, namespace: '/', auth: { token } }),
} as const satisfies Record<string, Place>;

export type PlaceName = keyof typeof PLACES;
