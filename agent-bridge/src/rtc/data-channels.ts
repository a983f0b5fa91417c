// Bytes in and out on the data channels of a session, with a bound. They know labels and bytes, not
// what the bytes mean. Opened by RtcPeer.
import type { types } from 'mediasoup-client';

/** What may wait to be sent; a viewer that far behind is better served by the next fact. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** Outward: what the agent tells every viewer. */
export class OutboundChannel {
  readonly #producer: types.DataProducer;

  constructor(producer: types.DataProducer) {
    this.#producer = producer;
  }

  /** @returns false when it was not sent: not open, or too much is waiting. */
  send(bytes: Uint8Array): boolean {
    const { closed, readyState, bufferedAmount } = this.#producer;
    if (closed || readyState !== 'open' || bufferedAmount + bytes.length > MAX_BUFFERED_BYTES)
      return false;
    this.#producer.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return true;
  }

  /** Idempotent. */
  close(): void {
    this.#producer.close();
  }
}

export interface InboundListeners {
  /** Within the call that took it from the network; text messages come as no bytes. Must not throw. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Once, whoever ended it; not after `close()`. */
  readonly onGone: () => void;
}

const NO_BYTES = new Uint8Array(0);

/** Inward: what one viewer sends on one channel. */
export class InboundChannel {
  readonly #consumer: types.DataConsumer;
  #closed = false;

  constructor(consumer: types.DataConsumer, { onBytes, onGone }: InboundListeners) {
    this.#consumer = consumer;
    consumer.on('message', (message: unknown) => {
      if (!this.#closed) onBytes(message instanceof Uint8Array ? message : NO_BYTES);
    });
    const gone = (): void => {
      if (this.#closed) return;
      this.#closed = true;
      onGone();
    };
    consumer.on('close', gone);
    consumer.on('transportclose', gone);
  }

  /** Idempotent. The media node hears of it and closes its half. */
  close(): void {
    this.#closed = true;
    this.#consumer.close();
  }
}
