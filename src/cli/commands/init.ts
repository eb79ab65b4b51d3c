import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { createRandom } from '../../adapters/random/index.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { draftHasFront } from '../../deploy/topology/draft.ts';
import { BUILT_OPTIONS } from '../../deploy/topology/topology.ts';
import { type CliTexts, fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { openSigningKeys } from '../compose/signing-key.ts';
import { checkConfig } from '../config/check.ts';
import { DEFAULT_FILE } from '../config/load.ts';
import { ConfigError, readFileSource } from '../config/sources.ts';
import { printResult } from '../output.ts';
import { initTopology, type TopologyAnswers } from './init-topology.ts';

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
  usage:
    'init [--config FILE] [--name NAME] [--url URL] [--port PORT] [--data FOLDER] [--registration MODE]\n' +
    '       init --option OPTION --name NAME --server PLACE [--front PLACE] [--abroad NAME=PLACE] [--topology FILE]',
  options: [
    { name: 'name', value: 'NAME', text: 'serverName' },
    { name: 'url', value: 'URL', text: 'publicBaseUrl' },
    { name: 'port', value: 'PORT', text: 'the port to listen on' },
    { name: 'data', value: 'FOLDER', text: 'dataDir' },
    { name: 'registration', value: 'MODE', text: 'open, token, invite or closed' },
    {
      name: 'option',
      value: 'OPTION',
      text: 'write a topology: one of the layouts of docs/deploying/options.md',
    },
    { name: 'server', value: 'PLACE', text: 'ADDRESS:PORT of the server, dynamic:PORT, or none behind a carrier NAT' },
    { name: 'front', value: 'PLACE', text: 'the same of the relay, for options 4, 4t and 12' },
    { name: 'abroad', value: 'NAME=PLACE', text: 'a server abroad that the server has a link with' },
    { name: 'topology', value: 'FILE', text: 'the file that is written; postern.topology.yaml unless named' },
  ],
  takesConfig: false,
  async run(run) {
    const { texts } = run;
    const { options } = run.arguments;
    if (options.has('option')) {
      const { name } = { ...DEFAULTS, ...fromOptions(run) };
      await initTopology(run, { name, option: options.get('option') ?? '', ...placesOf(options) });
      return 0;
    }
    const file = run.arguments.config ?? DEFAULT_FILE;
    const target = path.resolve(run.workingDir, file);
    if (existsSync(target)) {
      printResult(run, { file, written: false }, [fill(texts.initExists, { file })]);
      return 0;
    }
    const given = fromOptions(run);
    const isComplete = Object.keys(given).length > 0 || !run.isTerminal || run.arguments.json;
    const asked = isComplete ? given : await ask(texts);
    if ('option' in asked) {
      await initTopology(run, asked);
      return 0;
    }
    const answers = { ...DEFAULTS, ...asked };
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

function placesOf(options: ReadonlyMap<string, string>): Pick<TopologyAnswers, 'server' | 'front' | 'abroad'> {
  return { server: options.get('server'), front: options.get('front'), abroad: options.get('abroad') };
}

/** Five questions, each with an answer that works; which ones depends on how many machines there are. */
async function ask(texts: CliTexts): Promise<Partial<Answers> | TopologyAnswers> {
  const { text, select } = await import('@clack/prompts');
  const name = await given(text({ message: texts.initQuestionName, initialValue: DEFAULTS.name }));
  const option = await given(
    select({
      message: texts.initQuestionOption,
      options: [
        { value: '', label: texts.initOptionSingle },
        { value: '1', label: texts.initOption1 },
        { value: '2', label: texts.initOption2 },
        { value: '3', label: texts.initOption3 },
        { value: '4t', label: texts.initOption4t },
        { value: '4', label: texts.initOption4 },
        { value: '5', label: texts.initOption5 },
        { value: '6', label: texts.initOption6 },
        { value: '7', label: texts.initOption7 },
        { value: '9', label: texts.initOption9 },
        { value: '11', label: texts.initOption11 },
        { value: '12', label: texts.initOption12 },
      ],
    }),
  );
  if (option === '') return { name, ...(await askSingle(texts)) };
  const server = await given(text({ message: texts.initQuestionServer }));
  const hasFront = BUILT_OPTIONS.some((one) => one === option && draftHasFront(one));
  const front = hasFront ? await given(text({ message: texts.initQuestionFront })) : undefined;
  const abroad = await given(text({ message: texts.initQuestionAbroad, defaultValue: '' }));
  return { name, option, server, front, abroad };
}

async function askSingle(texts: CliTexts): Promise<Partial<Answers>> {
  const { text, select } = await import('@clack/prompts');
  const url = await given(text({ message: texts.initQuestionUrl, initialValue: '', defaultValue: '' }));
  const port = await given(text({ message: texts.initQuestionPort, initialValue: String(DEFAULTS.port) }));
  const registration = await given(
    select({
      message: texts.initQuestionRegistration,
      options: [
        { value: 'invite', label: texts.initChoiceInvite },
        { value: 'open', label: texts.initChoiceOpen },
        { value: 'closed', label: texts.initChoiceClosed },
      ],
    }),
  );
  return { url, port: Number(port), registration };
}

/** An answer; whoever gives none has broken off. */
async function given(answer: Promise<string | symbol>): Promise<string> {
  const value = await answer;
  if (typeof value === 'string') return value;
  const { cancel } = await import('@clack/prompts');
  cancel();
  throw new ConfigError('cancelled');
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
