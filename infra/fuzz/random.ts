// Every choice of one fuzz input. The same seed, boundary and number give the same input again.
import { createHash } from 'node:crypto';
import { seededRandom } from '../shaper/seeded-random.ts';

export class Random {
  readonly #next: () => number;

  constructor(seed: number, boundary: string, input: number) {
    const mixed = createHash('sha256').update(`${seed}/${boundary}/${input}`).digest();
    this.#next = seededRandom(mixed.readInt32BE());
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)];
    if (chosen === undefined && choices.length === 0) throw new Error('nothing to pick from');
    return chosen as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.below(256);
    return bytes;
  }

  uuid(): string {
    const hex = this.bytes(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
