/** What is not written here at all: types that hide, words that harm, notes without an issue. */
import { type Finding, isNode, isTest, lineAt, type Node, type Source, walk } from './source.ts';

const HTML = 'Untrusted HTML becomes a tree of known parts (web/lib) and is drawn from that.';
const BANNED_NAMES: ReadonlyMap<string, string> = new Map([
  ['innerHTML', HTML],
  ['outerHTML', HTML],
  ['insertAdjacentHTML', HTML],
  ['dangerouslySetInnerHTML', HTML],
]);

const NEVER_LOGGED = new Set(['ip', 'ipAddress', 'remoteAddress', 'userAgent', 'token', 'accessToken', 'password']);
const LOG_METHODS = new Set(['debug', 'info', 'warn', 'error']);
const SQL = /\b(select\s.+\sfrom|insert\s+into|delete\s+from|update\s+\w+\s+set)\b/is;

/** Judges names, types and comments of one file. */
export function checkWords(source: Source): Finding[] {
  const findings: Finding[] = checkComments(source);
  const report = (rule: string, node: Node, message: string): void => {
    const line = lineAt(source, node.start);
    const near = (source.lines[line - 1] ?? '').trim().slice(0, 60);
    findings.push({ rule, file: source.file, line, key: `${source.file}#${near}`, value: 1, message });
  };
  walk(source.program, (node) => {
    for (const [rule, message] of judge(source, node)) report(rule, node, message);
  });
  return findings;
}

function judge(source: Source, node: Node): [string, string][] {
  const inProduct = source.file.startsWith('src/') && !isTest(source.file);
  switch (node.type) {
    case 'TSAnyKeyword':
      return [['any', 'Name the type, or take `unknown` and parse it.']];
    case 'TSNonNullExpression':
      return [['non-null', 'Test for undefined, or `assert(x !== undefined, "…")`.']];
    case 'ExportDefaultDeclaration':
      // Declarations describe modules that are not ours.
      return source.file.endsWith('.d.ts') ? [] : [['default-export', 'Export it by name.']];
    case 'Identifier':
    case 'JSXIdentifier': {
      const why = BANNED_NAMES.get(String(node['name']));
      return why === undefined ? [] : [['banned-word', `${String(node['name'])}: ${why}`]];
    }
    case 'NewExpression':
    case 'CallExpression':
      return inProduct ? [...judgeRegExp(node), ...judgeLog(node)] : [];
    case 'TemplateLiteral':
      return inProduct && isSqlHome(source.file) ? judgeSql(node) : [];
    default:
      return [];
  }
}

function judgeRegExp(node: Node): [string, string][] {
  const callee = node['callee'] as Node;
  const [first] = node['arguments'] as Node[];
  if (callee['name'] !== 'RegExp' || first?.type === 'Literal') return [];
  return [['regexp-from-input', 'No RegExp is built from data: use lib/glob, or a literal.']];
}

function judgeLog(node: Node): [string, string][] {
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return [];
  const method = (callee['property'] as Node)['name'];
  const object = callee['object'] as Node;
  const name = object['name'] ?? (object['property'] as Node | undefined)?.['name'];
  if (typeof name !== 'string' || !/log/i.test(name) || !LOG_METHODS.has(String(method))) return [];
  const findings: [string, string][] = [];
  for (const argument of node['arguments'] as Node[]) {
    if (argument.type !== 'ObjectExpression') continue;
    for (const property of argument['properties'] as Node[]) {
      const key = isNode(property['key']) ? String(property['key']['name'] ?? property['key']['value']) : '';
      if (NEVER_LOGGED.has(key)) {
        findings.push(['logged-secret', `${key} is never logged: name the user or the device instead.`]);
      }
    }
  }
  return findings;
}

function isSqlHome(file: string): boolean {
  // The dialects spell statements out: their templates hold no value of anybody's.
  return file.startsWith('src/storage/') && file !== 'src/storage/dialect.ts';
}

/** A constant (in capitals) is a fixed part of the text; anything else could be a value. */
function judgeSql(node: Node): [string, string][] {
  const parts = node['expressions'] as Node[];
  if (parts.every((one) => one.type === 'Identifier' && /^[A-Z][A-Z0-9_]*$/.test(String(one['name'])))) return [];
  const text = (node['quasis'] as Node[]).map((one) => String((one['value'] as { raw: string }).raw)).join(' ? ');
  if (!SQL.test(text)) return [];
  return [['sql-template', 'Values are parameters (?); a fixed part of a statement is a CONSTANT of the module.']];
}

function checkComments(source: Source): Finding[] {
  const findings: Finding[] = [];
  for (const comment of source.comments) {
    const wrong = /\b(?:FIXME|XXX|HACK)\b|\bTODO\b(?!\(#[1-9]\d*\):)/.exec(comment.value);
    if (wrong === null) continue;
    const line = lineAt(source, comment.start);
    const message = 'Do it now, or write TODO(#issue): with the number of an issue.';
    findings.push({ rule: 'todo', file: source.file, line, key: `${source.file}#${wrong[0]}`, value: 1, message });
  }
  return findings;
}

/** `as` casts in what ships, counted by layer: `as const` is none. */
export function countCasts(sources: readonly Source[], layerOf: (file: string) => string | undefined): Finding[] {
  const counts = new Map<string, number>();
  for (const source of sources) {
    const layer = layerOf(source.file);
    if (layer === undefined || isTest(source.file)) continue;
    let count = counts.get(layer) ?? 0;
    walk(source.program, (node) => {
      if (node.type === 'TSAsExpression' && !isConst(node['typeAnnotation'] as Node)) count += 1;
      if (node.type === 'TSTypeAssertion') count += 1;
    });
    counts.set(layer, count);
  }
  return [...counts]
    .filter(([, value]) => value > 0)
    .map(([layer, value]) => {
      const message = `${value} casts with \`as\` in src/${layer}: parse at the edge, or narrow with a test.`;
      return { rule: 'casts', file: `src/${layer}`, line: 0, key: `src/${layer}`, value, message };
    });
}

function isConst(type: Node): boolean {
  return type.type === 'TSTypeReference' && (type['typeName'] as Node)['name'] === 'const';
}
