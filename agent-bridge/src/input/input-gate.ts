// May this input be carried out? Pure, and the only place where that is decided: consent, grant,
// whose turn it is, amount, and whether the technician saw the monitors as they are now.
import type { ErrorCode } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { InputEvent } from '@guruconnect/contract/input/input-event';
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import type { Affordable } from './input-budget.ts';

export interface GateContext {
  /** The end user, or policy, allowed this session, and it has not ended. */
  readonly consented: boolean;
  /** A question is on this machine's screen: nobody who is not there may answer or hide it. */
  readonly asking: boolean;
  /** Of the viewer that sends; undefined when there is no such viewer (any more). */
  readonly grants: readonly Grant[] | undefined;
  /** Is it this viewer's turn? See arbitration.ts. */
  readonly hasFloor: boolean;
  readonly affordable: Affordable;
  readonly topology: Topology;
}

export type Verdict =
  | { readonly verdict: 'allow'; readonly monitor: Monitor }
  /** Always harmless, and always needed: nothing may stay down. */
  | { readonly verdict: 'release' }
  /** It asks, and changes nothing: whoever may control may know when (facts/fact.ts, `clock`). */
  | { readonly verdict: 'answer' }
  /** Too many moves: the next one says it all again, so nobody is told. */
  | { readonly verdict: 'drop' }
  | { readonly verdict: 'refuse'; readonly code: ErrorCode };

const refuse = (code: ErrorCode): Verdict => ({ verdict: 'refuse', code });

export function judge(event: InputEvent, context: GateContext): Verdict {
  const { consented, asking, grants, hasFloor, affordable, topology } = context;
  if (!consented) return refuse('consent_required');
  if (!grants?.includes('control')) return refuse('grant_missing');
  if (event.kind === 'release_all') return { verdict: 'release' };
  if (event.kind === 'probe') return { verdict: affordable === 'all' ? 'answer' : 'drop' };
  if (asking) return refuse('consent_required');
  if (!hasFloor) return refuse('limit_reached');
  if (event.kind === 'move' && affordable !== 'all') return { verdict: 'drop' };
  if (affordable === 'nothing') return refuse('rate_limited');
  if (event.topology_epoch !== topology.topology_epoch) return refuse('stale_topology');
  const monitor = topology.monitors.find(({ monitor_id }) => monitor_id === event.monitor_id);
  return monitor ? { verdict: 'allow', monitor } : refuse('not_found');
}
