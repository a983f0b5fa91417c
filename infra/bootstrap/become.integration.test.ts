import { spawn, type ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';

const BECOME = new URL('become.mjs', import.meta.url).href;

/** A process that becomes `node -e <script>`. */
function start(script: string): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const source = `
    import { become, takeSignals } from ${JSON.stringify(BECOME)};
    const command = [process.execPath, '-e', ${JSON.stringify(script)}];
    await become(command, process.env, takeSignals());`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }) as ReturnType<typeof start>;
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
}

function firstOutput(child: ReturnType<typeof start>): Promise<string> {
  return new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
}

test('has the exit code and the output of the command', async () => {
  const child = start(`console.log('said'); process.exitCode = 7`);
  const [output, end] = await Promise.all([firstOutput(child), ended(child)]);
  expect(output).toBe('said\n');
  expect(end).toEqual({ code: 7, signal: null });
});

test('dies by the signal the command dies by', async () => {
  const child = start(`process.kill(process.pid, 'SIGKILL')`);
  expect(await ended(child)).toEqual({ code: null, signal: 'SIGKILL' });
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'passes %s on and waits for the answer',
  async (signal) => {
    const child = start(`
      process.on('${signal}', () => { console.log('tidy'); process.exit(3); });
      setInterval(() => {}, 1000);
      console.log('up');`);
    await firstOutput(child);
    const answer = firstOutput(child);
    const end = ended(child);
    child.kill(signal);
    expect(await answer).toBe('tidy\n');
    expect(await end).toEqual({ code: 3, signal: null });
  },
);
