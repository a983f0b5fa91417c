import { expect, it } from 'vitest';
import { chart } from './chart.ts';

const figures = (p50: number, p95: number) => ({ n: 100, p50, p95, min: 1, max: 999 });

it('shows every contender with its figures, and says who could not be measured', () => {
  const svg = chart({
    labels: { guruconnect: 'GuruConnect', meshcentral: 'Mesh & Central', x11vnc: 'x11vnc' },
    latency_ms: {
      loopback_1280x720: {
        flip: {
          guruconnect: figures(25.4, 40),
          meshcentral: figures(93, 183),
          x11vnc: { failed: 'no such package' },
        },
      },
    },
  });
  expect(svg).toContain('25 / 40');
  expect(svg).toContain('93 / 183');
  expect(svg).toContain('Mesh &amp; Central');
  expect(svg).toContain('could not be measured');
  const widths = [...svg.matchAll(/class="bar"[^>]* width="(\d+)"/g)].map(([, px]) => Number(px));
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(25.4 / 93, 2);
});
