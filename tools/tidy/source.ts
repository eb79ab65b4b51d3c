/** Reads the files that tidy judges: text, lines, syntax tree and comments. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Comment, parseSync } from 'oxc-parser';

/** A node of the syntax tree, as far as the rules look at one. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Source {
  /** Path from the repository's root, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly program: Node;
  readonly comments: readonly Comment[];
}

/** One thing that is not as the house wants it. */
export interface Finding {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** What the ratchet remembers it by: stable when lines move. */
  readonly key: string;
  /** How bad: lines, levels, a count; 1 where there is nothing to measure. */
  readonly value: number;
  readonly message: string;
}

export const FOLDERS = ['src', 'tools', 'test', 'bench'];

/** Parses one file. */
export function parseSource(file: string, text: string): Source {
  const { program, comments, errors } = parseSync(file, text, { preserveParens: false });
  const error = errors[0];
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  return { file, text, lines: text.split('\n'), program: program as unknown as Node, comments };
}

/** Every `.ts` and `.tsx` file of the house, sorted by path. */
export function readSources(root: string, folders: readonly string[] = FOLDERS): Source[] {
  const sources: Source[] = [];
  for (const folder of folders) {
    if (!existsSync(path.join(root, folder))) continue;
    const names = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.toSorted()) {
      const file = path.posix.join(folder, name.replaceAll('\\', '/'));
      if (!/\.tsx?$/.test(file) || file.includes('node_modules/')) continue;
      sources.push(parseSource(file, readFileSync(path.join(root, file), 'utf8')));
    }
  }
  return sources;
}

export function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.startsWith('test/');
}

/** The number of the line that `offset` stands in, from 1. */
export function lineAt(source: Source, offset: number): number {
  let line = 1;
  for (let at = source.text.indexOf('\n'); at !== -1 && at < offset; at = source.text.indexOf('\n', at + 1)) line += 1;
  return line;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Calls `visit` for every node, parents first, with the chain of nodes above it (nearest last). */
export function walk(root: Node, visit: (node: Node, above: readonly Node[]) => void): void {
  const above: Node[] = [];
  const enter = (node: Node): void => {
    visit(node, above);
    above.push(node);
    for (const key in node) {
      const value = node[key];
      if (Array.isArray(value)) {
        for (const one of value) if (isNode(one)) enter(one);
      } else if (isNode(value)) enter(value);
    }
    above.pop();
  };
  enter(root);
}
