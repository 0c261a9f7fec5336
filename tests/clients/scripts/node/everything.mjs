// The way of functions from create to delete through npm's node-appwrite of any version.
// node everything.mjs ARCHIVES, below a node_modules with the SDK; see test_sdks.py.

import { Functions } from 'node-appwrite';
import { offered, used } from '../calls.mjs';
import { equal, passed } from '../checks.mjs';
import * as deploying from './deploying.mjs';
import * as executing from './executing.mjs';
import * as people from './people.mjs';
import { version } from './sdk.mjs';
import * as settings from './settings.mjs';

// What is done next, and what the SDK must have for it: a call or `call.parameter`.
const STEPS = [
  [settings.listWhatThereIs],
  [settings.chooseSpecifications, 'listSpecifications.type'],
  [settings.createFunctions],
  [settings.refuseWhatIsWrong],
  [settings.updateFunction],
  [settings.keepVariables],
  [settings.nameVariables, 'createVariable.variableId'],
  [deploying.uploadInChunks],
  [executing.execute],
  [executing.executeFailing],
  [executing.executeLater],
  [executing.executeAsGuest],
  [deploying.uploadInOne],
  [settings.listFunctions],
  [deploying.listDeployments],
  [executing.listExecutions],
  [executing.searchExecutions, 'listExecutions.search'],
  [settings.leaveOutTotals, 'list.total'],
  [settings.leaveOutTheTotalOfVariables, 'listVariables.total'],
  [deploying.download],
  [deploying.cancelBuild],
  [deploying.rebuild],
  [deploying.nameATemplate, 'create.templateRepository'],
  [deploying.deployATemplate, 'createTemplateDeployment'],
  [deploying.deployABranch, 'createVcsDeployment'],
  [settings.keepSecrets, 'createVariable.secret'],
  [deploying.downloadTheBuild, 'getDeploymentDownload.type'],
  [executing.schedule],
  [people.makeUsers],
  [people.callAsUser],
  [people.keepAccount],
  [people.workInTeams],
  [people.sendPeopleAway],
  [settings.deleteEverything],
];

const all = offered(Functions);
const known = {}; // ids of deployments, for later steps
for (const [step, needs] of STEPS) {
  if (!needs || all.includes(needs)) await step(known);
  else process.stdout.write(`${step.name}: node-appwrite ${version} has no ${needs}\n`);
}
equal(all.filter((each) => !used.has(each)), [], 'calls and parameters that no step used');
process.stdout.write(`${passed()} checks passed with node-appwrite ${version}\n`);
