#!/usr/bin/env node
'use strict';

// Old syntax throughout, so that an old Node gets as far as the sentence that it is too old.
var needed = [20, 19];
var version = process.versions.node.split('.').map(Number);
if (version[0] < needed[0] || (version[0] === needed[0] && version[1] < needed[1])) {
  process.stderr.write(
    'execution-context-gateway needs Node.js ' +
      needed.join('.') +
      ' or later; this is ' +
      process.versions.node +
      '.\n',
  );
  process.exitCode = 1;
} else {
  import('./dist/main.js');
}
