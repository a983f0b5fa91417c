// Integrator key routes: HTTP words into calls of IntegratorKeys.
import type { IntegratorKey } from '@guruconnect/contract/http/v1/integrator-keys';
import type { IntegratorKeys, ListedKey } from '../../keys/integrator-keys.ts';
import type { RouteHandlers } from '../bind-routes.ts';

type KeyRoutes = Pick<
  RouteHandlers,
  'integrator_keys.create' | 'integrator_keys.list' | 'integrator_keys.revoke'
>;

export function integratorKeyRoutes(keys: IntegratorKeys): KeyRoutes {
  return {
    'integrator_keys.create': async ({ body, integrator }) => {
      const { key, ...minted } = await keys.mint(body, integrator);
      return { ...keyView(minted), key };
    },
    'integrator_keys.list': async () => ({ keys: (await keys.list()).map(keyView) }),
    'integrator_keys.revoke': async ({ params, integrator }) =>
      keyView(await keys.revoke(params.key_id, integrator)),
  };
}

const time = (ms: number): string => new Date(ms).toISOString();

function keyView(key: ListedKey): IntegratorKey {
  const { created_at_ms, expires_at_ms, last_used_at_ms, revoked_at_ms } = key;
  return {
    id: key.id,
    name: key.name,
    scopes: [...key.scopes],
    source: key.source,
    ...(created_at_ms === undefined ? {} : { created_at: time(created_at_ms) }),
    ...(expires_at_ms === undefined ? {} : { expires_at: time(expires_at_ms) }),
    ...(last_used_at_ms === undefined ? {} : { last_used_at: time(last_used_at_ms) }),
    ...(revoked_at_ms === undefined ? {} : { revoked_at: time(revoked_at_ms) }),
  };
}
