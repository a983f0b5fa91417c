// The machine's identity at rest: an Ed25519 key made on this endpoint, and what signaling called it
// when it was enrolled. Owned by Agent. The private part never leaves this file and this process.
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  closeSync,
  fsyncSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWK,
} from 'jose';
import { z } from 'zod';
import type { SessionId } from '@guruconnect/contract/ids';
import { DeviceId, MachineId, MachineKeyId, type BootId } from '@guruconnect/contract/ids';
import type { Grant } from '@guruconnect/contract/grants';
import {
  AGENT_TOKEN,
  CONSENT_TOKEN,
  TOKEN_TYPES,
  type ConsentAnswer,
  type MachineJwk,
} from '@guruconnect/contract/tokens';

const FILE = 'machine-key.json';

const Stored = z.object({
  version: z.literal(1),
  private_key: z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    d: z.string(),
  }),
  device_id: DeviceId,
  /** Absent until enrolled. */
  registered: z.object({ machine_id: MachineId, key_id: MachineKeyId }).optional(),
});
type Stored = z.output<typeof Stored>;

export type Registration = NonNullable<Stored['registered']>;

export class MachineKey {
  readonly #file: string;
  #stored: Stored;
  readonly #thumbprint: string;

  private constructor(file: string, stored: Stored, thumbprint: string) {
    this.#file = file;
    this.#stored = stored;
    this.#thumbprint = thumbprint;
  }

  /**
   * Reads the key of this machine, or makes one. A key that was registered for another device id is
   * left behind: the machine was given a new name, and has to enrol under it.
   * @throws Error when the folder cannot be written or the file is damaged (then says what to do).
   */
  static async open(stateDir: string, deviceId: DeviceId): Promise<MachineKey> {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const file = join(stateDir, FILE);
    const found = readStored(file);
    const stored = found?.device_id === deviceId ? found : await freshKey(deviceId);
    if (stored !== found) write(file, stored);
    return new MachineKey(file, stored, await calculateJwkThumbprint(publicPart(stored)));
  }

  get registration(): Registration | undefined {
    return this.#stored.registered;
  }

  get publicKey(): MachineJwk {
    return publicPart(this.#stored);
  }

  /** Signaling knows the key now; written before anything relies on it. */
  registered(registration: Registration): void {
    this.#stored = { ...this.#stored, registered: registration };
    write(this.#file, this.#stored);
  }

  /** The registration is worth nothing any more (revoked): next time a new key has to enrol. */
  async replace(): Promise<MachineKey> {
    const stored = await freshKey(this.#stored.device_id);
    write(this.#file, stored);
    return new MachineKey(this.#file, stored, await calculateJwkThumbprint(publicPart(stored)));
  }

  /** Proof for one connection: lives a minute, works once. @throws Error before enrolment. */
  connectionToken(bootId: BootId): Promise<string> {
    return this.#sign(TOKEN_TYPES.agent, { boot_id: bootId }, (jwt) =>
      jwt
        .setAudience(AGENT_TOKEN.audience)
        .setExpirationTime(`${AGENT_TOKEN.lifetimeS}s`)
        .setJti(randomUUID()),
    );
  }

  /** The answer of whoever decided at this endpoint, bound to what they were told. */
  consentProof(answered: {
    sessionId: SessionId;
    answer: ConsentAnswer;
    technician: { id: string; name: string };
    grants: readonly Grant[];
  }): Promise<string> {
    const { sessionId, answer, grants } = answered;
    const technician = { id: answered.technician.id, name: answered.technician.name };
    return this.#sign(TOKEN_TYPES.consent, { sid: sessionId, answer, technician, grants }, (jwt) =>
      jwt.setAudience(CONSENT_TOKEN.audience),
    );
  }

  async #sign(
    typ: string,
    claims: Record<string, unknown>,
    finish: (jwt: SignJWT) => SignJWT,
  ): Promise<string> {
    const machineId = this.#stored.registered?.machine_id;
    if (!machineId) throw new Error('this machine is not enrolled yet');
    const key = await importJWK(this.#stored.private_key, 'EdDSA');
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ, kid: this.#thumbprint })
      .setIssuer(machineId)
      .setIssuedAt();
    return finish(jwt).sign(key);
  }
}

const publicPart = ({ private_key: { kty, crv, x } }: Stored): MachineJwk => ({ kty, crv, x });

async function freshKey(device_id: DeviceId): Promise<Stored> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x = '', d = '' }: JWK = await exportJWK(privateKey);
  return { version: 1, private_key: { kty: 'OKP', crv: 'Ed25519', x, d }, device_id };
}

function readStored(file: string): Stored | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    // Never replaced silently: it may be another version's, and with it the machine's identity.
    throw new Error(`${file} is damaged: remove it and enrol this machine again`);
  }
}

/** Whole or not at all, readable by the owner only: a power cut leaves the old file. */
function write(file: string, stored: Stored): void {
  const temporary = `${file}.${process.pid}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(stored)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  chmodSync(temporary, 0o600);
  renameSync(temporary, file);
}
