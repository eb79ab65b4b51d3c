/** Writes the generated pages of `docs/`: `node tools/docs.ts`; a test compares them with the code. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { planDocs } from './docs/plan.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
for (const [file, text] of planDocs(root)) writeFileSync(path.join(root, file), text);
