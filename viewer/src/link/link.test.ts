import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { GcError } from '@guruconnect/contract/errors';
import { API_BASE, ROUTES } from '@guruconnect/contract/http/v1/routes';
import { ExchangeCode } from '@guruconnect/contract/http/v1/viewer';
import { ROUTE_EXAMPLES } from '@guruconnect/contract/openapi/route-examples';
import { newId } from '@guruconnect/contract/ids';
import { TOKEN_TYPES, VIEWER_PROOF, ViewerProofClaims } from '@guruconnect/contract/tokens';
import { exchangeCode } from './exchange.ts';
import { ReconnectLoop } from './reconnect-loop.ts';
import { connectError } from './signal-link.ts';
import { EXCHANGE_PATH, beginOpening, generateKeys } from './opening.ts';
import { ViewerKey } from './viewer-key.ts';
import { readToken, renewInMs, serverNowS } from './viewer-token.ts';

describe('the viewer’s key', () => {
  it('cannot be taken out of the browser', async () => {
    const { privateKey } = await generateKeys();
    expect(privateKey.extractable).toBe(false);
  });

  it('proves itself anew for each connection, bound to the token', async () => {
    const key = await ViewerKey.of(await generateKeys());
    const first = await key.prove('token', 1_700_000_000);
    const second = await key.prove('token', 1_700_000_000);
    expect(second).not.toBe(first);
    const { payload } = await jwtVerify(
      first,
      { ...key.publicJwk },
      {
        audience: VIEWER_PROOF.audience,
        typ: TOKEN_TYPES.viewerProof,
        currentDate: new Date(1_700_000_000_000),
      },
    );
    const claims = ViewerProofClaims.parse(payload);
    expect(claims.iat).toBe(1_700_000_000);
    // SHA-256 of "token", base64url
    expect(claims.ath).toBe('PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A');
    expect(decodeProtectedHeader(first)).toMatchObject({ alg: 'ES256', jwk: key.publicJwk });
  });
});

const tokenOf = (iat: number, exp: number): Promise<string> =>
  new SignJWT({ sid: newId('ses'), grants: ['view'], cnf: { jkt: 'x'.repeat(43) } })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('gc-signaling')
    .setAudience('gc-viewer')
    .setSubject(newId('vwr'))
    .setIssuedAt(iat)
    .setExpirationTime(exp)
    .sign(new Uint8Array(32));

describe('the viewer’s token', () => {
  it('is renewed with time to spare, by its lifetime and not by this machine’s clock', async () => {
    // This clock is an hour ahead of the server's.
    const here = 1_700_003_600_000;
    const token = readToken(await tokenOf(1_700_000_000, 1_700_000_300), here);
    expect(renewInMs(token, here)).toBe(180_000);
    expect(renewInMs(token, here + 400_000)).toBe(0);
    expect(serverNowS(token, here + 5_000)).toBe(1_700_000_005);
  });

  it('that is none is refused as such', () => {
    expect(() => readToken('nonsense', 0)).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  });
});

describe('the exchange', () => {
  const exchanged = {
    token: 't',
    expires_at: new Date().toISOString(),
    viewer_id: newId('vwr'),
    session_id: newId('ses'),
    grants: ['view'],
    embed_origins: [],
  };
  const run = (answers: (Response | Error)[]) => {
    const waits: number[] = [];
    const calls = { count: 0 };
    const result = exchangeCode({
      send: () => {
        const answer = answers[Math.min(calls.count, answers.length - 1)];
        calls.count += 1;
        return answer instanceof Response
          ? Promise.resolve(answer.clone())
          : Promise.reject(answer ?? new Error());
      },
      signal: new AbortController().signal,
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    });
    return { result, calls, waits };
  };
  const problem = (code: 'code_used' | 'rate_limited', headers = {}) => {
    const body = new GcError(code).toProblem();
    return new Response(JSON.stringify(body), { status: body.status, headers });
  };

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('carries the code in its body only, without cookies or referrer, to the route of the contract', async () => {
    expect(EXCHANGE_PATH).toBe(`${API_BASE}${ROUTES['viewer.exchange'].path}`);
    const calls: [URL, RequestInit][] = [];
    vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
      calls.push([url, init]);
      return Promise.resolve(new Response('{}'));
    });
    const request = {
      serverUrl: 'https://gc.example',
      sessionId: newId('ses'),
      code: 'gcv_0123456789abcdef',
    };
    await beginOpening(request).response;
    const [url, init] = calls[0] ?? [];
    expect(url?.href).toBe('https://gc.example/api/integration/v1/viewer/exchange');
    expect(init).toMatchObject({
      method: ROUTES['viewer.exchange'].method,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    expect(ExchangeCode.parse(JSON.parse(String(init?.body)))).toMatchObject({
      session_id: request.sessionId,
      code: request.code,
    });
  });

  it('is not tried again when the code was refused', async () => {
    const { result, calls } = run([problem('code_used')]);
    await expect(result).rejects.toMatchObject({ code: 'code_used' });
    expect(calls.count).toBe(1);
  });

  it('that comes too late tells how the session ended, where the server says so', async () => {
    const body = new GcError('session_ended').toProblem();
    const ended = { session: ROUTE_EXAMPLES['sessions.read'].response, events: [] };
    const answer = (members: object) =>
      new Response(JSON.stringify({ ...body, ...members }), { status: body.status });
    expect(await run([answer({ ended })]).result).toMatchObject({ ended: { events: [] } });
    for (const older of [{}, { ended: { session: 'x' } }])
      await expect(run([answer(older)]).result).rejects.toMatchObject({ code: 'session_ended' });
  });

  it('is tried again when the network or the server failed, as late as it was told', async () => {
    const { result, waits } = run([
      new TypeError('network'),
      problem('rate_limited', { 'retry-after': '3' }),
      new Response(JSON.stringify(exchanged)),
    ]);
    expect(await result).toMatchObject({ admitted: { token: 't' } });
    expect(waits[1]).toBe(3_000);
  });

  it('gives up on a server that never answers, with a coded error', async () => {
    const { result, calls } = run([new TypeError('network')]);
    await expect(result).rejects.toMatchObject({ code: 'timeout' });
    expect(calls.count).toBe(4);
  });

  it('does not trust an answer that is no answer', async () => {
    const { result } = run([new Response('{"token":1}')]);
    await expect(result).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the reconnect loop', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits longer after each failure, and starts again short after a connection that held', async () => {
    const lostAt: number[] = [];
    let tries = 0;
    const loop = new ReconnectLoop({
      connect: () => {
        tries += 1;
        if (tries !== 4) return Promise.reject(new GcError('timeout'));
        return Promise.resolve({ lost: new Promise((r) => setTimeout(r, 60_000)) });
      },
      onLost: (attempt) => lostAt.push(attempt),
      random: () => 0,
    });
    const done = loop.run();
    await vi.advanceTimersByTimeAsync(200 + 360 + 648 + 60_000 + 200);
    expect(lostAt).toEqual([0, 1, 2, 0, 1]);
    loop.close();
    await done;
  });

  it('ends with an error that no attempt can cure', async () => {
    const loop = new ReconnectLoop({
      connect: () => Promise.reject(new GcError('credential_revoked')),
      onLost: () => undefined,
    });
    await expect(loop.run()).rejects.toMatchObject({ code: 'credential_revoked' });
  });

  it('does not wait when it is told that the network is back', async () => {
    let tries = 0;
    const loop = new ReconnectLoop({
      connect: () => {
        tries += 1;
        return Promise.reject(new GcError('timeout', 'away', { retryAfterMs: 60_000 }));
      },
      onLost: () => undefined,
    });
    const done = loop.run();
    await vi.advanceTimersByTimeAsync(10);
    loop.tryNow();
    await vi.advanceTimersByTimeAsync(10);
    expect(tries).toBe(2);
    loop.close();
    await done;
  });
});

describe('a refused handshake', () => {
  it('keeps the server’s code', () => {
    const data = new GcError('credential_expired').toWire();
    expect(connectError(Object.assign(new Error('x'), { data })).code).toBe('credential_expired');
    expect(connectError(new Error('session_ended')).code).toBe('session_ended');
  });

  it('without a code is a network that may come back', () => {
    expect(connectError(new Error('websocket error')).code).toBe('timeout');
  });
});
