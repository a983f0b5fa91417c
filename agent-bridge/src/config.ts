// The agent's environment, parsed once, all faults told at once, frozen. Nothing else configures it.
import { z } from 'zod';
import { DeviceId } from '@guruconnect/contract/ids';
import type { Rendition } from '@guruconnect/contract/rendition';
import { ENCODER_NAMES, type EncoderName } from './media/encoder-choice.ts';

const Environment = z.object({
  GC_SIGNALING_URL: z
    .url({ protocol: /^https?$/ })
    .describe('Where signaling answers, e.g. https://gc.example'),
  GC_DEVICE_ID: DeviceId.describe("The integrator's id of this machine."),
  GC_ENROLMENT_TOKEN: z
    .string()
    .min(16)
    .max(256)
    .optional()
    .describe('Needed once, until this machine has a registered key.'),
  GC_STATE_DIR: z.string().min(1).describe('Folder for the machine key; made when missing (0700).'),
  GC_PLATFORM: z
    .enum(['x11', 'recording'])
    .optional()
    .describe('Which leaves to use; by the operating system when absent.'),
  DISPLAY: z.string().optional().describe('X display to publish (X11 only).'),
  GC_UNATTENDED: z
    .enum(['allow', 'ask', 'deny'])
    .default('allow')
    .describe("This machine's own minimum policy for unattended sessions; it always wins."),
  GC_INDICATOR: z
    .enum(['attended', 'always'])
    .default('attended')
    .describe('In which sessions the strip that says "you are being watched" is shown.'),
  GC_CONSENT_INPUT: z
    .enum(['person', 'any'])
    .default('person')
    .describe(
      'Whose input answers a consent prompt and the stop button: only devices a person can touch, or also injected input (a display without devices: demo and tests).',
    ),
  GC_MAX_VIDEO_BPS: z.coerce
    .number()
    .int()
    .min(100_000)
    .max(200_000_000)
    .default(20_000_000)
    .describe('Most bits a second one watched monitor may use.'),
  GC_CHROMA: z
    .enum(['444', '420'])
    .default('444')
    .describe(
      'Finest colour this machine sends: 444 keeps coloured text sharp for viewers that decode it, at half as much CPU again; 420 gives everybody the plain one.',
    ),
  GC_VIDEO_ENCODERS: z
    .string()
    .default('x264')
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(ENCODER_NAMES)).min(1))
    .describe(
      'H.264 encoders this machine may use, separated by commas: nvenc, qsv, amf, mf, x264. The first that works of that order is used; x264 is always there.',
    ),
  GC_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info'),
});

export type AgentConfig = {
  readonly signalingUrl: string;
  readonly deviceId: DeviceId;
  readonly enrolmentToken: string | undefined;
  readonly stateDir: string;
  readonly platform: 'x11' | 'recording' | undefined;
  readonly display: string | undefined;
  readonly unattended: 'allow' | 'ask' | 'deny';
  readonly indicator: 'attended' | 'always';
  readonly consentInput: 'person' | 'any';
  readonly maxVideoBps: number;
  /** What is published of each monitor; the first is the one that is kept ready. */
  readonly renditions: readonly [Rendition, ...Rendition[]];
  readonly encoders: readonly EncoderName[];
  readonly logLevel: string;
};

const RENDITIONS_OF: Readonly<Record<'444' | '420', AgentConfig['renditions']>> = {
  '444': ['sharp', 'standard', 'reduced', 'thumbnail'],
  '420': ['standard', 'reduced', 'thumbnail'],
};

/** The environment does not fit; the message has a line for each fault and never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv): AgentConfig {
  // An empty variable is what shells and compose files write for "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`the environment does not fit:\n${lines.join('\n')}`);
  }
  const { data } = parsed;
  return Object.freeze({
    signalingUrl: new URL(data.GC_SIGNALING_URL).origin,
    deviceId: data.GC_DEVICE_ID,
    enrolmentToken: data.GC_ENROLMENT_TOKEN,
    stateDir: data.GC_STATE_DIR,
    platform: data.GC_PLATFORM,
    display: data.DISPLAY,
    unattended: data.GC_UNATTENDED,
    indicator: data.GC_INDICATOR,
    consentInput: data.GC_CONSENT_INPUT,
    maxVideoBps: data.GC_MAX_VIDEO_BPS,
    renditions: RENDITIONS_OF[data.GC_CHROMA],
    encoders: data.GC_VIDEO_ENCODERS,
    logLevel: data.GC_LOG_LEVEL,
  });
}

/** For README's table (a test compares): name, default, description. */
export const SETTINGS: readonly { name: string; description: string }[] = Object.entries(
  Environment.shape,
).map(([name, schema]) => ({ name, description: schema.description ?? '' }));
