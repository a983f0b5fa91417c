import { describe, expect, it } from 'vitest';
import { NodeId } from '@guruconnect/contract/ids';
import { nodeToken } from '../../test/control-client.ts';
import { refusalOf } from '../../test/refusal-of.ts';
import { ControlAuth } from './control-auth.ts';

const SECRET = 'a-cluster-secret-for-this-unit-test-only';
const node = NodeId.parse('node-1');
const START_S = 1_800_000_000;

describe('tokens of the control socket', () => {
  it('live a minute and the clock tolerance, not longer', async () => {
    let nowS = START_S;
    const auth = new ControlAuth(node, [SECRET], () => nowS * 1000);
    const issued = { issuedAtS: START_S };
    nowS = START_S + 85;
    expect((await auth.admit({ token: await nodeToken(SECRET, issued) })).iss).toBe(
      'test-signaling',
    );
    nowS = START_S + 95;
    expect(await refusalOf(auth.admit({ token: await nodeToken(SECRET, issued) }))).toBe(
      'credential_expired',
    );
  });

  it('are remembered as used for as long as they would be valid', async () => {
    let nowS = START_S;
    const auth = new ControlAuth(node, [SECRET], () => nowS * 1000);
    // Signed by a clock that is ahead: valid the longest.
    const token = await nodeToken(SECRET, { issuedAtS: START_S + 29 });
    await auth.admit({ token });
    for (nowS = START_S; nowS < START_S + 118; nowS += 1)
      expect(await refusalOf(auth.admit({ token }))).toBe('credential_replayed');
    nowS = START_S + 200;
    expect(await refusalOf(auth.admit({ token }))).toBe('credential_expired');
  });

  it('made for another node are worth nothing here', async () => {
    const auth = new ControlAuth(node, [SECRET]);
    const here = await nodeToken(SECRET, { nodeId: 'node-1' });
    const there = await nodeToken(SECRET, { nodeId: 'node-2' });
    await auth.admit({ token: here });
    expect(await refusalOf(auth.admit({ token: there }))).toBe('unauthenticated');
  });
});
