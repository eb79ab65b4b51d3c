#!/usr/bin/env node
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
var main = fs.existsSync(source) ? source : path.join(root, 'dist/cli/main.js');
import(url.pathToFileURL(main).href).catch(function (error) {
  console.error(error);
  process.exit(1);
});
