// node signaling/src/keys/new-integrator-key.ts — prints one fresh integrator key.
import { newIntegratorKey } from './integrator-key.ts';

process.stdout.write(`${newIntegratorKey()}\n`);
