import { describe, expect, it } from 'vitest';
import { ownerless, type ObjectCounts } from './leak-watch.ts';

const counts = (routers: number, transports: number): ObjectCounts => ({
  workers: 1,
  routers,
  transports,
  producers: 0,
  consumers: 0,
  data_producers: 0,
  data_consumers: 0,
  server_transports: transports,
});

describe('media objects without an owner', () => {
  it('are routers and transports beyond what sessions and endpoints have', () => {
    expect(ownerless(counts(2, 6), { sessions: 2, endpoints: 3 })).toBe(0);
    expect(ownerless(counts(3, 6), { sessions: 2, endpoints: 3 })).toBe(1);
    expect(ownerless(counts(2, 8), { sessions: 2, endpoints: 3 })).toBe(2);
  });

  it('do not make up for each other', () => {
    expect(ownerless(counts(1, 8), { sessions: 2, endpoints: 3 })).toBe(2);
  });
});
