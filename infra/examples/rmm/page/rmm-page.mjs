// The dashboard's script: our own server starts a session, <guru-session> shows it and tells what
// becomes of it. Plain JavaScript, as it is served; the integrator key stays on the server.
/** @import { GuruSession } from '@guruconnect/contract/element/guru-session' */
/** @import { Machine } from '@guruconnect/contract/http/v1/machines' */
/** @import { ConsentState } from '@guruconnect/contract/session' */
/** @import { Refusal } from './own-server.mjs' */
import { LifecycleLog } from './lifecycle-log.mjs';
import { factsOf, showMachines } from './machine-list.mjs';
import { adviceOn, ask, refusalOf } from './own-server.mjs';

const byId = (/** @type {string} */ id) => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
};
const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));

const remote = /** @type {GuruSession} */ (byId('remote'));
const form = /** @type {HTMLFormElement} */ (byId('open'));
const log = new LifecycleLog(byId('events'));
const address = new URLSearchParams(location.search);

const MACHINES_EVERY_MS = 3_000;
const STORY_EVERY_MS = 1_000;
/** How long the last webhooks of an ended session are waited for. */
const STORY_AFTER_END_MS = 10_000;

/** @type {readonly Machine[]} */
let machines = [];
let selected = address.get('device') ?? undefined;
/** @type {string | undefined} */
let sessionId;

// --- machines -----------------------------------------------------------------------------------

async function readMachines() {
  try {
    const answer = await ask('/api/machines');
    machines = answer.machines;
    selected ??= answer.selected;
    drawMachines();
  } catch (thrown) {
    byId('facts').textContent = adviceOn(refusalOf(thrown));
  }
}

function drawMachines() {
  showMachines(byId('machines'), machines, selected, (deviceId) => {
    selected = deviceId;
    drawMachines();
  });
  byId('no-machines').hidden = machines.length > 0;
  const machine = machines.find(({ device_id }) => device_id === selected);
  // While a session is shown, the heading names its machine.
  if (sessionId !== undefined) return;
  byId('device').textContent = selected ?? 'No machine';
  byId('facts').textContent = machine ? factsOf(machine) : 'Not known to GuruConnect';
}

// --- a session ----------------------------------------------------------------------------------

/** @param {{ device?: string, mode?: string, grants?: string }} wish */
async function start(wish) {
  tell(undefined);
  button('start').disabled = true;
  try {
    const { id, viewer } = await ask('/api/sessions', wish);
    sessionId = id;
    log.clear();
    form.hidden = true;
    byId('commands').hidden = false;
    byId('empty').hidden = true;
    remote.hidden = false;
    showConsent(wish.mode === 'attended' ? 'pending' : undefined);
    void follow(id);
    // { url, code }: all that the page needs to know, and it works once.
    await remote.connect(viewer);
  } catch (thrown) {
    tell(refusalOf(thrown), () => void start(wish));
    if (remote.state === undefined) over();
  } finally {
    button('start').disabled = false;
  }
}

/** Back to where a session can be started; what was shown and told of the last one stays. */
function over() {
  sessionId = undefined;
  form.hidden = false;
  byId('commands').hidden = true;
  byId('monitors').replaceChildren();
  drawMachines();
}

/**
 * What our server knows of it: the events that webhooks told and the API filled in, and consent.
 * @param {string} id
 */
async function follow(id) {
  let giveUpAt = Infinity;
  for (;;) {
    try {
      const { session, events, webhooks } = await ask(`/api/sessions/${id}`);
      if (sessionId !== undefined && sessionId !== id) return;
      for (const event of events) log.add(event, event.ways);
      showConsent(session.consent.state);
      const isTold = webhooks.state !== 'active' || log.isWhole('webhook');
      if (session.state === 'ended') giveUpAt = Math.min(giveUpAt, Date.now() + STORY_AFTER_END_MS);
      if (webhooks.state !== 'active')
        byId('log-note').textContent = `No webhooks: ${webhooks.detail}`;
      if (session.state === 'ended' && (isTold || Date.now() > giveUpAt)) return;
    } catch (thrown) {
      // Told once; the page itself goes on hearing from the viewer.
      if (!refusalOf(thrown).retryable) return tell(refusalOf(thrown));
    }
    await new Promise((resolve) => setTimeout(resolve, STORY_EVERY_MS));
  }
}

// --- what the viewer tells ----------------------------------------------------------------------

remote.addEventListener('gc-connected', ({ detail }) => showState(detail.state));
remote.addEventListener('gc-state', ({ detail: { state, end_reason, error } }) => {
  showState(state, end_reason ?? error?.code);
  if (error) tell(error);
  if (state === 'ended' || state === 'failed') over();
});
remote.addEventListener('gc-event', ({ detail: { event } }) => {
  log.add(event, ['page']);
  const [noun, answer] = event.type.split('.');
  if (noun === 'consent') showConsent(answer === 'requested' ? 'pending' : answer);
});
remote.addEventListener('gc-topology', ({ detail }) => {
  byId('monitors').replaceChildren(
    ...detail.topology.monitors.map(({ monitor_id, name, width, height }, index) => {
      const select = document.createElement('button');
      select.type = 'button';
      select.textContent = `Screen ${index + 1}`;
      select.title = `${name}, ${width} × ${height}`;
      select.setAttribute('aria-pressed', String(monitor_id === detail.selected_monitor_id));
      select.onclick = () => command(() => remote.selectMonitor(monitor_id));
      return select;
    }),
  );
});
remote.addEventListener('gc-input', ({ detail: { enabled, why } }) => {
  for (const id of ['control', 'keys']) {
    button(id).disabled = !enabled;
    button(id).title = why ?? '';
  }
});
remote.addEventListener('gc-error', ({ detail }) => {
  tell(refusalOf(detail.error));
  over();
});

// --- what the technician does -------------------------------------------------------------------

/** @param {() => Promise<void>} what */
async function command(what) {
  tell(undefined);
  try {
    await what();
  } catch (thrown) {
    tell(refusalOf(thrown), () => void command(what));
  }
}

form.onsubmit = (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const chosen = new FormData(form);
  void start({
    ...(selected === undefined ? {} : { device: selected }),
    mode: String(chosen.get('mode')),
    grants: String(chosen.get('grants')),
  });
};
button('control').onclick = () => command(() => remote.requestControl());
button('keys').onclick = () => command(() => remote.sendKeys(['ControlLeft', 'AltLeft', 'Delete']));
button('fullscreen').onclick = () => command(() => remote.fullscreen());
button('end').onclick = () =>
  command(async () => {
    // Our server can always end it; the viewer only while it is connected.
    await ask(`/api/sessions/${sessionId}/end`, {});
  });

// --- what is shown ------------------------------------------------------------------------------

const STATES = {
  exchanging: 'Opening',
  joining: 'Opening',
  waiting_agent: 'Waiting for the machine',
  waiting_consent: 'Waiting for consent',
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  ended: 'Ended',
  failed: 'Failed',
};

/**
 * @param {keyof typeof STATES} state
 * @param {string} [why]
 */
function showState(state, why) {
  const words = STATES[state] ?? state;
  byId('state').textContent = why ? `${words}: ${why.replaceAll('_', ' ')}` : words;
  byId('state').dataset['state'] = state;
  byId('state').hidden = false;
}

const CONSENT = /** @type {Record<string, string>} */ ({
  not_required: 'Nobody was asked',
  pending: 'The person is being asked',
  granted: 'The person said yes',
  denied: 'The person said no',
  timed_out: 'The person did not answer',
  unavailable: 'Nobody was there to ask',
});

/** @param {ConsentState | (string & {}) | undefined} state */
function showConsent(state = 'not_required') {
  byId('consent').textContent = CONSENT[state] ?? state;
  byId('consent').dataset['consent'] = state;
  byId('consent').hidden = false;
}

/**
 * @param {Refusal | undefined} refusal
 * @param {() => void} [again]
 */
function tell(refusal, again) {
  byId('problem').hidden = refusal === undefined;
  if (!refusal) return;
  byId('advice').textContent = adviceOn(refusal);
  byId('detail').textContent = refusal.detail;
  byId('code').textContent = refusal.code;
  button('retry').hidden = !refusal.retryable || again === undefined;
  button('retry').onclick = again ?? null;
}

void readMachines();
setInterval(() => void readMachines(), MACHINES_EVERY_MS);
if (address.get('autostart') === '1')
  void start({
    ...(selected === undefined ? {} : { device: selected }),
    ...(address.has('mode') ? { mode: address.get('mode') ?? '' } : {}),
    ...(address.has('grants') ? { grants: address.get('grants') ?? '' } : {}),
  });
