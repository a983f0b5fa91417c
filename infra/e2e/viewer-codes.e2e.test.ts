// One-time codes against the running product: each misuse is refused with its own code.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '@guruconnect/contract/errors';
import { Product } from './product.ts';

let product: Product;
beforeAll(async () => {
  product = await Product.start({ apps: false });
});
afterAll(() => product.close());

async function exchange(
  sessionId: string,
  code: string,
): Promise<{ status: number; code: string | undefined }> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const response = await fetch(`${product.stack.baseUrl}/api/integration/v1/viewer/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: product.stack.baseUrl },
    body: JSON.stringify({ session_id: sessionId, code, public_key: { kty, crv, x, y } }),
  });
  const body: unknown = await response.json();
  return { status: response.status, code: response.ok ? undefined : Problem.parse(body).code };
}

describe('a viewer code', () => {
  it('works once', async () => {
    const session = await product.session();
    expect(await exchange(session.id, session.viewer.code)).toEqual({
      status: 200,
      code: undefined,
    });
    expect(await exchange(session.id, session.viewer.code)).toEqual({
      status: 401,
      code: 'code_used',
    });
  });

  it('works for its own session only', async () => {
    const [one, other] = [await product.session(), await product.session()];
    expect(await exchange(other.id, one.viewer.code)).toEqual({
      status: 401,
      code: 'code_invalid',
    });
  });

  it('does not open an ended session', async () => {
    const session = await product.session();
    await product.stack.contract.sessions.end({ session_id: session.id });
    expect((await exchange(session.id, session.viewer.code)).code).toMatch(
      /session_ended|code_invalid/,
    );
  });
});
