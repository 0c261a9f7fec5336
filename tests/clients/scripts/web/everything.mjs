// People sign up and in and call functions through npm's web SDK of any version.
// node everything.mjs ARCHIVES, below a node_modules with the SDK; see test_sdks.py.

import { Functions } from 'appwrite';
import { offered, used } from '../calls.mjs';
import { equal, passed } from '../checks.mjs';
import { visit } from './browser.mjs';
import { deploy, version } from './page.mjs';
import * as steps from './people.mjs';

// What is done next, and what the SDK must have for it: a call or `call.parameter`.
const STEPS = [
  ['nobody', steps.ping],
  ['nobody', steps.callAsGuest],
  ['nobody', steps.stayOutAsGuest],
  ['ada', steps.signUp],
  ['ada', steps.signIn],
  ['ada', steps.callAsUser],
  ['ada', steps.callLater],
  ['ada', steps.listOwn],
  ['ada', steps.searchOwn, 'listExecutions.search'],
  ['ada', steps.leaveOutTotal, 'listExecutions.total'],
  ['ada', steps.callWithJwt],
  ['ada', steps.keepPreferences],
  ['bob', steps.comeAnonymously],
  ['bob', steps.seeNothingOfOthers],
  ['ada', steps.signOut],
  ['bob', steps.staySignedIn],
];

const all = offered(Functions);
const known = {}; // what steps found, for later ones
visit('nobody');
await deploy();
for (const [person, step, needs] of STEPS) {
  visit(person);
  if (!needs || all.includes(needs)) await step(known);
  else process.stdout.write(`${step.name}: appwrite ${version} for the web has no ${needs}\n`);
}
equal(all.filter((each) => !used.has(each)), [], 'calls and parameters that no step used');
process.stdout.write(`${passed()} checks passed with appwrite ${version} for the web\n`);
