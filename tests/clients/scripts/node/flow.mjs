// What the steps share: the SDK's services and the two functions.

import { join } from 'node:path';
import { Client, Functions } from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';
import { calls } from '../calls.mjs';
import { equal, fields, ok, poll } from '../checks.mjs';
import { era } from './sdk.mjs';

export const NODE = 'flow-node';
export const PYTHON = 'flow-python';
export const CHUNK = 5 * 1024 * 1024;
export const archives = process.argv[2];
export const guest = calls(new Functions(client()));
export const functions = calls(new Functions(admin()));

/** A client without a key, as a guest has it. */
export function client() {
  return new Client()
    .setEndpoint(process.env.APPWRITE_ENDPOINT)
    .setProject(process.env.APPWRITE_PROJECT_ID);
}

export function admin() {
  return client().setKey(process.env.APPWRITE_API_KEY);
}

export function packed(name) {
  return InputFile.fromPath(join(archives, name), name);
}

/** The deployment once it is ready, active and complete. */
export async function built(functionId, deploymentId) {
  const deployment = await ended(functionId, deploymentId);
  equal(deployment.status, 'ready', `status, logs ${deployment.buildLogs}`);
  ok(deployment.buildSize > 0, 'the build has a size');
  ok(deployment.buildLogs.includes('Build finished.'), 'the build has logs');
  const found = await functions.get({ functionId });
  equal(found[era.active], deploymentId, 'the active deployment');
  if ('latestDeploymentId' in found) {
    const { sourceSize, buildSize, totalSize } = deployment;
    equal(totalSize, sourceSize + buildSize, 'total size');
    const latest = { latestDeploymentId: deploymentId, latestDeploymentStatus: 'ready' };
    fields(found, latest, 'the function of the built deployment');
  }
  return deployment;
}

/** The deployment once its build is over. */
export function ended(functionId, deploymentId) {
  return poll(
    () => functions.getDeployment({ functionId, deploymentId }),
    ({ status }) => ['ready', 'failed', 'canceled'].includes(status),
  );
}

/** What the function says it was called with. */
export async function answered(functionId, call = {}) {
  const execution = await functions.createExecution({ functionId, ...call });
  const outcome = [execution.status, execution.responseStatusCode];
  equal(outcome, ['completed', 200], `outcome, errors ${execution.errors}`);
  return JSON.parse(execution.responseBody);
}
