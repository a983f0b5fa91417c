// Names of things. Each kind has its own prefix and its own type, so that a session id can not be
// passed where a viewer id is meant, neither by a compiler nor by a tired operator reading a log.
import { z } from 'zod';

// Crockford's base 32 in lower case: no i, l, o, u, so that ids survive being read aloud.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 26;

const idSchema = <Name extends string>(prefix: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${prefix}_[${ALPHABET}]{${ID_LENGTH}}$`),
      `must be an id that starts with ${prefix}_`,
    )
    .brand<Name>();

export const SessionId = idSchema<'SessionId'>('ses');
export type SessionId = z.output<typeof SessionId>;
export const ViewerId = idSchema<'ViewerId'>('vwr');
export type ViewerId = z.output<typeof ViewerId>;
export const MachineId = idSchema<'MachineId'>('mch');
export type MachineId = z.output<typeof MachineId>;
export const MachineKeyId = idSchema<'MachineKeyId'>('mky');
export type MachineKeyId = z.output<typeof MachineKeyId>;
export const EnrolmentTokenId = idSchema<'EnrolmentTokenId'>('enr');
export type EnrolmentTokenId = z.output<typeof EnrolmentTokenId>;
export const WebhookId = idSchema<'WebhookId'>('whk');
export type WebhookId = z.output<typeof WebhookId>;
export const DeliveryId = idSchema<'DeliveryId'>('dlv');
export type DeliveryId = z.output<typeof DeliveryId>;
export const IntegratorKeyId = idSchema<'IntegratorKeyId'>('gik');
export type IntegratorKeyId = z.output<typeof IntegratorKeyId>;
/** One run of an agent process. Two live boots that hold the same machine key are a clone. */
export const BootId = idSchema<'BootId'>('boot');
export type BootId = z.output<typeof BootId>;

/** A media node's name, given by its operator (environment), unique in a fleet. */
export const NodeId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .brand<'NodeId'>();
export type NodeId = z.output<typeof NodeId>;

/** The integrator's own name of a machine; GC keeps it as the machine's durable identity. */
export const DeviceId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/,
    'must be 1-128 characters of A-Z a-z 0-9 . _ : @ -',
  )
  .brand<'DeviceId'>();
export type DeviceId = z.output<typeof DeviceId>;

/** Fencing number of a session's placement: rises by one each time the session is placed again. */
export const Epoch = z.number().int().min(1).max(0xffffffff);

type Ids = {
  ses: SessionId;
  vwr: ViewerId;
  mch: MachineId;
  mky: MachineKeyId;
  enr: EnrolmentTokenId;
  boot: BootId;
  whk: WebhookId;
  dlv: DeliveryId;
  gik: IntegratorKeyId;
};

/**
 * A new id: 48 bits of `nowMs` and 80 random bits (the layout of a ULID), so ids of one kind sort
 * by creation time and a list can use the id itself as its cursor. An id is not a secret.
 */
export function newId<Prefix extends keyof Ids>(
  prefix: Prefix,
  nowMs: number = Date.now(),
): Ids[Prefix] {
  const random = crypto.getRandomValues(new Uint8Array(16));
  let text = '';
  let rest = nowMs;
  for (let i = 0; i < 10; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  for (const byte of random) text += ALPHABET.charAt(byte & 31);
  return `${prefix}_${text}` as Ids[Prefix];
}
