import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, parseArguments } from './command.ts';
import { ConfigError } from './config/sources.ts';

const command: Command = {
  name: 'user',
  about: () => '',
  usage: '',
  options: [
    { name: 'password', value: 'TEXT', text: '' },
    { name: 'admin', text: '' },
  ],
  positionalsMax: 2,
  takesConfig: true,
  run: async () => 0,
};
const withoutConfig: Command = { ...command, takesConfig: false };

function refuses(raw: readonly string[], message: RegExp, of = command): void {
  assert.throws(
    () => parseArguments(raw, of),
    (error) => error instanceof ConfigError && message.test(error.message),
  );
}

describe('arguments', () => {
  it('take a value behind the sign or in the next argument, for options and for keys', () => {
    const both = [
      ['create', '--password=secret', '--log.level=warn', 'bob', '--config=a.yaml'],
      ['create', '--password', 'secret', '--log.level', 'warn', 'bob', '--config', 'a.yaml'],
    ];
    for (const raw of both) {
      const parsed = parseArguments(raw, command);
      assert.deepEqual(parsed.positionals, ['create', 'bob']);
      assert.equal(parsed.options.get('password'), 'secret');
      assert.equal(parsed.config, 'a.yaml');
      assert.deepEqual(parsed.flags, { 'log.level': 'warn' });
      assert.equal(parsed.raw, raw);
    }
  });

  it('take keys in either way of writing', () => {
    const parsed = parseArguments(['--rateLimits.enabled', 'false', '--rate-limits.enabled', 'true'], command);
    assert.deepEqual(parsed.flags, { 'rateLimits.enabled': 'false', 'rate-limits.enabled': 'true' });
  });

  it('take switches, which leave the next argument alone', () => {
    const parsed = parseArguments(['--admin', 'create', '--json', 'bob', '-h'], command);
    assert.deepEqual(parsed.positionals, ['create', 'bob']);
    assert.deepEqual([parsed.options.has('admin'), parsed.json, parsed.help], [true, true, true]);
    assert.equal(parseArguments(['create'], command).options.has('admin'), false);
  });

  it('take what follows two hyphens as it is', () => {
    assert.deepEqual(parseArguments(['create', '--', '--admin'], command).positionals, ['create', '--admin']);
    refuses(['--log.level', '--', 'warn'], /^--log\.level needs a value/);
  });

  it('take a value that begins with a hyphen only behind the sign', () => {
    assert.equal(parseArguments(['--password=-x'], command).options.get('password'), '-x');
    assert.equal(parseArguments(['--password='], command).options.get('password'), '');
    refuses(['--password', '-x'], /^--password needs a value/);
    refuses(['--password', '--admin'], /^--password needs a value/);
  });

  it('are refused where a value is missing', () => {
    refuses(['--password'], /^--password needs a value/);
    refuses(['--log.level'], /^--log\.level needs a value/);
    refuses(['--log.level', '--json'], /^--log\.level needs a value/);
    refuses(['--config'], /^--config needs a value/);
  });

  it('are refused where a switch is given a value: "--admin=false" must not make an administrator', () => {
    refuses(['--admin=false'], /^--admin takes no value/);
    refuses(['--help=no'], /^--help takes no value/);
  });

  it('are refused where nobody knows them, with what was probably meant', () => {
    refuses(['--amdin'], /^--amdin: no such option; did you mean --admin\?/);
    refuses(['--log.levle', 'warn'], /^--log\.levle: no such option; did you mean --log\.level\?/);
    refuses(['--log.level', 'warn'], /^--log\.level: no such option/, withoutConfig);
    refuses(['-x'], /^-x: no such option/);
    for (const name of ['__proto__', 'constructor', 'toString']) refuses([`--${name}=1`], /no such option/);
  });

  it('are refused where there are too many', () => {
    refuses(['create', 'bob', 'alice'], /^"alice": one argument too many/);
    refuses(['now'], /^"now": one argument too many/, {
      name: 'serve',
      about: () => '',
      usage: '',
      options: [],
      takesConfig: true,
      run: async () => 0,
    });
  });
});
