import { createCrypto } from '../../adapters/crypto/index.ts';
import { fill } from '../../text/cli/index.ts';
import type { Command } from '../command.ts';
import { linkSeed } from '../compose/links.ts';
import { configOf } from '../config-of.ts';
import { formatNodeKey } from '../../lib/node-key.ts';
import { printResult } from '../output.ts';

export const link: Command = {
  name: 'link',
  about: (texts) => texts.commandLink,
  usage: 'link [--config FILE]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { texts } = run;
    const { config, baseDir, dataDir } = configOf(run);
    const seed = linkSeed({ config, baseDir, dataDir, environment: run.environment });
    const key = formatNodeKey((await createCrypto()).ed25519PublicKey(seed));
    const peers = Object.entries(config.links.peers).map(([name, { key: theirs, dial = [] }]) => ({
      name,
      key: theirs,
      dial,
    }));
    const lines = peers.map(({ name, dial }) =>
      fill(dial.length === 0 ? texts.linkWaits : texts.linkDials, { name, places: dial.join(', ') }),
    );
    printResult(run, { key, peers }, [fill(texts.linkKey, { key }), ...lines, texts.linkNext]);
    return 0;
  },
};
