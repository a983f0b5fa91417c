// The signing keys of webhooks: made, told once, kept sealed, rotated with an overlap. Owned by
// main.ts.
import type { WebhookId } from '@guruconnect/contract/ids';
import {
  newSigningKeys,
  SigningKeys,
  type ToldKeys,
} from '@guruconnect/contract/node/webhook-signer';
import type { Logger } from '../logger.ts';
import type { AuditAct } from '../store/audit.ts';
import type { SealedKeys, WebhookRecord, WebhookStore } from '../store/webhooks.ts';
import type { SecretBox } from './secret-box.ts';

/** Whoever rotates faster than that gives up the oldest. */
const MAX_GENERATIONS = 3;

export class WebhookKeys {
  readonly #webhooks: WebhookStore;
  readonly #box: SecretBox;
  readonly #logger: Logger;

  constructor(parts: { webhooks: WebhookStore; box: SecretBox; logger: Logger }) {
    this.#webhooks = parts.webhooks;
    this.#box = parts.box;
    this.#logger = parts.logger;
  }

  /** @returns `told` is shown once and can not be read again. */
  make(id: WebhookId): { sealed: SealedKeys; told: ToldKeys } {
    const { keys, told } = newSigningKeys();
    return { sealed: { sealed: this.#box.seal(JSON.stringify(keys), id) }, told };
  }

  /** New keys; those of now sign beside them for `overlapMs`. */
  async rotate(
    webhook: WebhookRecord,
    overlapMs: number,
    nowMs: number,
    act?: AuditAct,
  ): Promise<{ webhook: WebhookRecord | undefined; told: ToldKeys }> {
    const { sealed, told } = this.make(webhook.id);
    const untilMs = nowMs + overlapMs;
    const old = webhook.keys
      .filter((key) => this.#open(webhook.id, key) !== undefined)
      .map((key) => ({ ...key, until_ms: Math.min(key.until_ms ?? untilMs, untilMs) }))
      .filter((key) => key.until_ms > nowMs);
    const keys = [sealed, ...old].slice(0, MAX_GENERATIONS);
    const { id } = webhook;
    return { webhook: await this.#webhooks.setKeys(id, told.public_key, keys, act), told };
  }

  /** False when none of its keys can be opened: only a rotation helps. */
  canSign(webhook: WebhookRecord): boolean {
    return webhook.keys.some((key) => this.#open(webhook.id, key) !== undefined);
  }

  /** Those that sign now, newest first. @throws Error when there are none. */
  of(webhook: WebhookRecord, nowMs: number): SigningKeys[] {
    const keys = webhook.keys
      .filter(({ until_ms }) => until_ms === undefined || until_ms > nowMs)
      .flatMap((key) => this.#open(webhook.id, key) ?? []);
    if (keys.length === 0) throw new Error('a webhook has no key to sign with');
    return keys;
  }

  /**
   * Seals with the current cluster secret what an earlier one sealed, so that it can be let go. A
   * webhook whose keys no secret of ours opens is disabled: it could only send what nobody believes.
   */
  async renewSeals(): Promise<void> {
    for (const webhook of await this.#webhooks.list()) {
      if (!this.canSign(webhook)) {
        if (webhook.disabled_reason !== undefined) continue;
        this.#logger.error(
          { webhook_id: webhook.id },
          'webhook disabled: its keys were sealed with another GC_CLUSTER_SECRET; rotate its secret',
        );
        await this.#webhooks.disable(webhook.id, 'failing');
      } else if (!webhook.keys.every(({ sealed }) => this.#box.isCurrent(sealed))) {
        const keys = webhook.keys.map((key) => ({ ...key, sealed: this.#renewed(webhook, key) }));
        await this.#webhooks.setKeys(webhook.id, webhook.public_key, keys);
      }
    }
  }

  #renewed({ id }: WebhookRecord, { sealed }: SealedKeys): string {
    const text = this.#box.open(sealed, id);
    return text === undefined ? sealed : this.#box.seal(text, id);
  }

  #open(id: WebhookId, { sealed }: SealedKeys): SigningKeys | undefined {
    const text = this.#box.open(sealed, id);
    return text === undefined ? undefined : SigningKeys.parse(JSON.parse(text));
  }
}
