import path from 'node:path';
import { diagnose } from '../../deploy/doctor/diagnose.ts';
import { bySeverity, type Finding } from '../../deploy/doctor/findings.ts';
import { diagnoseNetwork } from '../../deploy/doctor/network.ts';
import { routeTable } from '../../deploy/doctor/table.ts';
import { gatherLocalFacts } from '../../deploy/facts/local.ts';
import { inviteQuestions, routeQuestion } from '../../deploy/facts/questions.ts';
import type { NetworkFacts } from '../../deploy/topology/network-facts.ts';
import { fill } from '../../text/cli/index.ts';
import { doctorTexts } from '../../text/doctor/index.ts';
import { tableTexts } from '../../text/doctor/table.ts';
import type { Command, Run } from '../command.ts';
import { lookAsUser, lookBack, lookFrom, lookFromServer } from '../compose/look-around.ts';
import { publicUrl } from '../compose/serve.ts';
import { webFolder } from '../compose/listeners.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';
import { localeOf, topologyOf } from '../topology-of.ts';

const MARKS = { error: '✗', warning: '!', hint: '·' } as const;
/** For cron: what is grave, and what can wait. */
const EXIT = { error: 1, warning: 3, hint: 0 } as const;

export const doctor: Command = {
  name: 'doctor',
  about: (texts) => texts.commandDoctor,
  usage: 'doctor [--local] | --ask NODE | --from NODE | --as-user [--route URL | --invite LINK] [--patient]',
  options: [
    { name: 'local', text: 'look at this machine alone, ask nobody' },
    { name: 'as-user', text: 'look from where a user stands: the routes of the topology, or those of --route' },
    { name: 'route', value: 'URL', text: 'a route that a user was given; several with commas between them' },
    { name: 'invite', value: 'LINK', text: 'the invite that a user was given: its routes' },
    { name: 'from', value: 'NODE', text: 'look from this node of the topology, on which this is typed' },
    { name: 'ask', value: 'NODE', text: 'have this peer try our ports, over the link of the running Postern' },
    { name: 'topology', value: 'FILE', text: 'the topology; postern.topology.yaml unless named' },
    { name: 'patient', text: 'wait until a place answers again that was blocked for a name: up to four minutes' },
  ],
  takesConfig: true,
  async run(run) {
    const { local, network } = await look(run);
    const found = [...local, ...(network === undefined ? [] : diagnoseNetwork(network))].toSorted(bySeverity);
    const words = doctorTexts(localeOf(run));
    const told = found.map((one) => ({ ...one, text: plain(fill(words[one.name], one.values)) }));
    const lines = told.flatMap((one) => [
      `${MARKS[one.severity]} ${one.text}`,
      `    ${fill(run.texts.doctorType, { command: one.command })}`,
    ]);
    const title = told.length === 0 ? run.texts.doctorGood : fill(run.texts.doctorFound, { count: told.length });
    const table = network === undefined ? [] : routeTable(network, tableTexts(localeOf(run))).map(plain);
    printResult(run, { findings: told, ...(network !== undefined && { network }) }, [
      ...table,
      ...(table.length > 0 ? [''] : []),
      title,
      ...lines,
    ]);
    const [gravest] = found;
    return gravest === undefined ? 0 : EXIT[gravest.severity];
  },
};

/** Some values are other people's words. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ');
}

interface Seen {
  /** Of this machine. */
  readonly local: readonly Finding[];
  readonly network: NetworkFacts | undefined;
}

async function look(run: Run): Promise<Seen> {
  const { options } = run.arguments;
  const isPatient = options.has('patient');
  const from = options.get('from');
  if (options.has('as-user')) {
    const given = [...givenRoutes(options.get('route')), ...routesOfInvite(options.get('invite'))];
    const topology = given.length === 0 || options.has('topology') ? topologyOf(run).topology : undefined;
    return { local: [], network: await lookAsUser(topology, given, { isPatient }) };
  }
  if (from !== undefined) return { local: [], network: await lookFromNode(run, from, isPatient) };
  const loaded = configOf(run);
  const node = options.get('ask');
  if (node !== undefined) return { local: [], network: await lookBack(requirePeer(loaded, node), node) };
  const local = diagnose(await gatherLocalFacts(questionOf(loaded)));
  return { local, network: options.has('local') ? undefined : await lookFromServer(loaded, { isPatient }) };
}

async function lookFromNode(run: Run, from: string, isPatient: boolean): Promise<NetworkFacts> {
  const { topology } = topologyOf(run);
  const node = topology.nodes.get(from);
  if (node !== undefined) return await lookFrom(topology, node, { isPatient });
  const known = [...topology.nodes.keys()].join(', ');
  throw new ConfigError(`--from is ${JSON.stringify(from)}; the topology has ${known}`);
}

function requirePeer(loaded: LoadedConfig, node: string): LoadedConfig {
  const known = Object.keys(loaded.config.links.peers);
  if (known.includes(node)) return loaded;
  throw new ConfigError(`--ask is ${JSON.stringify(node)}; links.peers has ${known.join(', ') || 'nobody'}`);
}

function routesOfInvite(text: string | undefined) {
  if (text === undefined) return [];
  const questions = inviteQuestions(text);
  // It opens an account: it is not repeated.
  if (questions === undefined) throw new ConfigError('--invite is no invite; give its link, or the text behind #i=');
  if (questions.length === 0) throw new ConfigError('--invite has no route over https');
  return questions;
}

function givenRoutes(text: string | undefined) {
  return (text ?? '').split(',').flatMap((one) => {
    if (one === '') return [];
    const question = routeQuestion(one.trim());
    if (question === undefined) throw new ConfigError(`--route is ${JSON.stringify(one)}; allowed is https://…`);
    return [question];
  });
}

function questionOf({ config, dataDir }: LoadedConfig): Parameters<typeof gatherLocalFacts>[0] {
  return {
    dataDir,
    signingKey: signingKeyPath(config, dataDir),
    webFolder: webFolder(),
    listeners: config.listeners,
    config: configFacts(config),
  };
}

function signingKeyPath({ signingKey }: Config, dataDir: string): string | undefined {
  const isFile = typeof signingKey === 'object' && signingKey !== null && 'file' in signingKey;
  return isFile ? path.resolve(dataDir, signingKey.file) : undefined;
}

function configFacts(config: Config): Parameters<typeof gatherLocalFacts>[0]['config'] {
  const isLocal = (address: string): boolean => address === '::1' || address.startsWith('127.');
  return {
    serverName: config.serverName,
    publicBaseUrl: publicUrl(config),
    registrationMode: config.registration.mode,
    engine: config.storage.engine,
    isEncrypted: config.storage.encryption.key !== null,
    rateLimits: config.rateLimits.enabled,
    passwordCost: config.passwords.cost,
    listensPublicly: config.listeners.some((one) => !isLocal(one.address)),
    hasTls: config.listeners.some((one) => one.tls !== undefined),
  };
}
