// Text to show: words in an order that never repeats, the same in every run. Pure.
import { seededRandom } from '../../shaper/seeded-random.ts';

const WORDS =
  'agent broker channel decode every frame gate hostname input journal kernel latency monitor network offset packet queue router session ticket update viewer window xterm yield zone 0x3f2a 192.168.7.12 C:\\Windows /etc/fstab error: warning: done. (42 %) --force'.split(
    ' ',
  );

/** A line of about `characters`. @param line any number; the same line for the same number. */
export function textLine(line: number, characters: number): string {
  const random = seededRandom(line * 7919 + 1);
  let text = '';
  while (text.length < characters) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return text.slice(0, characters);
}
