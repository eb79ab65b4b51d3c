/** Where a reader meets a function by its name alone, a sentence says what it does. */
import { type Finding, isTest, lineAt, type Node, type Source } from './source.ts';

function needsSentences(file: string): boolean {
  if (!file.startsWith('src/') || isTest(file)) return false;
  return file.startsWith('src/rules/') || file.startsWith('src/ports/') || file.endsWith('/index.ts');
}

/** Exported functions of rules/, ports/ and faces carry a doc comment. */
export function checkDocs(source: Source): Finding[] {
  if (!needsSentences(source.file)) return [];
  const findings: Finding[] = [];
  for (const statement of source.program['body'] as Node[]) {
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const name = exportedFunction(statement['declaration'] as Node | null);
    if (name === undefined || hasDoc(source, statement)) continue;
    findings.push({
      rule: 'doc-sentence',
      file: source.file,
      line: lineAt(source, statement.start),
      key: `${source.file}#${name}`,
      value: 1,
      message: `${name} has no doc sentence: say what it gives, in /** … */ above it.`,
    });
  }
  return findings;
}

function exportedFunction(declaration: Node | null): string | undefined {
  if (declaration === null) return undefined;
  if (declaration.type === 'FunctionDeclaration') return String((declaration['id'] as Node)['name']);
  if (declaration.type !== 'VariableDeclaration') return undefined;
  const [first] = declaration['declarations'] as Node[];
  const value = first?.['init'] as Node | null | undefined;
  const name = first?.['id'] as Node | undefined;
  if (value?.type !== 'ArrowFunctionExpression' && value?.type !== 'FunctionExpression') return undefined;
  return name === undefined ? undefined : String(name['name']);
}

function hasDoc(source: Source, statement: Node): boolean {
  return source.comments.some((comment) => {
    if (comment.type !== 'Block' || !comment.value.startsWith('*') || comment.end > statement.start) return false;
    // Only blank space and other comments may stand between the two.
    const between = source.text.slice(comment.end, statement.start).replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
    return between.trim() === '';
  });
}
