// Deployments: uploads of every size, builds, cancel, rebuild, lists and downloads.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as sdk from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';
import { equal, fields, has, ok, poll, refused } from '../checks.mjs';
import { era } from './sdk.mjs';
import { CHUNK, NODE, PYTHON, answered, archives, built, ended, functions, packed } from './flow.mjs';

/** The first chunk alone, then two at once; the SDK's callback learns of each. */
export async function uploadInChunks(known) {
  const name = 'node-12mib.tar.gz';
  const { size } = statSync(join(archives, name));
  const progress = [];
  const deployment = await functions.createDeployment({
    functionId: NODE, code: packed(name), activate: true, onProgress: (each) => progress.push(each),
  });
  const wanted = {
    resourceId: NODE, resourceType: 'functions', type: 'manual', entrypoint: 'main.js',
    activate: true, [era.size]: size, chunksTotal: 3, chunksUploaded: 3,
  };
  fields(deployment, wanted, 'the uploaded deployment');
  has(deployment, era.models.deployment, 'the uploaded deployment');
  const last = progress.at(-1);
  equal(progress.map(({ $id }) => $id), Array(3).fill(deployment.$id), 'ids in the progress');
  equal([last.sizeUploaded, last.progress, last.chunksUploaded], [size, 100, 3], 'last progress');
  const done = await built(NODE, deployment.$id);
  ok(done.buildSize > 2 * CHUNK, `bytes of the build: ${done.buildSize}`);
  known.big = deployment.$id;
}

/** Exactly one chunk, some bytes, and bytes in memory instead of a file. */
export async function uploadInOne(known) {
  const ids = [];
  const small = 'python-small.tar.gz';
  const bytes = readFileSync(join(archives, small));
  for (const [code, size] of [
    [packed('python-5mib.tar.gz'), CHUNK],
    [packed(small), bytes.length],
    [InputFile.fromBuffer(bytes, small), bytes.length],
  ]) {
    const deployment = await functions.createDeployment({
      functionId: PYTHON, code, activate: true, entrypoint: 'main.py', commands: '',
    });
    equal(deployment[era.size], size, 'bytes of the upload');
    ok(!('chunksTotal' in deployment), 'one request is not counted in chunks');
    await built(PYTHON, deployment.$id);
    equal((await answered(PYTHON)).deployment, deployment.$id, 'the running deployment');
    ids.push(deployment.$id);
  }
  const text = InputFile.fromPlainText('text', 'code.txt');
  const refusal = functions.createDeployment({ functionId: PYTHON, code: text, activate: true });
  await refused(400, 'storage_file_type_unsupported', refusal);
  known.uploaded = ids;
}

export async function listDeployments({ uploaded: [exact, small, again] }) {
  const ids = async (...queries) => {
    const listed = await functions.listDeployments({ functionId: PYTHON, queries });
    return listed.deployments.map(({ $id }) => $id);
  };
  equal(await ids(), [exact, small, again], 'deployments');
  const found = await functions.listDeployments({ functionId: PYTHON, search: small });
  equal(found.deployments.map(({ $id }) => $id), [small], 'deployments found by text');
  equal(await ids(sdk.Query.orderDesc('$createdAt'), sdk.Query.limit(1)), [again], 'newest deployment');
  equal(await ids(sdk.Query.cursorAfter(exact)), [small, again], 'deployments after a cursor');
  equal(await ids(sdk.Query.equal('status', ['ready']), sdk.Query.limit(2)), [exact, small], 'by status');
  equal(await ids(sdk.Query.lessThan(era.size, CHUNK)), [small, again], 'deployments by size');
  equal(await ids(sdk.Query.equal('type', 'vcs')), [], 'deployments of another type');
}

/** Byte for byte what was uploaded. */
export async function download({ big, uploaded: [exact] }) {
  for (const [functionId, deploymentId, name] of [
    [NODE, big, 'node-12mib.tar.gz'],
    [PYTHON, exact, 'python-5mib.tar.gz'],
  ]) {
    const found = Buffer.from(await functions.getDeploymentDownload({ functionId, deploymentId }));
    const wanted = readFileSync(join(archives, name));
    equal(found.length, wanted.length, `length of the downloaded ${name}`);
    ok(found.equals(wanted), `bytes of the downloaded ${name}`);
  }
  const foreign = functions.getDeploymentDownload({ functionId: NODE, deploymentId: exact });
  await refused(404, 'deployment_not_found', foreign);
}

export async function downloadTheBuild({ uploaded: [deploymentId] }) {
  const output = await functions.getDeploymentDownload({
    functionId: PYTHON, deploymentId, type: sdk.DeploymentDownloadType.Output, token: '',
  });
  ok(gunzipSync(Buffer.from(output)).includes('def main(context):'), "the build's output");
}

/** A build that would take minutes, stopped while it runs; the old code goes on serving. */
export async function cancelBuild(known) {
  const ready = known.uploaded.at(-1);
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
    equal(answer.status, 'canceled', 'status after cancelling');
    has(answer, era.models.canceled, 'the answer to a cancel');
  }
  const { status, buildLogs } = await functions.getDeployment(one);
  equal(status, 'canceled', 'status of the canceled deployment');
  ok(buildLogs.includes('Build has been canceled.'), 'the logs tell of the cancel');
  await refused(400, 'build_not_ready', functions.updateFunctionDeployment(one));
  const late = functions.updateDeploymentStatus({ functionId: PYTHON, deploymentId: ready });
  await refused(400, 'build_already_completed', late);
  equal((await answered(PYTHON)).deployment, ready, 'the code still serving');
  known.canceled = deploymentId;
}

/** The function's commands of now are run for code that asks for activation. */
export async function rebuild({ uploaded, canceled }) {
  const ready = uploaded.at(-1);
  await functions.update({ functionId: PYTHON, name: 'Flow', commands: 'echo built again' });
  const answer = await functions.createDuplicateDeployment({
    functionId: PYTHON, deploymentId: canceled, buildId: '',
  });
  const queries = [sdk.Query.orderDesc('$createdAt'), sdk.Query.limit(1)];
  const [again] = (await functions.listDeployments({ functionId: PYTHON, queries })).deployments;
  if (era.rebuild) has(answer, era.models[era.rebuild], 'the answer to a rebuild');
  else equal(answer, { message: '' }, 'the answer to a rebuild in this era');
  ok(![ready, canceled].includes(again.$id), 'a rebuild is a deployment of its own');
  const done = await built(PYTHON, again.$id);
  ok(done.buildLogs.includes('built again'), 'the new commands ran');
  equal((await answered(PYTHON)).deployment, again.$id, 'the rebuilt code serves');
  const one = { functionId: PYTHON, deploymentId: ready };
  equal((await functions.updateFunctionDeployment(one))[era.active], ready, 'activated by hand');
  equal((await answered(PYTHON)).deployment, ready, 'the activated code serves');
  const absent = functions.createDuplicateDeployment({ functionId: PYTHON, deploymentId: 'absent' });
  await refused(404, 'deployment_not_found', absent);
}

/** The way of 1.6: the new function names the template and deploys it at once. */
export async function nameATemplate() {
  const functionId = 'templated';
  await functions.create({
    functionId, name: 'Templated', runtime: 'node-22', templateRepository: 'nowhere',
    templateOwner: 'nobody', templateRootDirectory: 'node/starter', templateVersion: '0.2.*',
  });
  const [{ $id, type }] = (await functions.listDeployments({ functionId })).deployments;
  equal(type, 'manual', "type of a template's deployment");
  await tellsWhyItFailed(functionId, $id);
  await functions.delete({ functionId });
}

/** A tag, which some versions call `version`; nobody has that repository. */
export async function deployATemplate() {
  const deployment = await functions.createTemplateDeployment({
    functionId: PYTHON, repository: 'nowhere', owner: 'nobody', rootDirectory: 'python/starter',
    version: '0.3.1', type: 'tag', reference: '0.3.1', activate: false,
  });
  const wanted = {
    type: 'vcs', activate: false, providerRepositoryName: 'nowhere', providerBranch: '',
    providerRepositoryOwner: 'nobody',
    providerBranchUrl: 'https://github.com/nobody/nowhere/blob/0.3.1',
  };
  fields(deployment, wanted, "a template's deployment");
  has(deployment, era.models.deployment, "a template's deployment");
  await tellsWhyItFailed(PYTHON, deployment.$id);
}

export async function deployABranch() {
  const deployment = await functions.createVcsDeployment({
    functionId: PYTHON, type: 'branch', reference: 'main', activate: false,
  });
  const wanted = { type: 'vcs', activate: false, providerBranch: 'main' };
  fields(deployment, wanted, "a branch's deployment");
  await tellsWhyItFailed(PYTHON, deployment.$id);
}

async function tellsWhyItFailed(functionId, deploymentId) {
  const { status, buildLogs } = await ended(functionId, deploymentId);
  equal(status, 'failed', 'status of code that cannot be had');
  ok(buildLogs, 'the logs tell why');
  await functions.deleteDeployment({ functionId, deploymentId });
}
