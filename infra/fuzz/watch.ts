// What must not change while it is fuzzed: the processes, the worker's pid, their memory.
import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '../trust/world.ts';

export const WATCHED = ['signaling', 'sfu', 'worker'] as const;
export type Watched = (typeof WATCHED)[number];
export type Sample = Readonly<Record<Watched, { readonly pid: number; readonly rssMiB: number }>>;

const rssMiB = (pid: number): number => {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return Math.round((pages * 4096) / 2 ** 20);
};

/** The media node has one child that matters: its worker. @throws Error when there is none. */
function workerPid(parent: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, , ppid] = stat.slice(stat.lastIndexOf(')')).split(' ');
      if (Number(ppid) === parent && stat.includes('mediasoup')) return Number(name);
    } catch {
      // ended between the list and the look
    }
  }
  throw new Error('the media node has no worker');
}

/** @throws Error when a process is gone. */
export function look({ stack }: World): Sample {
  const signaling = stack.process('signaling');
  const sfu = stack.process('sfu');
  if (!signaling.running) throw new Error('signaling is gone');
  if (!sfu.running) throw new Error('the media node is gone');
  const pids = { signaling: signaling.pid, sfu: sfu.pid, worker: workerPid(sfu.pid) };
  return {
    signaling: { pid: pids.signaling, rssMiB: rssMiB(pids.signaling) },
    sfu: { pid: pids.sfu, rssMiB: rssMiB(pids.sfu) },
    worker: { pid: pids.worker, rssMiB: rssMiB(pids.worker) },
  };
}
