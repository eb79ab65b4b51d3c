#!/usr/bin/env -S node --max-semi-space-size=16
// The young generation would take 130 MB after a busy moment and keep them; 16 MB a half cost no measurable time.
// Written in the oldest syntax on purpose: an old Node.js must be able to read it and say what is missing.
var found = process.versions.node.split('.').map(Number);
var enough = (found[0] === 24 && found[1] >= 16) || found[0] >= 26;
if (!enough) {
  console.error(
    'Postern needs Node.js 24.16 or later of the 24 line, or 26 and later. Found: ' +
      process.versions.node +
      '.\n' +
      'Install it from https://nodejs.org or with your package manager, then run this command again.',
  );
  process.exit(1);
}
var path = require('node:path');
var url = require('node:url');
var fs = require('node:fs');
var root = path.join(__dirname, '..');
var source = path.join(root, 'src/cli/main.ts');
// Compiled code is kept from one start to the next, beside the packages and not in the folder for temporary files, where
// others could put theirs first. Where that cannot be written the start takes a little longer.
var cache = path.join(root, 'node_modules/.cache/postern');
require('node:module').enableCompileCache(cache);
// The threads of the process read it from here.
process.env.NODE_COMPILE_CACHE = cache;
var main = fs.existsSync(source) ? source : path.join(root, 'dist/cli/main.js');
import(url.pathToFileURL(main).href).catch(function (error) {
  console.error(error);
  process.exit(1);
});
