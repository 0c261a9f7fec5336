// Functions and their variables: create, read, update, list, refuse, delete.

import { Functions, ID, Query, Runtime } from 'node-appwrite';
import { equal, fields, has, ok, refused } from '../checks.mjs';
import { offered } from '../calls.mjs';
import { era } from './sdk.mjs';
import { NODE, PYTHON, answered, functions, guest } from './flow.mjs';

const SETTINGS = {
  execute: ['users'], events: ['users.*.create'], schedule: '0 0 1 1 *', timeout: 30, enabled: true,
  logging: true, entrypoint: 'main.py', commands: 'true', scopes: ['users.read'],
  providerBranch: 'main', providerSilentMode: true, providerRootDirectory: 'src',
  providerBranches: ['main', 'feature/*'], providerPaths: ['src/**'],
  specification: 's-0.5vcpu-512mb', buildSpecification: 's-2vcpu-2gb',
  runtimeSpecification: 's-1vcpu-1gb', deploymentRetention: 7,
};
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/;

export async function listWhatThereIs() {
  const { runtimes, total } = await functions.listRuntimes();
  equal(total, runtimes.length, 'number of runtimes');
  const names = runtimes.map(({ $id }) => $id);
  ok(names.includes('node-22') && names.includes('python-3.12'), `the runtimes ${names}`);
  has(runtimes[0], era.models.runtime, 'a runtime');
  const { specifications } = await functions.listSpecifications();
  has(specifications[0], era.models.specification, 'a specification');
}

/** What the newest versions can ask for; servers of 1.9 answer with everything. */
export async function chooseSpecifications() {
  const { specifications } = await functions.listSpecifications({ type: 'runtimes' });
  equal(specifications.length, 9, 'specifications of runtimes');
}

export async function createFunctions() {
  equal(await functions.list(), { total: 0, functions: [] }, 'an empty project');
  const created = await functions.create({
    functionId: NODE,
    name: 'Flow of Node',
    runtime: Runtime.Node22,
    execute: ['any'],
    timeout: 20,
    entrypoint: 'main.js',
  });
  const wanted = {
    $id: NODE, name: 'Flow of Node', runtime: 'node-22', execute: ['any'], events: [], schedule: '',
    timeout: 20, enabled: true, logging: true, entrypoint: 'main.js', commands: '', vars: [],
    [era.active]: '',
  };
  fields(created, wanted, 'the new function');
  has(created, era.models.function, 'the new function');
  ok(STAMP.test(created.$createdAt), `time stamp ${created.$createdAt}`);
  equal(await functions.get({ functionId: NODE }), created, 'the function read again');
  await createWithAllSettings();
}

/** In the words of all versions: of those that the SDK knows, all are sent. */
async function createWithAllSettings() {
  const python = { functionId: PYTHON, name: 'Flow of Python', runtime: Runtime.Python312 };
  keeps(await functions.create({ ...python, ...SETTINGS }), 'the function with all settings');
  const changed = await functions.update({ ...python, ...SETTINGS, name: 'All' });
  keeps(changed, 'the update with all settings');
  equal(changed.name, 'All', 'name of the update with all settings');
  const none = { installationId: '', providerRepositoryId: '', templateVersion: '' };
  await functions.update({ ...python, ...none, entrypoint: 'main.py' });
  const absent = { installationId: 'absent', providerRepositoryId: 'absent' };
  const refusal = functions.create({ ...python, functionId: 'other', ...absent });
  await refused(404, 'installation_not_found', refusal);
}

/** Of the settings those that the SDK can send are in the function. */
function keeps(found, what) {
  const known = offered(Functions);
  const sent = Object.entries(SETTINGS).filter(([name]) => known.includes(`create.${name}`));
  fields(found, Object.fromEntries(sent), what);
}

export async function refuseWhatIsWrong() {
  const node = { functionId: NODE, name: 'Again', runtime: 'node-22' };
  await refused(409, era.taken, functions.create(node), 'already exists');
  const absent = functions.get({ functionId: 'absent' });
  const error = await refused(404, 'function_not_found', absent, 'could not be found');
  const body = typeof error.response === 'string' ? JSON.parse(error.response) : error.response;
  fields(body, { code: 404, type: 'function_not_found' }, 'an error');
  has(body, 'message version', 'an error');
  const invalid = 'general_argument_invalid';
  const cobol = { functionId: 'other', name: 'Other', runtime: 'cobol-1' };
  await refused(400, invalid, functions.create(cobol), 'Invalid `runtime` param: Value must be one');
  await refused(400, invalid, functions.create({ ...node, functionId: '-a' }), 'functionId');
  const early = functions.createExecution({ functionId: NODE });
  await refused(404, 'deployment_not_found', early, 'Create a');
  const some = { functionId: NODE, deploymentId: 'absent', executionId: 'absent', variableId: 'absent' };
  await refused(404, 'deployment_not_found', functions.getDeployment(some), 'could not be found');
  await refused(404, 'execution_not_found', functions.getExecution(some));
  await refused(404, 'variable_not_found', functions.getVariable(some));
  await refused(401, 'general_unauthorized_scope', guest.list(), 'missing scope');
}

export async function updateFunction() {
  const changed = await functions.update({
    functionId: NODE, name: 'Renamed', execute: ['any'], timeout: 10, entrypoint: 'main.js',
  });
  fields(changed, { $id: NODE, name: 'Renamed', timeout: 10, runtime: 'node-22' }, 'the update');
  equal((await functions.get({ functionId: NODE })).name, 'Renamed', 'the stored name');
  const absent = functions.update({ functionId: 'absent', name: 'Absent' });
  await refused(404, 'function_not_found', absent);
}

export async function keepVariables() {
  const create = (key, value) =>
    functions.createVariable({
      functionId: NODE, variableId: ID.unique(), key, value, secret: false,
    });
  const greeting = await create('GREETING', 'hello');
  const wanted = {
    key: 'GREETING', value: 'hello', resourceId: NODE, resourceType: 'function',
  };
  fields(greeting, wanted, 'the new variable');
  has(greeting, era.models.variable, 'the new variable');
  await refused(409, 'variable_already_exists', create('GREETING', 'again'));
  const one = { functionId: NODE, variableId: greeting.$id };
  const changed = await functions.updateVariable({ ...one, key: 'GREETING', value: 'hello again' });
  fields(changed, { key: 'GREETING', value: 'hello again' }, 'the updated variable');
  equal((await functions.getVariable(one)).value, 'hello again', 'the stored value');
  const passing = await create('PASSING', 'gone soon');
  await functions.deleteVariable({ functionId: NODE, variableId: passing.$id });
  const gone = functions.getVariable({ functionId: NODE, variableId: passing.$id });
  await refused(404, 'variable_not_found', gone);
  const { total, variables } = await functions.listVariables({ functionId: NODE });
  equal([total, ...variables.map(({ key }) => key)], [1, 'GREETING'], 'variables');
}

/** A secret is seen by the function alone. */
export async function keepSecrets() {
  const secret = await functions.createVariable({
    functionId: NODE, variableId: ID.unique(), key: 'TOKEN', value: 's3cret', secret: true,
  });
  fields(secret, { value: '', secret: true }, 'a secret variable');
  const one = { functionId: NODE, variableId: secret.$id };
  fields(await functions.getVariable(one), { value: '', secret: true }, 'the stored secret');
  const changed = await functions.updateVariable({ ...one, key: 'TOKEN', value: 'new' });
  equal(changed.key, 'TOKEN', 'its name');
  equal((await answered(NODE)).token, 'new', 'the secret in the function');
  const open = functions.updateVariable({ ...one, key: 'TOKEN', secret: false });
  await refused(400, 'variable_cannot_unset_secret', open);
  const { variables } = await functions.listVariables({ functionId: NODE });
  const secrets = variables.filter((each) => each.secret);
  equal(secrets.map(({ key }) => key), ['TOKEN'], 'secret variables');
}

export async function nameVariables() {
  const one = { functionId: PYTHON, variableId: 'named' };
  const variable = await functions.createVariable({ ...one, key: 'NAMED', value: 'yes', secret: false });
  equal(variable.$id, 'named', "the variable's own id");
  // By its id alone, as only new versions can.
  const changed = await functions.updateVariable({ ...one, value: 'now' });
  fields(changed, { key: 'NAMED', value: 'now' }, 'the changed variable');
  await functions.deleteVariable(one);
}

export async function leaveOutTotals() {
  const functionId = NODE;
  for (const [name, listed] of [
    ['functions', functions.list({ total: false })],
    ['deployments', functions.listDeployments({ functionId, total: false })],
    ['executions', functions.listExecutions({ functionId, total: false })],
  ]) {
    equal((await listed).total, 0, `total of ${name} that was not asked for`);
  }
}

export async function leaveOutTheTotalOfVariables() {
  const queries = [Query.equal('key', ['GREETING'])];
  const { total, variables } = await functions.listVariables({ functionId: NODE, queries, total: false });
  equal([total, ...variables.map(({ key }) => key)], [0, 'GREETING'], 'variables, not counted');
}

export async function listFunctions() {
  const ids = async (...queries) =>
    (await functions.list({ queries })).functions.map(({ $id }) => $id);
  equal(await ids(), [NODE, PYTHON], 'functions');
  equal(await ids(Query.limit(1)), [NODE], 'functions, limit 1');
  equal(await ids(Query.limit(1), Query.offset(1)), [PYTHON], 'functions, offset 1');
  equal(await ids(Query.orderDesc('$id')), [PYTHON, NODE], 'functions by id, falling');
  equal(await ids(Query.equal('name', 'Renamed')), [NODE], 'functions by name');
  equal(await ids(Query.equal('runtime', ['python-3.12'])), [PYTHON], 'functions by runtime');
  equal(await ids(Query.cursorAfter(NODE)), [PYTHON], 'functions after a cursor');
  equal(await ids(Query.cursorBefore(PYTHON)), [NODE], 'functions before a cursor');
  const either = Query.or([Query.equal('name', 'Renamed'), Query.startsWith('name', 'Flow')]);
  equal(await ids(either), [NODE, PYTHON], 'functions by one of two');
  equal((await functions.list({ search: 'python' })).total, 1, 'functions found by text');
  await refused(400, 'general_cursor_not_found', ids(Query.cursorAfter('absent')), 'absent');
  await refused(400, 'general_argument_invalid', ids(Query.equal('colour', 'red')), 'queries');
}

export async function deleteEverything({ big }) {
  const { executions } = await functions.listExecutions({ functionId: NODE });
  const first = { functionId: NODE, executionId: executions[0].$id };
  await functions.deleteExecution(first);
  const left = (await functions.listExecutions({ functionId: NODE })).total;
  equal(left, executions.length - 1, 'executions after a delete');
  await refused(404, 'execution_not_found', functions.deleteExecution(first));
  const deployment = { functionId: NODE, deploymentId: big };
  await functions.deleteDeployment(deployment);
  equal((await functions.get({ functionId: NODE }))[era.active], '', 'no deployment is active');
  await refused(404, 'deployment_not_found', functions.getDeployment(deployment));
  await refused(404, 'deployment_not_found', functions.createExecution({ functionId: NODE }));
  const { deployments } = await functions.listDeployments({ functionId: PYTHON });
  for (const { $id } of deployments) {
    await functions.deleteDeployment({ functionId: PYTHON, deploymentId: $id });
  }
  equal((await functions.listDeployments({ functionId: PYTHON })).total, 0, 'deployments');
  equal(await functions.delete({ functionId: NODE }), { message: '' }, 'the answer to a delete');
  await functions.delete({ functionId: PYTHON });
  equal(await functions.list(), { total: 0, functions: [] }, 'functions, all deleted');
  await refused(404, 'function_not_found', functions.listExecutions({ functionId: NODE }));
  await refused(404, 'function_not_found', functions.delete({ functionId: NODE }));
}
