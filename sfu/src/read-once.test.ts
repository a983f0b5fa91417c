import { describe, expect, it } from 'vitest';
import { ReadOnce } from './read-once.ts';

describe('a reading', () => {
  it('is shared by all who ask within its time, and made anew after it', async () => {
    let nowMs = 0;
    let made = 0;
    const stats = new ReadOnce<number>(1_000, () => nowMs);
    const read = () => stats.read(async () => (made += 1));
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    nowMs = 999;
    expect(await read()).toBe(1);
    nowMs = 1_000;
    expect(await read()).toBe(2);
  });

  it('that failed is not kept', async () => {
    const stats = new ReadOnce<string>(1_000, () => 0);
    const failing = stats.read(() => Promise.reject(new Error('worker died')));
    await expect(failing).rejects.toThrow('worker died');
    expect(await stats.read(async () => 'fine')).toBe('fine');
  });
});
