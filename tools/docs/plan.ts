/** Every generated page: path and exact text. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findSpec, loadOperations } from '../spec/operations.ts';
import { readSources } from '../tidy/source.ts';
import { configPage, configSchemaText } from './config.ts';
import { conformancePage, coverageOf } from './conformance.ts';
import { errorsPage } from './errors.ts';

/** The pages of the tree at `root`. Without the specification beside it, the page of conformance is left out. */
export function planDocs(root: string): Map<string, string> {
  const pages = new Map([
    ['docs/errors.md', errorsPage(readFileSync(path.join(root, 'src/matrix/errors.ts'), 'utf8'))],
    ['docs/configuration.md', configPage()],
    ['docs/postern.schema.json', configSchemaText()],
  ]);
  const spec = findSpec();
  if (spec !== undefined) {
    const coverage = coverageOf(readSources(root, ['src', 'test']));
    pages.set('docs/conformance.md', conformancePage(loadOperations(spec), coverage));
  }
  return pages;
}
