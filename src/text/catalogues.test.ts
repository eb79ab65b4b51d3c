import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certEnglish } from './cert/en.ts';
import { certChinese } from './cert/zh.ts';
import { cliEnglish } from './cli/en.ts';
import { cliChinese } from './cli/zh.ts';
import { doctorEnglish } from './doctor/en.ts';
import { doctorChinese } from './doctor/zh.ts';
import { tableChinese, tableEnglish } from './doctor/table.ts';
import { planEnglish } from './plan/en.ts';
import { planChinese } from './plan/zh.ts';
import { topologyEnglish } from './topology/en.ts';
import { topologyChinese } from './topology/zh.ts';

/** Every text of a catalogue by the path of its key. */
function flat(catalogue: object, path = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue) as [string, unknown][]) {
    if (typeof value === 'string') texts.set(path + key, value);
    else for (const [inner, text] of flat(value as object, `${path}${key}.`)) texts.set(inner, text);
  }
  return texts;
}

const places = (text: string | undefined): string[] => [...new Set(text?.match(/\{[a-z]+\}/gi) ?? [])].toSorted();

const CATALOGUES: readonly (readonly [string, object, object])[] = [
  ['the command line', cliEnglish, cliChinese],
  ['certificates', certEnglish, certChinese],
  ['the doctor', doctorEnglish, doctorChinese],
  ["the doctor's table", tableEnglish, tableChinese],
  ['plans', planEnglish, planChinese],
  ['the topology', topologyEnglish, topologyChinese],
];

for (const [name, english, chinese] of CATALOGUES) {
  describe(`the texts of ${name}`, () => {
    it('are the same in number, none is empty, and each has the places of the original', () => {
      const [left, right] = [flat(english), flat(chinese)];
      assert.deepEqual([...right.keys()].toSorted(), [...left.keys()].toSorted());
      for (const [key, text] of left) {
        assert.notEqual(right.get(key)?.trim(), '', key);
        assert.deepEqual(places(right.get(key)), places(text), key);
      }
    });
  });
}
