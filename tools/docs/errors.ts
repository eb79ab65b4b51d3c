/** `docs/errors.md` from the registry and its texts. */
import { FINDINGS } from '../../src/deploy/doctor/findings.ts';
import { MECHANISMS, OBSERVATIONS } from '../../src/deploy/doctor/mechanisms.ts';
import { doctorEnglish } from '../../src/text/doctor/en.ts';
import { ERRORS, type ErrorCode } from '../../src/matrix/errors.ts';
import { ERROR_TEXTS } from './error-texts.ts';

const HEAD = `# Errors

Written by \`npm run docs\` from \`src/matrix/errors.ts\` and \`tools/docs/error-texts.ts\`; a test compares.

Every answer that is no success has the body \`{"errcode": …, "error": …}\` and, for some codes, further fields.
\`error\` is a sentence in English and never carries internals; \`errcode\` is what programs read. The status is the
usual one: where the page of an operation names another, that one is sent.

Three other kinds of "no" never look like this: a 401 of interactive authentication lists the stages that are left; a
failure of network or disk inside the server is answered as \`M_UNKNOWN\` and logged once; and what a program inside the
server did wrong (an assertion) ends the request with \`M_UNKNOWN\`, too.

| code | status | further fields | when | what to do |
|---|---|---|---|---|
`;

/** The page. `source` is the text of the registry: only there stand the names of further fields. */
export function errorsPage(source: string): string {
  const rows = Object.entries(ERRORS).map(([code, { status }]) => {
    const { when, remedy } = ERROR_TEXTS[code as ErrorCode];
    const fields = fieldsOf(code, source).map((field) => `\`${field}\``);
    return `| \`${code}\` | ${status} | ${fields.join(', ')} | ${when} | ${remedy} |`;
  });
  return `${HEAD}${rows.join('\n')}\n${FINDINGS_HEAD}${findingRows().join('\n')}\n`;
}

const FINDINGS_HEAD = `
## What the doctor finds

Findings of \`postern doctor\`, by the name that \`--json\` gives them, with the mechanism of a censor that shows itself
so (\`src/deploy/doctor/mechanisms.ts\`). Each names one thing to type.

| finding | what it says | mechanism |
|---|---|---|
`;

function findingRows(): string[] {
  return FINDINGS.map((name) => {
    const mechanisms = MECHANISMS.filter((one) => {
      const observation = OBSERVATIONS[one];
      return 'findings' in observation && observation.findings.includes(name);
    });
    return `| \`${name}\` | ${doctorEnglish[name]} | ${mechanisms.join(', ')} |`;
  });
}

function fieldsOf(code: string, source: string): string[] {
  const row = source.split('\n').find((line) => line.startsWith(`  ${code}: `)) ?? '';
  const shape = /extra: \{\} as \{(.*)\} \}/.exec(row)?.[1] ?? '';
  return [...shape.matchAll(/(\w+)(\??):/g)].map(([, name, optional]) => `${name}${optional}`);
}

/** Codes of the registry that no other file of what ships names as a string. */
export function unusedCodes(texts: readonly string[]): string[] {
  return Object.keys(ERRORS).filter((code) => !texts.some((text) => text.includes(`'${code}'`)));
}
