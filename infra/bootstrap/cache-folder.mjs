// Where things live that are expensive to make and belong to the machine, not to a clone.
import os from 'node:os';
import path from 'node:path';

/**
 * `$GC_CACHE_DIR`, else `$XDG_CACHE_HOME/guruconnect`, else `~/.cache/guruconnect`.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheFolder(env) {
  if (env.GC_CACHE_DIR) return path.resolve(env.GC_CACHE_DIR);
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'guruconnect');
}
