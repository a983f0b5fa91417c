import { describe, expect, it, vi } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import type { Bus, BusFacts } from '../store/bus.ts';
import { JournalWatch } from './journal-watch.ts';

type Listener = (fact: BusFacts['journal.appended']) => void;

function watching(perHolder = 2) {
  const listeners = new Set<Listener>();
  const bus: Bus = {
    publish: () => undefined,
    subscribe: (_name, listener) => {
      listeners.add(listener as Listener);
      return () => listeners.delete(listener as Listener);
    },
    close: () => undefined,
  };
  const append = (session_id: string): void => {
    for (const listener of listeners) listener({ session_id } as BusFacts['journal.appended']);
  };
  return { watch: new JournalWatch(bus, perHolder), append, listeners };
}
const one = newId('ses');
const other = newId('ses');

describe('a watcher of a journal', () => {
  it('goes on at the next entry of its session, and of no other', async () => {
    const { watch, append } = watching();
    const watcher = watch.watch(one, 'key');
    const heard = vi.fn();
    const news = watcher.news().then(heard);
    append(other);
    await Promise.resolve();
    expect(heard).not.toHaveBeenCalled();
    append(one);
    await news;
    watcher.close();
  });

  it('does not miss what is appended between reading and waiting', async () => {
    const { watch, append } = watching();
    const watcher = watch.watch(one, 'key');
    append(one);
    await watcher.news();
    watcher.close();
  });

  it('waits no longer than it was told to', async () => {
    vi.useFakeTimers();
    const { watch } = watching();
    const watcher = watch.watch(one, 'key');
    const news = watcher.news(20_000);
    await vi.advanceTimersByTimeAsync(20_000);
    await news;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('is let go when the process stops, also one that comes later', async () => {
    const { watch, listeners } = watching();
    const watcher = watch.watch(one, 'key');
    const news = watcher.news();
    watch.stop();
    await news;
    expect(watcher.isClosed).toBe(true);
    expect(watch.watch(one, 'key').isClosed).toBe(true);
    expect(watch.size).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it('takes one of the places its key has, and gives it back', () => {
    const { watch } = watching(2);
    const first = watch.watch(one, 'key');
    watch.watch(other, 'key');
    expect(() => watch.watch(one, 'key')).toThrow(
      expect.objectContaining({ code: 'limit_reached' }),
    );
    watch.watch(one, 'another key').close();
    first.close();
    first.close();
    expect(watch.size).toBe(1);
    watch.watch(one, 'key');
  });
});
