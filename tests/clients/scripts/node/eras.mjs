// What the eras of the SDK differ in; the steps are written in the words of the newest.

import { readFileSync } from 'node:fs';
import { Client } from 'node-appwrite';

const MODELS = JSON.parse(readFileSync(new URL('../models.json', import.meta.url)));

export const version = new Client().headers['x-sdk-version'];
export const isNew = Number.parseInt(version, 10) >= 27;

/** Names of fields, the error type of an id that is in use, and what replies must have. */
export const era = isNew
  ? {
      active: 'deploymentId', size: 'sourceSize', taken: 'function_already_exists',
      canceled: 'deployment', models: MODELS['1.9'],
    }
  : {
      active: 'deployment', size: 'size', taken: 'document_already_exists',
      canceled: 'build', models: MODELS['1.6'],
    };

const RENAMED = {
  createDuplicateDeployment: 'createBuild',
  updateDeploymentStatus: 'updateDeploymentBuild',
  updateFunctionDeployment: 'updateDeployment',
};

// The methods of the steps, with the parameters that version 14 takes one after the other.
const PARAMETERS = {
  list: 'queries search',
  create: 'functionId name runtime execute events schedule timeout enabled logging entrypoint commands',
  update: 'functionId name runtime execute events schedule timeout enabled logging entrypoint commands',
  listDeployments: 'functionId queries search',
  createDeployment: 'functionId code activate entrypoint commands onProgress',
  listExecutions: 'functionId queries search',
  createExecution: 'functionId body async xpath method headers scheduledAt',
  createVariable: 'functionId key value',
  updateVariable: 'functionId variableId key value',
};
const ID = { Deployment: ' deploymentId', Execution: ' executionId', Variable: ' variableId' };

/** The service, whose methods take one object in every era. */
export function calls(service) {
  if (isNew) return service;
  const call = (name) => (given = {}) =>
    service[RENAMED[name] ?? name](...parameters(name).split(' ').map((each) => given[each]));
  return new Proxy(service, { get: (_, name) => call(name) });
}

function parameters(name) {
  const [kind] = name.match(/Deployment|Execution|Variable(?!s)/) ?? [''];
  return PARAMETERS[name] ?? `functionId${ID[kind] ?? ''}`;
}
