// Everything a function goes through, with npm's node-appwrite 27.
// node node_27.mjs ARCHIVES, beside a node_modules with the SDK; see test_clients.py.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DeploymentDownloadType, ExecutionMethod, ID, Query, Runtime } from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';
import {
  MODELS, answered, archives, built, equal, fields, functions, guest, has, ok, packed, passed, poll,
  refused,
} from './node_flow.mjs';

const NODE = 'flow-node';
const PYTHON = 'flow-python';
const CHUNK = 5 * 1024 * 1024;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/;

async function listWhatThereIs() {
  const { runtimes, total } = await functions.listRuntimes();
  equal(total, runtimes.length, 'number of runtimes');
  const names = runtimes.map(({ $id }) => $id);
  ok(names.includes('node-22') && names.includes('python-3.12'), `the runtimes ${names}`);
  has(runtimes[0], MODELS.runtime, 'a runtime');
  const { specifications } = await functions.listSpecifications();
  has(specifications[0], MODELS.specification, 'a specification');
}

async function createFunctions() {
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
    deploymentId: '', latestDeploymentId: '', latestDeploymentStatus: '',
  };
  fields(created, wanted, 'the new function');
  has(created, MODELS.function, 'the new function');
  ok(STAMP.test(created.$createdAt), `time stamp ${created.$createdAt}`);
  equal(await functions.get({ functionId: NODE }), created, 'the function read again');
  await functions.create({
    functionId: PYTHON, name: 'Flow of Python', runtime: Runtime.Python312, entrypoint: 'main.py',
  });
}

async function refuseWhatIsWrong() {
  const node = { functionId: NODE, name: 'Again', runtime: 'node-22' };
  await refused(409, 'function_already_exists', functions.create(node), 'already exists');
  const absent = functions.get({ functionId: 'absent' });
  const error = await refused(404, 'function_not_found', absent, 'could not be found');
  const body = JSON.parse(error.response);
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

async function updateFunction() {
  const changed = await functions.update({
    functionId: NODE, name: 'Renamed', execute: ['any'], timeout: 10, entrypoint: 'main.js',
  });
  fields(changed, { $id: NODE, name: 'Renamed', timeout: 10, runtime: 'node-22' }, 'the update');
  equal((await functions.get({ functionId: NODE })).name, 'Renamed', 'the stored name');
  const absent = functions.update({ functionId: 'absent', name: 'Absent' });
  await refused(404, 'function_not_found', absent);
}

async function keepVariables() {
  const create = (key, value, secret) =>
    functions.createVariable({ functionId: NODE, variableId: ID.unique(), key, value, secret });
  const greeting = await create('GREETING', 'hello', false);
  const wanted = {
    key: 'GREETING', value: 'hello', secret: false, resourceId: NODE, resourceType: 'function',
  };
  fields(greeting, wanted, 'the new variable');
  has(greeting, MODELS.variable, 'the new variable');
  await refused(409, 'variable_already_exists', create('GREETING', 'again', false));
  const one = { functionId: NODE, variableId: greeting.$id };
  const changed = await functions.updateVariable({ ...one, value: 'hello again' });
  fields(changed, { key: 'GREETING', value: 'hello again' }, 'the updated variable');
  equal((await functions.getVariable(one)).value, 'hello again', 'the stored value');
  const secret = await create('TOKEN', 's3cret', true);
  fields(secret, { value: '', secret: true }, 'a secret variable');
  const open = functions.updateVariable({ functionId: NODE, variableId: secret.$id, secret: false });
  await refused(400, 'variable_cannot_unset_secret', open);
  const passing = await create('PASSING', 'gone soon', false);
  await functions.deleteVariable({ functionId: NODE, variableId: passing.$id });
  const gone = functions.getVariable({ functionId: NODE, variableId: passing.$id });
  await refused(404, 'variable_not_found', gone);
  const { total, variables } = await functions.listVariables({ functionId: NODE });
  equal([total, ...variables.map(({ key }) => key)], [2, 'GREETING', 'TOKEN'], 'variables');
  const queries = [Query.equal('secret', true)];
  const secrets = (await functions.listVariables({ functionId: NODE, queries })).variables;
  equal(secrets.map(({ key }) => key), ['TOKEN'], 'secret variables');
}

/** The first chunk alone, then two at once; the SDK's callback learns of each. */
async function uploadInChunks() {
  const name = 'node-12mib.tar.gz';
  const { size } = statSync(join(archives, name));
  const progress = [];
  const deployment = await functions.createDeployment({
    functionId: NODE, code: packed(name), activate: true, onProgress: (each) => progress.push(each),
  });
  const wanted = {
    resourceId: NODE, resourceType: 'functions', type: 'manual', entrypoint: 'main.js',
    activate: true, sourceSize: size, chunksTotal: 3, chunksUploaded: 3,
  };
  fields(deployment, wanted, 'the uploaded deployment');
  has(deployment, MODELS.deployment, 'the uploaded deployment');
  const last = progress.at(-1);
  equal(progress.map(({ $id }) => $id), Array(3).fill(deployment.$id), 'ids in the progress');
  equal([last.sizeUploaded, last.progress, last.chunksUploaded], [size, 100, 3], 'last progress');
  const done = await built(NODE, deployment.$id);
  ok(done.buildSize > 2 * CHUNK, `bytes of the build: ${done.buildSize}`);
  return deployment.$id;
}

/** Exactly one chunk, some bytes, and bytes in memory instead of a file. */
async function uploadInOne() {
  const ids = [];
  const small = 'python-small.tar.gz';
  for (const code of [
    packed('python-5mib.tar.gz'),
    packed(small),
    InputFile.fromBuffer(readFileSync(join(archives, small)), small),
  ]) {
    const deployment = await functions.createDeployment({
      functionId: PYTHON, code, activate: true, entrypoint: 'main.py', commands: '',
    });
    equal(deployment.sourceSize, await code.size(), 'bytes of the upload');
    ok(!('chunksTotal' in deployment), 'one request is not counted in chunks');
    await built(PYTHON, deployment.$id);
    equal((await answered(PYTHON)).deployment, deployment.$id, 'the running deployment');
    ids.push(deployment.$id);
  }
  const text = InputFile.fromPlainText('text', 'code.txt');
  const refusal = functions.createDeployment({ functionId: PYTHON, code: text, activate: true });
  await refused(400, 'storage_file_type_unsupported', refusal);
  return ids;
}

async function execute(deploymentId) {
  const path = '/greet?name=Ada&name=Eve';
  const execution = await functions.createExecution({
    functionId: NODE, body: 'the body', xpath: path, method: ExecutionMethod.PATCH,
    headers: { 'x-custom': 'yes', 'content-type': 'text/plain' },
  });
  const wanted = {
    functionId: NODE, deploymentId, trigger: 'http', status: 'completed', requestMethod: 'PATCH',
    requestPath: path, responseStatusCode: 200, logs: 'called PATCH /greet\n', errors: '',
    scheduledAt: null,
  };
  fields(execution, wanted, 'the execution');
  has(execution, MODELS.execution, 'the execution');
  ok(execution.duration > 0 && execution.duration < 10, `duration ${execution.duration}`);
  const headers = Object.fromEntries(execution.responseHeaders.map((it) => [it.name, it.value]));
  equal(headers['x-made-by'], 'node', "the function's response header");
  equal(headers['content-type'], 'application/json; charset=utf-8', 'content type');
  const seen = {
    language: 'node', method: 'PATCH', path: '/greet', body: 'the body', custom: 'yes',
    trigger: 'http', greeting: 'hello again', token: 's3cret', deployment: deploymentId,
  };
  const answer = JSON.parse(execution.responseBody);
  fields(answer, seen, 'what the function saw');
  ok(answer.blob > 2 * CHUNK, "the function's large file is there");
}

async function executeFailing() {
  const run = (path, more = {}) =>
    functions.createExecution({ functionId: NODE, xpath: path, method: ExecutionMethod.GET, ...more });
  const thrown = await run('/throw');
  const failed = { status: 'failed', responseStatusCode: 500, responseBody: '' };
  fields(thrown, failed, 'an execution that throws');
  ok(thrown.errors.includes('boom from node'), 'the error is told');
  const teapot = await run('/teapot');
  fields(teapot, { status: 'completed', responseStatusCode: 418 }, 'an execution with status 418');
  const complaining = await run('/error');
  const texts = { errors: 'complained\n', logs: 'called GET /error\n' };
  fields(complaining, texts, 'an execution that reports an error');
  await refused(400, 'general_argument_invalid', run('/', { method: 'BREW' }), '`method`');
  await refused(404, 'function_not_found', run('/', { functionId: 'absent' }));
}

/** The answer comes at once, the outcome is read; the body is not kept. */
async function executeLater() {
  const accepted = await functions.createExecution({
    functionId: NODE, body: 'later', async: true, xpath: '/later', method: ExecutionMethod.POST,
  });
  ok(['waiting', 'processing'].includes(accepted.status), accepted.status);
  const empty = { responseStatusCode: 0, responseBody: '', logs: '', trigger: 'http' };
  fields(accepted, empty, 'the accepted execution');
  const execution = await poll(
    () => functions.getExecution({ functionId: NODE, executionId: accepted.$id }),
    ({ status }) => !['waiting', 'processing'].includes(status),
  );
  const wanted = {
    status: 'completed', responseStatusCode: 200, responseBody: '', logs: 'called POST /later\n',
  };
  fields(execution, wanted, 'the finished execution');
  ok(execution.duration > 0, 'the finished execution took its time');
}

async function executeAsGuest() {
  const execution = await guest.createExecution({
    functionId: NODE, xpath: '/guest', method: ExecutionMethod.GET,
  });
  const wanted = { status: 'completed', responseStatusCode: 200, logs: '', errors: '' };
  fields(execution, wanted, "a guest's execution");
  await refused(404, 'deployment_not_found', guest.createExecution({ functionId: PYTHON }));
}

async function listFunctions() {
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
  equal((await functions.list({ total: false })).total, 0, 'total that was not asked for');
  await refused(400, 'general_cursor_not_found', ids(Query.cursorAfter('absent')), 'absent');
  await refused(400, 'general_argument_invalid', ids(Query.equal('colour', 'red')), 'queries');
}

async function listDeployments([exact, small, again]) {
  const ids = async (...queries) => {
    const listed = await functions.listDeployments({ functionId: PYTHON, queries });
    return listed.deployments.map(({ $id }) => $id);
  };
  equal(await ids(), [exact, small, again], 'deployments');
  equal(await ids(Query.orderDesc('$createdAt'), Query.limit(1)), [again], 'newest deployment');
  equal(await ids(Query.cursorAfter(exact)), [small, again], 'deployments after a cursor');
  equal(await ids(Query.equal('status', ['ready']), Query.limit(2)), [exact, small], 'by status');
  equal(await ids(Query.lessThan('sourceSize', CHUNK)), [small, again], 'deployments by size');
  equal(await ids(Query.equal('type', 'vcs')), [], 'deployments of another type');
}

async function listExecutions() {
  const paths = async (...queries) => {
    const { executions, total } = await functions.listExecutions({ functionId: NODE, queries });
    ok(total >= executions.length, 'total of executions');
    ok(executions.every(({ responseBody }) => responseBody === ''), 'bodies are not kept');
    return executions.map(({ requestPath }) => requestPath);
  };
  const greet = '/greet?name=Ada&name=Eve';
  const everything = [greet, '/throw', '/teapot', '/error', '/later', '/guest'];
  equal(await paths(), everything, 'executions');
  const newest = await paths(Query.orderDesc('$createdAt'), Query.limit(2));
  equal(newest, ['/guest', '/later'], 'the newest executions');
  equal(await paths(Query.equal('status', 'failed')), ['/throw'], 'failed executions');
  equal(await paths(Query.equal('requestMethod', ['PATCH'])), [greet], 'executions by method');
  const codes = await paths(Query.greaterThan('responseStatusCode', 400));
  equal(codes, ['/throw', '/teapot'], 'executions by status code');
  const queries = [Query.limit(1)];
  const { executions, total } = await functions.listExecutions({ functionId: NODE, queries });
  equal(total, everything.length, 'total beyond the limit');
  const rest = await paths(Query.cursorAfter(executions[0].$id), Query.limit(2));
  equal(rest, ['/throw', '/teapot'], 'executions after a cursor');
}

/** Byte for byte what was uploaded, and what the build made of it. */
async function download(big, exact) {
  for (const [functionId, deploymentId, name] of [
    [NODE, big, 'node-12mib.tar.gz'],
    [PYTHON, exact, 'python-5mib.tar.gz'],
  ]) {
    const found = Buffer.from(await functions.getDeploymentDownload({ functionId, deploymentId }));
    const wanted = readFileSync(join(archives, name));
    equal(found.length, wanted.length, `length of the downloaded ${name}`);
    ok(found.equals(wanted), `bytes of the downloaded ${name}`);
  }
  const output = await functions.getDeploymentDownload({
    functionId: PYTHON, deploymentId: exact, type: DeploymentDownloadType.Output,
  });
  ok(gunzipSync(Buffer.from(output)).includes('def main(context):'), "the build's output");
  const foreign = functions.getDeploymentDownload({ functionId: NODE, deploymentId: exact });
  await refused(404, 'deployment_not_found', foreign);
}

/** A build that would take minutes, stopped while it runs; the old code goes on serving. */
async function cancelBuild(ready) {
  await functions.update({
    functionId: PYTHON, name: 'Flow', commands: 'echo here we go && sleep 300',
  });
  const { $id: deploymentId } = await functions.createDeployment({
    functionId: PYTHON, code: packed('python-small.tar.gz'), activate: true,
  });
  const one = { functionId: PYTHON, deploymentId };
  const building = await poll(
    () => functions.getDeployment(one),
    ({ status, buildLogs }) =>
      buildLogs.includes('here we go') || ['ready', 'failed'].includes(status),
  );
  equal(building.status, 'building', 'status while commands run');
  for (let turn = 0; turn < 2; turn += 1) {
    const answer = await functions.updateDeploymentStatus(one);
    fields(answer, { $id: deploymentId, status: 'canceled' }, 'the canceled deployment');
    has(answer, MODELS.deployment, 'the canceled deployment');
  }
  const { status, buildLogs } = await functions.getDeployment(one);
  equal(status, 'canceled', 'status of the canceled deployment');
  ok(buildLogs.includes('Build has been canceled.'), 'the logs tell of the cancel');
  await refused(400, 'build_not_ready', functions.updateFunctionDeployment(one));
  const late = functions.updateDeploymentStatus({ functionId: PYTHON, deploymentId: ready });
  await refused(400, 'build_already_completed', late);
  equal((await answered(PYTHON)).deployment, ready, 'the code still serving');
  return deploymentId;
}

/** The function's commands of now are run for code that asks for activation. */
async function rebuild(ready, canceled) {
  await functions.update({ functionId: PYTHON, name: 'Flow', commands: 'echo built again' });
  const again = await functions.createDuplicateDeployment({
    functionId: PYTHON, deploymentId: canceled,
  });
  has(again, MODELS.deployment, 'the rebuilt deployment');
  ok(![ready, canceled].includes(again.$id), 'a rebuild is a deployment of its own');
  const done = await built(PYTHON, again.$id);
  ok(done.buildLogs.includes('built again'), 'the new commands ran');
  equal((await answered(PYTHON)).deployment, again.$id, 'the rebuilt code serves');
  const one = { functionId: PYTHON, deploymentId: ready };
  equal((await functions.updateFunctionDeployment(one)).deploymentId, ready, 'activated by hand');
  equal((await answered(PYTHON)).deployment, ready, 'the activated code serves');
  const absent = functions.createDuplicateDeployment({ functionId: PYTHON, deploymentId: 'absent' });
  await refused(404, 'deployment_not_found', absent);
}

async function deleteEverything(big) {
  const { executions } = await functions.listExecutions({ functionId: NODE });
  const first = { functionId: NODE, executionId: executions[0].$id };
  await functions.deleteExecution(first);
  const left = (await functions.listExecutions({ functionId: NODE })).total;
  equal(left, executions.length - 1, 'executions after a delete');
  await refused(404, 'execution_not_found', functions.deleteExecution(first));
  const deployment = { functionId: NODE, deploymentId: big };
  await functions.deleteDeployment(deployment);
  equal((await functions.get({ functionId: NODE })).deploymentId, '', 'no deployment is active');
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
await deleteEverything(big);
process.stdout.write(`${passed()} checks passed with node-appwrite 27.1.0\n`);
