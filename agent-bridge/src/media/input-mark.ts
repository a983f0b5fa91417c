// Which input came last, shared between the thread that injects and the threads that capture: a frame
// says which input it answers, and the capture hurries after one. Shared memory instead of messages,
// as a mouse sends hundreds a second and no capture thread needs to wake for them.

/** Two words of sequence (seqlock) and content; written by one thread, read by any. */
const VERSION = 0;
const SEQ = 1;
const AT_LOW = 2;
const AT_HIGH = 3;
const WORDS = 4;

export class InputMark {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Without `buffer` a new one; with it, another thread's view of the same mark. */
  constructor(buffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** @param seq the input's number, 1 to 2^32 - 1. @param atUs `nowUs()` of its injection. */
  write(seq: number, atUs: number): void {
    const version = Atomics.load(this.#words, VERSION);
    Atomics.store(this.#words, VERSION, version + 1); // odd: being written
    Atomics.store(this.#words, SEQ, seq);
    Atomics.store(this.#words, AT_LOW, (atUs % 2 ** 32) | 0);
    Atomics.store(this.#words, AT_HIGH, Math.floor(atUs / 2 ** 32));
    Atomics.store(this.#words, VERSION, version + 2);
  }

  /** The newest input; `seq` is 0 when there was none. */
  read(): { seq: number; atUs: number } {
    for (;;) {
      const version = Atomics.load(this.#words, VERSION);
      const seq = Atomics.load(this.#words, SEQ) >>> 0;
      const low = Atomics.load(this.#words, AT_LOW) >>> 0;
      const high = Atomics.load(this.#words, AT_HIGH);
      const isWhole = (version & 1) === 0 && Atomics.load(this.#words, VERSION) === version;
      if (isWhole) return { seq, atUs: high * 2 ** 32 + low };
    }
  }
}
