import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { createRandom } from '../../adapters/random/index.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { type CliTexts, fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { openSigningKeys } from '../compose/signing-key.ts';
import { checkConfig } from '../config/check.ts';
import { DEFAULT_FILE } from '../config/load.ts';
import { ConfigError, readFileSource } from '../config/sources.ts';
import { printResult } from '../output.ts';

interface Answers {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly data: string;
  readonly registration: string;
}

const DEFAULTS: Answers = {
  name: 'localhost',
  url: '',
  port: 8008,
  data: './postern-data',
  registration: 'invite',
};

export const init: Command = {
  name: 'init',
  about: (texts) => texts.commandInit,
  usage: 'init [--config FILE] [--name NAME] [--url URL] [--port PORT] [--data FOLDER] [--registration MODE]',
  options: [
    { name: 'name', value: 'NAME', text: 'serverName' },
    { name: 'url', value: 'URL', text: 'publicBaseUrl' },
    { name: 'port', value: 'PORT', text: 'the port to listen on' },
    { name: 'data', value: 'FOLDER', text: 'dataDir' },
    { name: 'registration', value: 'MODE', text: 'open, token, invite or closed' },
  ],
  takesConfig: false,
  async run(run) {
    const { texts } = run;
    const file = run.arguments.config ?? DEFAULT_FILE;
    const target = path.resolve(run.workingDir, file);
    if (existsSync(target)) {
      printResult(run, { file, written: false }, [fill(texts.initExists, { file })]);
      return 0;
    }
    const given = fromOptions(run);
    const isComplete = Object.keys(given).length > 0 || !run.isTerminal || run.arguments.json;
    const answers = { ...DEFAULTS, ...(isComplete ? given : await ask(texts)) };
    const text = configText(answers);
    checkConfig([readFileSource(text, file)]);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text, { flag: 'wx', mode: 0o600 });
    openSigningKeys(path.join(path.dirname(target), answers.data, 'signing.key'), createRandom());
    const next = fill(texts.initNext, { file });
    printResult(run, { file, written: true, next }, [fill(texts.initWritten, { file }), next]);
    return 0;
  },
};

function fromOptions(run: Run): Partial<Answers> {
  const { options } = run.arguments;
  const port = options.get('port');
  if (port !== undefined && !/^[0-9]{1,5}$/.test(port)) throw new ConfigError(`--port: "${port}" is no port`);
  const name = options.get('name');
  if (name !== undefined && parseServerName(name) === undefined)
    throw new ConfigError(`--name: "${name}" is no server name`);
  const texts = ['name', 'url', 'data', 'registration'].flatMap((one) => {
    const value = options.get(one);
    return value === undefined ? [] : [[one, value] as const];
  });
  return { ...Object.fromEntries(texts), ...(port !== undefined && { port: Number(port) }) };
}

/** Five questions, each with an answer that works. */
async function ask(texts: CliTexts): Promise<Partial<Answers>> {
  const { group, text, select, cancel } = await import('@clack/prompts');
  const answers = await group(
    {
      name: () => text({ message: texts.initQuestionName, initialValue: DEFAULTS.name }),
      url: () => text({ message: texts.initQuestionUrl, initialValue: '', defaultValue: '' }),
      port: () => text({ message: texts.initQuestionPort, initialValue: String(DEFAULTS.port) }),
      data: () => text({ message: texts.initQuestionData, initialValue: DEFAULTS.data }),
      registration: () =>
        select({
          message: texts.initQuestionRegistration,
          options: [
            { value: 'invite', label: texts.initChoiceInvite },
            { value: 'open', label: texts.initChoiceOpen },
            { value: 'closed', label: texts.initChoiceClosed },
          ],
        }),
    },
    {
      onCancel: () => {
        cancel();
        throw new ConfigError('cancelled');
      },
    },
  );
  return { ...answers, port: Number(answers.port) };
}

/** The file: what was answered; everything else has its default, which docs/configuration.md lists. */
function configText(answers: Answers): string {
  const config = {
    serverName: answers.name,
    dataDir: answers.data,
    ...(answers.url !== '' && { publicBaseUrl: answers.url }),
    listeners: [
      {
        address: answers.url === '' ? '127.0.0.1' : '::',
        port: answers.port,
        apis: ['client', 'media', 'admin', 'web'],
      },
    ],
    registration: { mode: answers.registration },
  };
  return `# Postern. What is not set here has its default: see docs/configuration.md.\n${stringify(config)}`;
}
