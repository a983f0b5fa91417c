import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grants } from './grants.ts';
import { CreateSession } from './http/v1/sessions.ts';
import { MachineId, newId, SessionId } from './ids.ts';
import { EmbedOrigin, Technician } from './session.ts';

const smallest = { device_id: 'pc-1', mode: 'attended', technician: { id: 't1', name: 'Ada' } };

describe('a session request', () => {
  it('needs no more than device, mode and technician', () => {
    expect(CreateSession.parse(smallest)).toMatchObject({
      grants: ['view'],
      embed_origins: [],
      consent_timeout_s: 30,
    });
  });

  it('refuses unknown fields', () => {
    expect(CreateSession.safeParse({ ...smallest, recrod: true }).success).toBe(false);
  });

  it.each([
    [['control'], false],
    [[], false],
    [['view', 'view', 'control'], true],
    [['view', 'root'], false],
  ])('grants %j: %s', (grants, good) => {
    expect(Grants.safeParse(grants).success).toBe(good);
  });

  it.each([
    ['https://rmm.example', true],
    ['http://127.0.0.1:8081', true],
    ['https://rmm.example/', false],
    ['https://*.example', false],
    ['https://rmm.example/path', false],
    ['javascript:alert(1)', false],
    ['null', false],
    ["https://a.example; script-src 'unsafe-inline'", false],
    ['https://RMM.example', false],
  ])('embed origin %s: %s', (origin, good) => {
    expect(EmbedOrigin.safeParse(origin).success).toBe(good);
  });

  it.each(['Ada\u202egnp.exe', 'A\u0000', 'A\nB', '   ', '\u2066Ada'])(
    'refuses the technician name %j',
    (name) => {
      expect(Technician.safeParse({ id: 't', name }).success).toBe(false);
    },
  );

  it('takes names of the whole world', () => {
    for (const name of ['Ada', 'Иван', '山田太郎', 'أحمد', "O'Brien-Ñandú"]) {
      expect(Technician.parse({ id: 't', name }).name).toBe(name);
    }
  });
});

describe('ids', () => {
  it('fit their own schema and no other', () => {
    const id = newId('ses');
    expect(SessionId.parse(id)).toBe(id);
    expect(MachineId.safeParse(id).success).toBe(false);
  });

  it('sort by time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 47 }),
        fc.integer({ min: 1, max: 10_000 }),
        (at, later) => {
          expect(newId('vwr', at) < newId('vwr', at + later)).toBe(true);
        },
      ),
    );
  });
});
