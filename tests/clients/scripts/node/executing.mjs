// Executions: at once and later, with a key and as a guest, failing ones, and lists.

import { ExecutionMethod, Query } from 'node-appwrite';
import { equal, fields, has, ok, poll, refused } from '../checks.mjs';
import { era } from './sdk.mjs';
import { CHUNK, NODE, PYTHON, functions, guest } from './flow.mjs';

export async function execute({ big: deploymentId }) {
  const path = '/greet?name=Ada&name=Eve';
  const execution = await functions.createExecution({
    functionId: NODE, body: 'the body', xpath: path, method: ExecutionMethod.PATCH,
    headers: { 'x-custom': 'yes', 'content-type': 'text/plain' },
  });
  const wanted = {
    functionId: NODE, trigger: 'http', status: 'completed', requestMethod: 'PATCH', requestPath: path,
    responseStatusCode: 200, logs: 'called PATCH /greet\n', errors: '',
    scheduledAt: null,
  };
  fields(execution, wanted, 'the execution');
  equal(execution.deploymentId ?? deploymentId, deploymentId, 'deployment of the execution');
  has(execution, era.models.execution, 'the execution');
  ok(execution.duration > 0 && execution.duration < 10, `duration ${execution.duration}`);
  const headers = Object.fromEntries(execution.responseHeaders.map((it) => [it.name, it.value]));
  equal(headers['x-made-by'], 'node', "the function's response header");
  equal(headers['content-type'], 'application/json; charset=utf-8', 'content type');
  const seen = {
    language: 'node', method: 'PATCH', path: '/greet', body: 'the body', custom: 'yes',
    trigger: 'http', greeting: 'hello again', deployment: deploymentId,
  };
  const answer = JSON.parse(execution.responseBody);
  fields(answer, seen, 'what the function saw');
  ok(answer.blob > 2 * CHUNK, "the function's large file is there");
}

export async function executeFailing() {
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
export async function executeLater() {
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

export async function executeAsGuest() {
  const execution = await guest.createExecution({
    functionId: NODE, xpath: '/guest', method: ExecutionMethod.GET,
  });
  const wanted = { status: 'completed', responseStatusCode: 200, logs: '', errors: '' };
  fields(execution, wanted, "a guest's execution");
  await refused(404, 'deployment_not_found', guest.createExecution({ functionId: PYTHON }));
}

export async function listExecutions() {
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

/** Only the oldest version searches; what it finds there is not promised any more. */
export async function searchExecutions() {
  const { total } = await functions.listExecutions({ functionId: NODE, search: 'completed' });
  ok(total <= 6, 'executions found by text');
}

/** For a minute that comes later; deleted before that. */
export async function schedule() {
  const due = new Date(Date.now() + 2 * 3600_000);
  due.setSeconds(0, 0);
  const scheduledAt = due.toISOString().replace('Z', '+00:00');
  const accepted = await functions.createExecution({ functionId: NODE, async: true, scheduledAt });
  const wanted = { status: 'scheduled', trigger: 'schedule', scheduledAt, responseStatusCode: 0 };
  fields(accepted, wanted, 'the scheduled execution');
  const one = { functionId: NODE, executionId: accepted.$id };
  fields(await functions.getExecution(one), wanted, 'the scheduled execution, read again');
  await functions.deleteExecution(one);
  await refused(404, 'execution_not_found', functions.getExecution(one));
  const now = functions.createExecution({ functionId: NODE, scheduledAt });
  await refused(400, 'general_bad_request', now, 'must run asynchronously');
}
