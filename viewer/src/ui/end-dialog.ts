// "End session?" A native modal dialog: focus stays inside, Escape means no.
import { html, type TemplateResult } from 'lit';
import type { Session } from '@guruconnect/contract/session';

export type EndDialogModel = {
  readonly session: Session | undefined;
  readonly busy: boolean;
  readonly problem: string | undefined;
};

export function endDialog(
  model: EndDialogModel,
  actions: { confirmEnd(): void; keepSession(): void },
): TemplateResult {
  const others = Math.max(0, (model.session?.viewers.length ?? 1) - 1);
  return html`
    <dialog class="end-dialog" aria-labelledby="end-title" @close=${actions.keepSession}>
      <h1 id="end-title">End this session?</h1>
      <p>
        ${model.session?.device_id ?? 'The machine'} is disconnected at
        once${others > 0 ? `, also for ${others} other viewer${others > 1 ? 's' : ''}` : ''}.
      </p>
      ${model.problem ? html`<p class="problem" role="alert">${model.problem}</p>` : ''}
      <div class="choices">
        <button type="button" class="plain" @click=${actions.keepSession}>Keep it</button>
        <button type="button" class="strong" ?disabled=${model.busy} @click=${actions.confirmEnd}>
          End session
        </button>
      </div>
    </dialog>
  `;
}
