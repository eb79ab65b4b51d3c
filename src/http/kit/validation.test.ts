import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { MatrixError } from '../../matrix/errors.ts';
import { checkBody, readQuery } from './validation.ts';

const query = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 0 })),
  full: Type.Optional(Type.Boolean()),
  via: Type.Optional(Type.Array(Type.String())),
  dir: Type.Union([Type.Literal('b'), Type.Literal('f')]),
});

function refusal(run: () => unknown): [code: string, message: string] {
  try {
    run();
  } catch (error) {
    if (error instanceof MatrixError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the query', () => {
  it('is read by its schema', () => {
    assert.deepEqual(
      { ...readQuery(query, 'dir=b&limit=10&full=true&via=a&via=b%20c&unknown=1') },
      { dir: 'b', limit: 10, full: true, via: ['a', 'b c'] },
    );
    assert.deepEqual({ ...readQuery(query, 'dir=f&via=a&full=false') }, { dir: 'f', via: ['a'], full: false });
  });

  it('takes the last of a parameter that stands twice', () => {
    assert.equal(readQuery(query, 'dir=b&dir=f')['dir'], 'f');
  });

  it('is refused where a parameter is missing', () => {
    assert.equal(refusal(() => readQuery(query, ''))[0], 'M_MISSING_PARAM');
    assert.equal(refusal(() => readQuery(query, 'limit=1'))[0], 'M_MISSING_PARAM');
  });

  it('is refused where a value does not fit', () => {
    for (const wrong of ['limit=x', 'limit=1.5', 'limit=-1', 'limit=', 'limit=1e3', 'limit=0x10', 'full=1', 'full=']) {
      assert.equal(refusal(() => readQuery(query, `dir=b&${wrong}`))[0], 'M_INVALID_PARAM', wrong);
    }
    assert.equal(refusal(() => readQuery(query, 'dir=x'))[0], 'M_INVALID_PARAM');
  });

  it('names nothing that objects inherit', () => {
    assert.equal(Object.getPrototypeOf(readQuery(query, 'dir=b&__proto__=x')), null);
    assert.deepEqual(Object.keys(readQuery(query, 'dir=b&constructor=x&__proto__=x')), ['dir']);
  });
});

describe('the body', () => {
  const body = Type.Object({ name: Type.String(), inner: Type.Optional(Type.Object({ count: Type.Integer() })) });

  it('is taken with keys that nobody knows', () => {
    checkBody(body, { name: 'a', other: 1 });
  });

  it('is refused with the place and without the value', () => {
    const [code, message] = refusal(() => checkBody(body, { name: 'a', inner: { count: 'secret' } }));
    assert.equal(code, 'M_BAD_JSON');
    assert.match(message, /inner\.count/);
    assert.doesNotMatch(message, /secret/);
    assert.equal(refusal(() => checkBody(body, {}))[0], 'M_BAD_JSON');
    assert.equal(refusal(() => checkBody(body, []))[0], 'M_BAD_JSON');
    assert.equal(refusal(() => checkBody(body, null))[0], 'M_BAD_JSON');
  });
});
