/** How long, how wide, how deep: HOUSE's style by the numbers. */
import { type Finding, isNode, isTest, lineAt, type Node, type Source, walk } from './source.ts';

export const LIMITS = {
  functionLines: 70,
  fileLines: 400,
  fileLinesHard: 600,
  lineLength: 120,
  parameters: 4,
  nesting: 4,
} as const;

/** Files that may be longer than {@link LIMITS.fileLinesHard}, each with the reason. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([
  ['src/text/', 'message catalogues: one sentence a line'],
  ['test/fixtures/', 'fixtures'],
]);

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LEVELS = new Set([
  'IfStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'SwitchStatement',
  'TryStatement',
]);

/** File length, line length, function length, parameters, nesting. */
export function checkShape(source: Source): Finding[] {
  const findings = [...checkFile(source), ...checkLines(source)];
  const seen = new Map<string, number>();
  walk(source.program, (node, above) => {
    if (!FUNCTIONS.has(node.type) || node['body'] === null) return;
    const base = functionName(node, above);
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    const name = times === 1 ? base : `${base}~${times}`;
    findings.push(...checkFunction(source, { node, name, above }));
  });
  return findings;
}

function checkFile(source: Source): Finding[] {
  const { file } = source;
  const value = source.lines.length - 1;
  if (value <= LIMITS.fileLines) return [];
  if ([...LONG_FILES.keys()].some((prefix) => file.startsWith(prefix))) return [];
  const hard = value > LIMITS.fileLinesHard;
  return [
    {
      rule: hard ? 'file-length-hard' : 'file-length',
      file,
      line: 1,
      key: file,
      value,
      message: `${value} lines; at most ${LIMITS.fileLines}. Split it by what its parts are about.`,
    },
  ];
}

function checkLines(source: Source): Finding[] {
  const findings: Finding[] = [];
  for (const [index, text] of source.lines.entries()) {
    // An import of one long name cannot be broken.
    if (text.length <= LIMITS.lineLength || /^(?:import|export|\}) .* from '/.test(text)) continue;
    const value = [...text].length;
    if (value <= LIMITS.lineLength) continue;
    findings.push({
      rule: 'line-length',
      file: source.file,
      line: index + 1,
      key: `${source.file}#${text.trim().slice(0, 40)}`,
      value,
      message: `${value} characters; at most ${LIMITS.lineLength}. Break the string or name a part of it.`,
    });
  }
  return findings;
}

interface Found {
  readonly node: Node;
  readonly name: string;
  readonly above: readonly Node[];
}

function checkFunction(source: Source, { node, name, above }: Found): Finding[] {
  const findings: Finding[] = [];
  const line = lineAt(source, node.start);
  const key = `${source.file}#${name}`;
  const length = lineAt(source, node.end) - line + 1;
  if (length > LIMITS.functionLines && !isSuite(source, above)) {
    const message = `${name} has ${length} lines; at most ${LIMITS.functionLines}. Give a step its own function.`;
    findings.push({ rule: 'function-length', file: source.file, line, key, value: length, message });
  }
  const parameters = (node['params'] as unknown[]).length;
  if (parameters > LIMITS.parameters) {
    const message = `${name} takes ${parameters} parameters; at most ${LIMITS.parameters}. Take an options object.`;
    findings.push({ rule: 'parameters', file: source.file, line, key, value: parameters, message });
  }
  const depth = isNode(node['body']) ? deepest(node['body']) : 0;
  if (depth > LIMITS.nesting) {
    const message = `${name} nests ${depth} levels; at most ${LIMITS.nesting}. Return early or name the inner loop.`;
    findings.push({ rule: 'nesting', file: source.file, line, key, value: depth, message });
  }
  return findings;
}

/** A test's `describe` or a suite of tests is a list, not a function. */
function isSuite(source: Source, above: readonly Node[]): boolean {
  const parent = above.at(-1);
  if (parent?.type !== 'CallExpression') return false;
  const callee = parent['callee'] as Node;
  return (isTest(source.file) || source.file.includes('/conformance/')) && callee['name'] === 'describe';
}

function functionName(node: Node, above: readonly Node[]): string {
  const own = node['id'];
  if (isNode(own)) return String(own['name']);
  const parent = above.at(-1);
  const named = parent?.['key'] ?? parent?.['id'] ?? parent?.['callee'];
  if (!isNode(named)) return 'anonymous';
  const name = named['name'] ?? named['value'] ?? (named['property'] as Node | undefined)?.['name'];
  return typeof name === 'string' ? name : 'anonymous';
}

/** The deepest chain of control statements below `node`, not counting those of inner functions. */
function deepest(node: Node): number {
  let below = 0;
  for (const key in node) {
    const value = node[key];
    for (const one of Array.isArray(value) ? value : [value]) {
      if (!isNode(one) || FUNCTIONS.has(one.type)) continue;
      // `else if` stands beside its `if`, not inside it.
      const beside = key === 'alternate' && one.type === 'IfStatement';
      below = Math.max(below, deepest(one) - (beside ? 1 : 0));
    }
  }
  return below + (LEVELS.has(node.type) ? 1 : 0);
}
