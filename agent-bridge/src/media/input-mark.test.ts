import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { InputMark } from './input-mark.ts';

describe('the mark of the last input', () => {
  it('is empty at the start', () => {
    expect(new InputMark().read()).toEqual({ seq: 0, atUs: 0 });
  });

  it.each([
    [1, 0],
    [0xffffffff, 4_294_967_295],
    [7, 4_294_967_296],
    [8, 123_456_789_012_345],
  ])('keeps seq %i at %i µs', (seq, atUs) => {
    const mark = new InputMark();
    mark.write(seq, atUs);
    expect(new InputMark(mark.buffer).read()).toEqual({ seq, atUs });
  });

  it('is never seen half written by another thread', async () => {
    const mark = new InputMark();
    mark.write(1, 1000);
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.module).then(({ InputMark }) => {
        const mark = new InputMark(workerData.buffer);
        parentPort.postMessage('reading');
        for (let n = 0; n < 300000; n++) {
          const { seq, atUs } = mark.read();
          if (atUs !== seq * 1000) { parentPort.postMessage({ seq, atUs }); return; }
        }
        parentPort.postMessage('whole');
      });`;
    const module = new URL('./input-mark.ts', import.meta.url).href;
    const worker = new Worker(source, { eval: true, workerData: { buffer: mark.buffer, module } });
    const verdict = new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (said) => {
        if (said !== 'reading') return resolve(said);
        for (let seq = 1; seq < 5_000_000; seq += 17) mark.write(seq, seq * 1000);
      });
    });
    expect(await verdict).toBe('whole');
    await worker.terminate();
  });
});
