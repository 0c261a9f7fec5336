// The way of functions from create to delete through npm's node-appwrite of any era.
// node everything.mjs ARCHIVES, below a node_modules with the SDK; see test_clients.py.

import {
  cancelBuild, download, downloadTheBuild, listDeployments, rebuild, uploadInChunks, uploadInOne,
} from './deploying.mjs';
import { isNew, version } from './eras.mjs';
import {
  execute, executeAsGuest, executeFailing, executeLater, listExecutions,
} from './executing.mjs';
import { passed } from './flow.mjs';
import {
  createFunctions, deleteEverything, keepSecrets, keepVariables, listFunctions, listWhatThereIs,
  refuseWhatIsWrong, updateFunction,
} from './settings.mjs';

await listWhatThereIs();
await createFunctions();
await refuseWhatIsWrong();
await updateFunction();
await keepVariables();
const big = await uploadInChunks();
await execute(big);
await executeFailing();
await executeLater();
await executeAsGuest();
const uploaded = await uploadInOne();
await listFunctions();
await listDeployments(uploaded);
await listExecutions();
await download(big, uploaded[0]);
const canceled = await cancelBuild(uploaded.at(-1));
await rebuild(uploaded.at(-1), canceled);
if (isNew) await keepSecrets();
if (isNew) await downloadTheBuild(uploaded[0]);
await deleteEverything(big);
process.stdout.write(`${passed()} checks passed with node-appwrite ${version}\n`);
