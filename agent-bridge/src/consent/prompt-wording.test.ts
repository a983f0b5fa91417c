import { GRANTS, type Grant } from '@guruconnect/contract/grants';
import { describe, expect, it } from 'vitest';
import { countdownText, indicatorText, promptWording } from './prompt-wording.ts';

const ask = (over: object) =>
  promptWording({ technician: { name: 'Ana' }, grants: ['view'], timeoutMs: 1, ...over });

describe('the prompt says', () => {
  it('every grant that is asked for, in words, and no other', () => {
    const all = Object.keys(GRANTS) as Grant[];
    expect(ask({ grants: all }).asks).toHaveLength(all.length);
    expect(ask({ grants: ['view'] }).asks).toHaveLength(1);
    expect(ask({ grants: ['control', 'view'] }).asks).toEqual(
      ask({ grants: ['view', 'control'] }).asks,
    );
  });

  it('nothing foreign that was not cleaned', () => {
    const dirty = 'x\u202ey\nz';
    const wording = ask({ technician: { name: dirty, organization: dirty }, reason: dirty });
    expect([wording.name, wording.organization, wording.reason]).toEqual(['xy z', 'xy z', 'xy z']);
  });

  it('something even for a name of nothing', () => {
    expect(ask({ technician: { name: '\u200b' } })).toMatchObject({
      name: 'A technician',
      initials: 'AT',
    });
    expect(ask({ technician: { name: 'Ana', organization: ' ' }, reason: '' })).toMatchObject({
      organization: undefined,
      reason: undefined,
    });
  });
});

describe('the countdown', () => {
  it.each([
    [30_000, 'Denied automatically in 30 s'],
    [29_001, 'Denied automatically in 30 s'],
    [1, 'Denied automatically in 1 s'],
    [-50, 'Denied automatically in 1 s'],
    [300_000, 'Denied automatically in 5 min'],
  ])('%i ms: %s', (leftMs, text) => {
    expect(countdownText(leftMs)).toBe(text);
  });
});

describe('the indicator says', () => {
  const viewing = (name: string) => ({ name, activity: 'viewing' }) as const;
  const controlling = (name: string) => ({ name, activity: 'controlling' }) as const;

  it.each([
    ['Ana is viewing this computer', [viewing('Ana')]],
    ['Bob and one other are controlling this computer', [viewing('Ana'), controlling('Bob')]],
    ['Ana and 2 others are viewing this computer', ['Ana', 'Bob', 'Eve'].map(viewing)],
    ['A technician is viewing this computer', [viewing('\u202e')]],
  ])('%s', (text, technicians) => {
    expect(indicatorText(technicians)).toBe(text);
  });
});
