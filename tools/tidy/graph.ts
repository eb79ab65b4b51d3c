/** Which file names what of which other file. */
import path from 'node:path';
import { lineAt, type Node, type Source, walk } from './source.ts';

export interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  /** Imported names; `*` where the whole module is taken. */
  readonly names: readonly string[];
}

/** Every relative import, re-export and `import()` of `sources`. */
export function readImports(sources: readonly Source[]): Import[] {
  const imports: Import[] = [];
  for (const source of sources) {
    const add = (specifier: unknown, node: Node, names: string[]): void => {
      const text = (specifier as Node | null | undefined)?.['value'];
      if (typeof text !== 'string' || !text.startsWith('.')) return;
      const to = path.posix.join(path.posix.dirname(source.file), text);
      imports.push({ from: source.file, to, line: lineAt(source, node.start), names });
    };
    walk(source.program, (node) => {
      if (node.type === 'ImportDeclaration') add(node['source'], node, importedNames(node));
      else if (node.type === 'ExportNamedDeclaration') add(node['source'], node, importedNames(node));
      else if (node.type === 'ExportAllDeclaration') add(node['source'], node, ['*']);
      else if (node.type === 'ImportExpression') add(node['source'], node, ['*']);
      else if (node.type === 'TSImportType') add(node['source'] ?? node['argument'], node, ['*']);
    });
  }
  return imports;
}

function importedNames(node: Node): string[] {
  return (node['specifiers'] as Node[]).map((one) => {
    if (one.type === 'ImportSpecifier') return nameOf(one['imported'] as Node);
    if (one.type === 'ExportSpecifier') return nameOf(one['local'] as Node);
    return '*';
  });
}

function nameOf(node: Node): string {
  return String(node['name'] ?? node['value']);
}

export interface Export {
  readonly name: string;
  readonly line: number;
}

/** The values (no types) that a file exports under names of its own. */
export function readExports(source: Source): Export[] {
  const found: Export[] = [];
  for (const statement of source.program['body'] as Node[]) {
    if (statement.type !== 'ExportNamedDeclaration' || statement['exportKind'] === 'type') continue;
    const declaration = statement['declaration'] as Node | null;
    const line = lineAt(source, statement.start);
    if (declaration?.type === 'VariableDeclaration') {
      for (const one of declaration['declarations'] as Node[]) found.push({ name: nameOf(one['id'] as Node), line });
    } else if (declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration') {
      found.push({ name: nameOf(declaration['id'] as Node), line });
    }
  }
  return found;
}
