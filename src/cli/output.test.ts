import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { cliTexts } from '../text/cli/index.ts';
import { printFailure } from './output.ts';

it('a port that is taken or not allowed is named in a sentence', () => {
  const error = mock.method(console, 'error', () => undefined);
  const failure = (code: string, syscall: string) =>
    Object.assign(new Error(code), { code, syscall, port: 53, address: '192.168.1.2' });
  const said = (code: string, syscall: string): unknown => {
    printFailure(failure(code, syscall), { texts: cliTexts('en'), json: false });
    return error.mock.calls.at(-1)?.arguments[0];
  };
  assert.match(String(said('EADDRINUSE', 'listen')), /^Failed: Port 53 on 192\.168\.1\.2 is in use/);
  for (const syscall of ['listen', 'bind']) {
    assert.match(String(said('EACCES', syscall)), /^Failed: The system does not let this user open port 53 on 192/);
  }
  // Not a port: a file.
  assert.ok(said('EACCES', 'open') instanceof Error);
  error.mock.restore();
});
