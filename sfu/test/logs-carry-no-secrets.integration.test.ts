// At the chattiest level, through a whole session and its refusals, no log line carries a secret,
// a token, an ICE password, a fingerprint or what went over a channel.
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ASession } from './a-session.ts';
import { ControlClient, nodeToken } from './control-client.ts';
import { refusalOf } from './refusal-of.ts';
import { dtlsParameters } from './rtc-parameters.ts';
import { startTestNode } from './start-test-node.ts';

it('logs a session without anything secret', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  const testNode = await startTestNode({ logger });
  const token = await nodeToken(testNode.secret);
  const secrets = [testNode.secret, token, dtlsParameters().fingerprints[0]?.value];
  try {
    const control = await ControlClient.connect(testNode.url, { token });
    await refusalOf(ControlClient.connect(testNode.url, { token }));
    const session = await new ASession(control).openWithAgent();
    const viewer = await session.openViewer();
    const { send_transport } = await session.ask('endpoint.open', {
      endpoint_id: 'agent',
      may_send_input: false,
    });
    secrets.push(send_transport.iceParameters.password);
    secrets.push(...send_transport.dtlsParameters.fingerprints.map(({ value }) => value));
    const transport = { endpoint_id: 'agent' as const, transport_id: send_transport.id };
    await session.ask('transport.connect', { ...transport, dtls_parameters: dtlsParameters() });
    await session.publish(1);
    await session.watch(viewer, 1);
    // Refusals log what was wrong, never what was said.
    await control.askRaw('session.gate', { ...session.fence, open: testNode.secret });
    await control.askRaw('transport.connect', {
      ...session.fence,
      ...transport,
      dtls_parameters: { fingerprints: [{ algorithm: 'md5', value: testNode.secret }] },
    });
    process.kill(testNode.node.workerPids[0] ?? 0, 'SIGKILL');
    await control.notice('sessions.lost');
  } finally {
    await testNode.close();
  }
  const log = lines.join('');
  for (const step of ['signaling connected', 'endpoint opened', 'session closed', 'refused'])
    expect(log).toContain(step);
  for (const secret of secrets) expect(log).not.toContain(secret);
});
