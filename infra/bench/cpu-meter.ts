// Processor time and memory of a process and its children, from /proc (proc(5)).
import { readdirSync, readFileSync } from 'node:fs';

const CLOCK_TICKS_PER_S = 100; // USER_HZ on every Linux architecture Node runs on

export type ProcessUse = { readonly cpuS: number; readonly rssMiB: number };

export function processUse(pid: number): ProcessUse {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name (field 2) may hold spaces: count from its closing parenthesis
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = {
    cpuS: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S,
    rssMiB: (Number(fields[21]) * 4096) / 2 ** 20,
  };
  return children(pid)
    .map(processUse)
    .reduce((sum, use) => ({ cpuS: sum.cpuS + use.cpuS, rssMiB: sum.rssMiB + use.rssMiB }), own);
}

function children(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    childrenOfThread(`/proc/${pid}/task/${task}/children`)
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number),
  );
}

function childrenOfThread(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''; // the thread ended meanwhile
    throw error;
  }
}

/** Share of one core used over `seconds`, percent, and memory at the end, for each named pid. */
export async function useOver(pids: Readonly<Record<string, number>>, seconds: number) {
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, use: processUse(pid) }));
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const wallS = (performance.now() - started) / 1000;
  return Object.fromEntries(
    before.map(({ name, pid, use }) => {
      const after = processUse(pid);
      return [
        name,
        {
          cpuPercent: Number((((after.cpuS - use.cpuS) / wallS) * 100).toFixed(2)),
          rssMiB: Math.round(after.rssMiB),
        },
      ];
    }),
  );
}
