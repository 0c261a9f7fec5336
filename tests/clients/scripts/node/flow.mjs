// What the steps share: the SDK, counted checks, and the two functions.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppwriteException, Client, Functions } from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';
import { calls, era, isNew } from './eras.mjs';

const PATIENCE = 60_000; // milliseconds for a build or an asynchronous execution
let count = 0;

export const NODE = 'flow-node';
export const PYTHON = 'flow-python';
export const CHUNK = 5 * 1024 * 1024;
export const archives = process.argv[2];
export const guest = calls(new Functions(client()));
export const functions = calls(new Functions(client().setKey(process.env.APPWRITE_API_KEY)));

/** How many checks have passed. */
export function passed() {
  return count;
}

/** Compared as JSON, because the objects that the SDK reads have no prototype. */
export function equal(found, wanted, what) {
  count += 1;
  assert.deepEqual(plain(found), plain(wanted), `${what}: wanted ${show(wanted)}, found ${show(found)}`);
}

function plain(value) {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}

function show(value) {
  return JSON.stringify(value);
}

export function ok(found, what) {
  equal(Boolean(found), true, what);
}

export function fields(found, wanted, what) {
  for (const [name, value] of Object.entries(wanted)) equal(found[name], value, `${name} of ${what}`);
}

export function has(found, names, what) {
  const missing = names.split(' ').filter((name) => !(name in found));
  equal(missing, [], `missing fields of ${what}`);
}

/** The error that the call ended with, which must have this status and type. */
export async function refused(code, type, promise, text = '') {
  const error = await promise.then(
    (answer) => assert.fail(`wanted ${code} ${type}, got the answer ${show(answer)}`),
    (reason) => reason,
  );
  ok(error instanceof AppwriteException, `an error of the SDK, not ${error}`);
  equal([error.code, error.type], [code, type], `refusal, saying ${error.message}`);
  ok(error.message.includes(text), `${text} in ${error.message}`);
  return error;
}

export async function poll(look, isDone) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (isDone(found)) return found;
    assert(Date.now() < deadline, `nothing more happened in ${PATIENCE} ms: ${show(found)}`);
    await sleep(20);
  }
}

/** A client without a key, as a guest has it. */
function client() {
  return new Client()
    .setEndpoint(process.env.APPWRITE_ENDPOINT)
    .setProject(process.env.APPWRITE_PROJECT_ID);
}

export function packed(name) {
  return InputFile.fromPath(join(archives, name), name);
}

/** The deployment once it is ready, active and complete. */
export async function built(functionId, deploymentId) {
  const deployment = await poll(
    () => functions.getDeployment({ functionId, deploymentId }),
    ({ status }) => ['ready', 'failed', 'canceled'].includes(status),
  );
  equal(deployment.status, 'ready', `status, logs ${deployment.buildLogs}`);
  ok(deployment.buildSize > 0, 'the build has a size');
  ok(deployment.buildLogs.includes('Build finished.'), 'the build has logs');
  const found = await functions.get({ functionId });
  equal(found[era.active], deploymentId, 'the active deployment');
  if (isNew) {
    const { sourceSize, buildSize, totalSize } = deployment;
    equal(totalSize, sourceSize + buildSize, 'total size');
    const latest = { latestDeploymentId: deploymentId, latestDeploymentStatus: 'ready' };
    fields(found, latest, 'the function of the built deployment');
  }
  return deployment;
}

/** What the function says it was called with. */
export async function answered(functionId, call = {}) {
  const execution = await functions.createExecution({ functionId, ...call });
  const outcome = [execution.status, execution.responseStatusCode];
  equal(outcome, ['completed', 200], `outcome, errors ${execution.errors}`);
  return JSON.parse(execution.responseBody);
}
