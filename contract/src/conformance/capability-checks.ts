// What a server says it can do, and that it means it.
import { PROBLEM_TYPE } from '../http/v1/headers.ts';
import type { Check } from './check.ts';
import { BrokenPromise, demand, NotApplicable, refused, type Answer, type Probe } from './probe.ts';

/** A request that needs the feature and nothing else that may be missing. */
const USES: Readonly<Record<string, (probe: Probe) => Promise<Answer>>> = {
  unattended_access: async (probe) =>
    probe.ask('POST', '/sessions', { body: await probe.sessionRequest({ mode: 'unattended' }) }),
  consent_prompt: async (probe) =>
    probe.ask('POST', '/sessions', { body: await probe.sessionRequest({ mode: 'attended' }) }),
  view_only: async (probe) =>
    probe.ask('POST', '/sessions', { body: await probe.sessionRequest({ grants: ['view'] }) }),
  remote_input: async (probe) =>
    probe.ask('POST', '/sessions', {
      body: await probe.sessionRequest({ grants: ['view', 'control'] }),
    }),
  embedded_viewer: async (probe) =>
    probe.ask('POST', '/sessions', {
      body: await probe.sessionRequest({ embed_origins: ['https://rmm.example'] }),
    }),
  events_api: async (probe) => {
    const { id } = await probe.createSession();
    return probe.ask('GET', `/sessions/${id}/events`);
  },
  agent_releases: (probe) => probe.ask('GET', '/agent/releases'),
};

export const CAPABILITY_CHECKS: readonly Check[] = [
  {
    id: 'capabilities.shape',
    promise: 'The capabilities document has its shape; both of its maps tell the same features',
    section: 'Capabilities',
    async run(probe) {
      const { contract_version, supported_versions, features, feature_details } =
        await probe.capabilities();
      demand(
        /^1\.\d+\.\d+$/.test(contract_version) && supported_versions.includes('1'),
        `contract_version ${contract_version} does not serve version 1`,
      );
      for (const name of ['file_transfer', 'session_recording'])
        demand(name in features, `features does not name ${name}, on or off`);
      for (const name of new Set([...Object.keys(features), ...Object.keys(feature_details)])) {
        const detail = feature_details[name];
        const on = features[name];
        demand(
          detail !== undefined && on !== undefined && on === (detail.state === 'on'),
          `features says ${String(on)} of ${name}, feature_details ${detail?.state ?? 'nothing'}`,
        );
        demand(on || Boolean(detail.reason_if_off), `${name} is off without a reason_if_off`);
      }
    },
  },
  {
    id: 'capabilities.public',
    promise: 'The capabilities document needs no key and is the same without a version',
    section: 'Capabilities',
    async run(probe) {
      const [versioned, bare] = [
        await probe.ask('GET', '/capabilities', { key: null }),
        await probe.ask('GET', '//api/integration/capabilities', { key: null }),
      ];
      for (const { what, status } of [versioned, bare])
        demand(status === 200, `${what} answered ${status} to who has no key`);
      demand(versioned.text === bare.text, 'the two addresses answer different documents');
    },
  },
  {
    id: 'capabilities.etag',
    promise: 'Who has the capabilities document already is not sent it again',
    section: 'Capabilities',
    async run(probe) {
      const etag = (await probe.ask('GET', '/capabilities', { key: null })).header('etag');
      demand(etag !== undefined, 'there is no ETag');
      const headers = { 'if-none-match': etag };
      const again = await probe.ask('GET', '/capabilities', { key: null, headers });
      demand(
        again.status === 304 && again.text === '',
        `If-None-Match with the ETag got ${again.status} instead of an empty 304`,
      );
    },
  },
  {
    id: 'capabilities.true',
    promise: 'A feature that is said to be off is refused with feature_off',
    section: 'Capabilities',
    async run(probe) {
      const { features } = await probe.capabilities();
      const off = Object.entries(USES).filter(([name]) => features[name] !== true);
      if (off.length === 0) throw new NotApplicable('everything that can be tried is on here');
      for (const [name, use] of off) {
        const answer = await use(probe);
        if (answer.status === 201) probe.created(answer);
        refused(answer, 'feature_off', `${name} is said to be off`);
      }
    },
  },
  {
    id: 'methods.sane',
    promise: 'HEAD is GET without a body, OPTIONS opens nothing, other methods are named',
    section: 'Routes',
    async run(probe) {
      const get = await probe.ask('GET', '/capabilities', { key: null });
      const head = await probe.ask('HEAD', '/capabilities', { key: null });
      demand(
        head.status === get.status &&
          head.text === '' &&
          head.header('etag') === get.header('etag'),
        `HEAD answered ${head.status}, GET ${get.status}`,
      );
      const origin = 'https://elsewhere.example';
      const options = await probe.ask('OPTIONS', '/sessions', { key: null, headers: { origin } });
      const allowed = options.header('access-control-allow-origin');
      demand(options.status < 500, `OPTIONS answered ${options.status}`);
      if (allowed === '*' || allowed === origin)
        throw new BrokenPromise('pages of any origin may call the API from a browser');
      const other = await probe.ask('PATCH', '/sessions', { body: {} });
      refused(other, 'method_not_allowed', 'PATCH is no method of a route');
      const named = other.header('allow')?.split(/\s*,\s*/) ?? [];
      demand(
        named.includes('GET') && named.includes('POST'),
        `the Allow header of /sessions names ${named.join(', ') || 'nothing'}`,
      );
      demand(
        other.header('content-type')?.startsWith(PROBLEM_TYPE) ?? false,
        'method_not_allowed is no problem document',
      );
    },
  },
];
