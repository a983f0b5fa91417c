import { expect, test } from 'vitest';
import { createLog, createSteps, formatDuration } from './progress.mjs';

function output({ isTTY }: { isTTY: boolean }) {
  const written: string[] = [];
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) };
}

test('in a file the running step is repeated only now and then', () => {
  const stream = output({ isTTY: false });
  let nowMs = 0;
  const log = createLog(stream, () => nowMs);
  for (; nowMs < 60_000; nowMs += 1_000) log.live(`at ${nowMs}`);
  expect(stream.written).toEqual(['at 0\n', 'at 15000\n', 'at 30000\n', 'at 45000\n']);
});

test('on a terminal the running step is replaced by what comes after it', () => {
  const stream = output({ isTTY: true });
  const log = createLog(stream);
  log.live('working, with more to say than the terminal is wide');
  log.line('done');
  expect(stream.written).toEqual([
    '\r\x1b[Kworking, with more to say than the term',
    '\r\x1b[K',
    'done\n',
  ]);
});

test('steps are numbered and timed', () => {
  const stream = output({ isTTY: false });
  let nowMs = 0;
  const steps = createSteps(createLog(stream), 2, () => nowMs);
  steps.begin('one').done('fine');
  const two = steps.begin('two');
  nowMs = 61_000;
  two.done('built');
  expect(stream.written).toEqual([
    '[setup 1/2] one: fine (0.0 s)\n',
    '[setup 2/2] two: built (1 min 01 s)\n',
  ]);
});

test.each([
  [140, '0.1 s'],
  [9_960, '10 s'],
  [59_700, '1 min 00 s'],
  [185_000, '3 min 05 s'],
])('%s ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});
