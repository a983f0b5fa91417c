// What a viewer may do. Enforced in the media node (nothing is opened without it) and in the
// agent (nothing is carried out without it); the viewer only shows it.
import { z } from 'zod';

export const GRANTS = {
  view: 'See the monitors',
  control: 'Use keyboard and mouse',
} as const;

export type Grant = keyof typeof GRANTS;
export const Grant = z.enum(Object.keys(GRANTS) as [Grant, ...Grant[]]);

/** A set: order and repetition carry no meaning, so both are normalised away. */
export const Grants = z
  .array(Grant)
  .min(1, 'at least one grant is needed')
  .max(16)
  .transform((grants) => [...new Set(grants)].sort())
  .refine((grants) => grants.includes('view'), 'every grant needs "view"')
  // The same for readers of the OpenAPI description: a converter cannot read a function.
  .meta({ contains: { const: 'view' } });
export type Grants = z.output<typeof Grants>;

/** Are all of `wanted` within `given`? */
export const within = (wanted: readonly Grant[], given: readonly Grant[]): boolean =>
  wanted.every((grant) => given.includes(grant));
