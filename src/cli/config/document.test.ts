import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConfig } from './check.ts';
import { configDocument } from './document.ts';
import { ConfigSchema, LATER } from './schema.ts';
import { readFileSource } from './sources.ts';
import { defaultsOf, listKeys, nodeOf } from './tree.ts';

/** Takes the sign off every line that is a key. */
function uncommented(text: string): string {
  return text.replaceAll(/^( *)#(?! )/gm, '$1');
}

describe('the text of postern.yaml', () => {
  it('says the same as no file at all', () => {
    assert.deepEqual(checkConfig([readFileSource(configDocument({}), 'postern.yaml')]), defaultsOf(ConfigSchema));
  });

  it('shows for each key its default', () => {
    const text = uncommented(configDocument({}));
    assert.deepEqual(checkConfig([readFileSource(text, 'postern.yaml')]), defaultsOf(ConfigSchema));
    for (const { path, schema } of listKeys(ConfigSchema)) {
      const shown = text.includes(`${'  '.repeat(path.length - 1)}${path.at(-1)}:`);
      assert.ok(shown || nodeOf(schema)[LATER] === true, path.join('.'));
    }
  });

  it('gives no secret a value: it is absent, or made in a file of its own (adv-070)', () => {
    // What may be given by the environment is a secret.
    const secrets = listKeys(ConfigSchema).filter(({ schema }) => JSON.stringify(schema).includes('"env"'));
    const names = secrets.map(({ path }) => path.join('.'));
    for (const one of ['signingKey', 'registration.sharedSecret', 'storage.encryption.key'])
      assert.ok(names.includes(one));
    for (const [index, { schema }] of secrets.entries()) {
      const value = nodeOf(schema).default;
      const isFile = typeof value === 'object' && value !== null && 'file' in value;
      assert.ok(value === null || isFile, `${names[index]} is ${JSON.stringify(value)} where nobody says anything`);
    }
  });

  it('writes what was chosen so that it counts', () => {
    const chosen = {
      serverName: 'example.org',
      log: { level: 'warn' },
      storage: { encryption: { key: { env: 'KEY' } } },
    };
    const text = configDocument(chosen);
    const config = checkConfig([readFileSource(text, 'postern.yaml')]);
    assert.equal(config.serverName, 'example.org');
    assert.equal(config.log.level, 'warn');
    assert.equal(config.log.format, 'pretty');
    assert.deepEqual(config.storage.encryption.key, { env: 'KEY' });
    assert.match(text, /^serverName: example\.org$/m);
  });
});
