// CONTRACT.md as data: its tables and its code blocks by name, for tests that hold it to its word.
import { readFileSync } from 'node:fs';

const markdown = readFileSync(new URL('../CONTRACT.md', import.meta.url), 'utf8');

/** All of the text, for "is it mentioned at all". */
export const contractText = markdown;

/** Rows of the table whose header begins with these cells; cells without their backticks. */
export function tableRows(...header: string[]): string[][] {
  const cells = (line: string): string[] =>
    line
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
  const lines = markdown.split('\n');
  const start = lines.findIndex(
    (line) => line.startsWith('|') && header.every((name, i) => cells(line)[i] === name),
  );
  if (start < 0) throw new Error(`no table with the header ${header.join(' | ')}`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(cells(line));
  }
  return rows;
}

export type Block = { readonly language: string; readonly name: string; readonly code: string };

/** Code blocks that have a name (```sh create-session), in the order of the page. */
export const namedBlocks: readonly Block[] = [
  ...markdown.matchAll(/^```(\w+) ([\w-]+)\n([\s\S]*?)^```$/gm),
].map(([, language = '', name = '', code = '']) => ({ language, name, code }));

export function block(name: string): string {
  const found = namedBlocks.find((each) => each.name === name);
  if (!found) throw new Error(`no code block ${name}`);
  return found.code;
}
