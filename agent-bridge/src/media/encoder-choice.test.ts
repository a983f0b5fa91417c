import { describe, expect, it } from 'vitest';
import { ENCODER_NAMES, encoderOrder } from './encoder-choice.ts';

const NONE = new Set<never>();

describe('the choice of an encoder', () => {
  it('is x264 alone when the policy names no hardware', () => {
    expect(encoderOrder(['x264'], '444', NONE)).toEqual(['x264']);
    expect(encoderOrder([], '420', NONE)).toEqual(['x264']);
  });

  it('follows the table, not the order of the policy, and ends with x264', () => {
    expect(encoderOrder(['amf', 'qsv', 'nvenc'], '420', NONE)).toEqual([
      'nvenc',
      'qsv',
      'amf',
      'x264',
    ]);
  });

  it('gives 4:4:4 only to encoders that can', () => {
    expect(encoderOrder(ENCODER_NAMES, '444', NONE)).toEqual(['nvenc', 'x264']);
  });

  it('leaves out what failed here before', () => {
    expect(encoderOrder(ENCODER_NAMES, '420', new Set(['nvenc', 'mf'] as const))).toEqual([
      'qsv',
      'amf',
      'x264',
    ]);
  });
});
