import { describe, expect, it } from 'vitest';
import { NodeLoad } from '@guruconnect/contract/media-node/node-messages';
import { nodeLoad, RateMeter, type Carried } from './load-meter.ts';

const capacity = {
  sessions: 100,
  egressBps: 1_000_000,
  ingressBps: 500_000,
  packetsPerS: 1000,
  consumers: 200,
};
const idle: Carried = {
  workerCpu: [0, 0],
  ownCpu: 0,
  egressBps: 0,
  ingressBps: 0,
  packetsPerS: 0,
  consumers: 0,
  sessions: 0,
};

describe('the load of a node', () => {
  it('is each dimension against its own limit', () => {
    const load = nodeLoad(
      {
        workerCpu: [0.2, 0.6],
        ownCpu: 0.1,
        egressBps: 250_000,
        ingressBps: 500_000,
        packetsPerS: 1500,
        consumers: 50,
        sessions: 7,
      },
      capacity,
    );
    expect(load).toEqual({
      cpu: 0.4,
      egress: 0.25,
      ingress: 1,
      packets: 1.5,
      consumers: 0.25,
      sessions: 7,
    });
    expect(NodeLoad.parse(load)).toEqual(load);
  });

  it('is that of the control process when it is the fuller one', () => {
    expect(nodeLoad({ ...idle, workerCpu: [0.1], ownCpu: 0.9 }, capacity).cpu).toBe(0.9);
  });

  it('is nothing without workers', () => {
    expect(nodeLoad({ ...idle, workerCpu: [] }, capacity).cpu).toBe(0);
  });
});

describe('a rate meter', () => {
  it('knows a rate from the second reading on', () => {
    const meter = new RateMeter();
    expect(meter.read('a', 1000, 0)).toBe(0);
    expect(meter.read('a', 1500, 2000)).toBe(250);
    expect(meter.read('b', 9999, 2000)).toBe(0);
  });

  it('takes a counter that fell, or time that stood still, for nothing', () => {
    const meter = new RateMeter();
    meter.read('a', 1000, 0);
    expect(meter.read('a', 10, 1000)).toBe(0);
    expect(meter.read('a', 20, 1000)).toBe(0);
  });

  it('forgets what is gone', () => {
    const meter = new RateMeter();
    meter.read('gone', 1, 0);
    meter.read('here', 1, 0);
    meter.keep(new Set(['here']));
    expect(meter.size).toBe(1);
    expect(meter.read('gone', 500, 1000)).toBe(0);
  });
});
