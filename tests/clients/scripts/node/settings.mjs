// Functions and their variables: create, read, update, list, refuse, delete.

import { ID, Query, Runtime } from 'node-appwrite';
import { era, isNew } from './eras.mjs';
import {
  NODE, PYTHON, answered, equal, fields, functions, guest, has, ok, refused,
} from './flow.mjs';

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/;

export async function listWhatThereIs() {
  const { runtimes, total } = await functions.listRuntimes();
  equal(total, runtimes.length, 'number of runtimes');
  const names = runtimes.map(({ $id }) => $id);
  ok(names.includes('node-22') && names.includes('python-3.12'), `the runtimes ${names}`);
  has(runtimes[0], '$id key name version base image logo supports', 'a runtime');
  const { specifications } = await functions.listSpecifications();
  has(specifications[0], 'slug memory cpus enabled', 'a specification');
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
  await functions.create({
    functionId: PYTHON, name: 'Flow of Python', runtime: Runtime.Python312, entrypoint: 'main.py',
  });
}

export async function refuseWhatIsWrong() {
  const node = { functionId: NODE, name: 'Again', runtime: 'node-22' };
  await refused(409, era.taken, functions.create(node), 'already exists');
  const absent = functions.get({ functionId: 'absent' });
  const error = await refused(404, 'function_not_found', absent, 'could not be found');
  const body = isNew ? JSON.parse(error.response) : error.response;
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
  // By its name alone, as only new SDKs can.
  equal((await functions.updateVariable({ ...one, value: 'new' })).key, 'TOKEN', 'its kept name');
  equal((await answered(NODE)).token, 'new', 'the secret in the function');
  const open = functions.updateVariable({ ...one, secret: false });
  await refused(400, 'variable_cannot_unset_secret', open);
  const queries = [Query.equal('secret', true)];
  const { variables } = await functions.listVariables({ functionId: NODE, queries });
  equal(variables.map(({ key }) => key), ['TOKEN'], 'secret variables');
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
  if (isNew) equal((await functions.list({ total: false })).total, 0, 'total that was not asked for');
  await refused(400, 'general_cursor_not_found', ids(Query.cursorAfter('absent')), 'absent');
  await refused(400, 'general_argument_invalid', ids(Query.equal('colour', 'red')), 'queries');
}

export async function deleteEverything(big) {
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
