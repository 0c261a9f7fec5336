// What the steps share: the SDK's services in somebody's browser, and functions to call.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Account, Client, Functions } from 'appwrite';
import { calls } from '../calls.mjs';
import { equal, poll } from '../checks.mjs';
import { era as eraOf } from '../eras.mjs';
import { outside } from './browser.mjs';

const HEADERS = new Client().headers;
const { APPWRITE_ENDPOINT, APPWRITE_PROJECT_ID, APPWRITE_API_KEY } = process.env;

export const version = HEADERS['x-sdk-version'];
export const era = eraOf(HEADERS['X-Appwrite-Response-Format']);
export const client = connected();
export const account = calls(new Account(client));
export const functions = calls(new Functions(client));

/** Everybody may call OPEN, who is signed in CLOSED. */
export const OPEN = 'open';
export const CLOSED = 'closed';

export function connected() {
  return new Client().setEndpoint(APPWRITE_ENDPOINT).setProject(APPWRITE_PROJECT_ID);
}

/** Make both functions with the developer's key; the web SDK cannot. */
export async function deploy() {
  const archive = readFileSync(join(process.argv[2], 'node-small.tar.gz'));
  for (const [functionId, execute] of [[OPEN, ['any']], [CLOSED, ['users']]]) {
    const settings = { functionId, name: functionId, runtime: 'node-22', entrypoint: 'main.js', execute };
    await call('POST', '/functions', JSON.stringify(settings), 'application/json');
    const form = new FormData();
    form.set('activate', 'true');
    form.set('code', new Blob([archive]), 'code.tar.gz');
    const { $id } = await call('POST', `/functions/${functionId}/deployments`, form);
    const built = await poll(
      () => call('GET', `/functions/${functionId}/deployments/${$id}`),
      ({ status }) => ['ready', 'failed'].includes(status),
    );
    equal(built.status, 'ready', `status of ${functionId}`);
  }
}

async function call(method, path, body, type) {
  const headers = {
    'x-appwrite-project': APPWRITE_PROJECT_ID,
    'x-appwrite-key': APPWRITE_API_KEY,
    ...(type && { 'content-type': type }),
  };
  const reply = await outside(`${APPWRITE_ENDPOINT}${path}`, { method, headers, body });
  return reply.json();
}
