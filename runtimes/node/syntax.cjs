// Finds the file and line of a syntax error in an ES module, which import() keeps to itself: run
// with --experimental-vm-modules and the entrypoint, this ends by the same error. Nothing of the
// user's is executed.
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { SourceTextModule } = require('node:vm');

const seen = new Set();
const ahead = [process.argv[2]];
while (ahead.length > 0) {
  const file = ahead.pop();
  if (seen.has(file)) continue;
  seen.add(file);
  const { dependencySpecifiers } = new SourceTextModule(readFileSync(file, 'utf8'), {
    identifier: file,
  });
  const near = dependencySpecifiers.filter((name) => /^\.\.?\/.*\.m?js$/.test(name));
  ahead.push(...near.map((name) => path.join(path.dirname(file), name)).filter(existsSync));
}
