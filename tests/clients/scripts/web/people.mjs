// What people do in their browsers, as guests, with sessions and with tokens.

import { Account, ExecutionMethod, Functions, ID, Query } from 'appwrite';
import { calls } from '../calls.mjs';
import { equal, fields, has, ok, poll, refused } from '../checks.mjs';
import { visit } from './browser.mjs';
import { CLOSED, OPEN, account, client, connected, era, functions } from './page.mjs';

const ADA = { email: 'ada@example.com', password: 'correct horse' };
const MISSING = 'general_unauthorized_scope';

export async function ping() {
  equal(await client.ping(), { message: 'Pong!' }, 'the answer to a ping');
}

export async function callAsGuest() {
  const execution = await functions.createExecution({
    functionId: OPEN, body: 'a guest', xpath: '/greet?name=Ada', method: ExecutionMethod.PUT,
    headers: { 'x-custom': 'yes' },
  });
  const wanted = {
    [era.owner]: OPEN, status: 'completed', trigger: 'http', requestMethod: 'PUT',
    requestPath: '/greet?name=Ada', responseStatusCode: 200, logs: '', errors: '', $permissions: [],
  };
  fields(execution, wanted, "a guest's execution");
  has(execution, era.models.execution, "a guest's execution");
  const seen = { body: 'a guest', custom: 'yes', method: 'PUT', user: '', jwt: '' };
  fields(JSON.parse(execution.responseBody), seen, 'what the function saw of a guest');
}

export async function stayOutAsGuest() {
  const call = functions.createExecution({ functionId: CLOSED });
  await refused(401, 'user_unauthorized', call);
  await refused(401, MISSING, functions.listExecutions({ functionId: OPEN }), 'missing scope');
  await refused(401, MISSING, account.get(), 'role: guests');
  await refused(404, 'function_not_found', functions.createExecution({ functionId: 'absent' }));
}

export async function signUp(known) {
  const user = await account.create({ userId: ID.unique(), ...ADA, name: 'Ada' });
  fields(user, { email: ADA.email, name: 'Ada', status: true, emailVerification: false }, 'Ada');
  ok(!('password' in user) && !('hash' in user), 'the hash is not shown');
  await refused(409, 'user_already_exists', account.create({ userId: ID.unique(), ...ADA }));
  await refused(401, MISSING, account.get(), 'role: guests');
  known.ada = user.$id;
}

export async function signIn(known) {
  const wrong = account.createEmailPasswordSession({ ...ADA, password: 'not this one' });
  await refused(401, 'user_invalid_credentials', wrong);
  const session = await account.createEmailPasswordSession(ADA);
  const wanted = {
    userId: known.ada, provider: 'email', providerUid: ADA.email, current: true, secret: '',
    factors: ['password'],
  };
  fields(session, wanted, "Ada's session");
  const kept = Object.keys(JSON.parse(window.localStorage.getItem('cookieFallback')));
  equal(kept, [`a_session_${process.env.APPWRITE_PROJECT_ID}`], 'what the browser keeps');
  fields(await account.get(), { $id: known.ada, email: ADA.email }, 'the account of Ada');
  const twice = account.createEmailPasswordSession(ADA);
  await refused(401, 'user_session_already_exists', twice);
  const { total, sessions } = await account.listSessions();
  equal([total, sessions[0].$id, sessions[0].current], [1, session.$id, true], 'her sessions');
  equal((await account.getSession({ sessionId: 'current' })).$id, session.$id, 'her session now');
}

export async function callAsUser(known) {
  const execution = await functions.createExecution({ functionId: CLOSED, xpath: '/mine' });
  const wanted = {
    status: 'completed', responseStatusCode: 200, logs: '', errors: '',
    $permissions: [`read("user:${known.ada}")`],
  };
  fields(execution, wanted, "Ada's execution");
  has(execution, era.models.execution, "Ada's execution");
  const seen = JSON.parse(execution.responseBody);
  equal([seen.user, seen.trigger], [known.ada, 'http'], 'what the function saw of Ada');
  ok(seen.jwt, 'the function got a token of Ada');
  const one = { functionId: CLOSED, executionId: execution.$id };
  const found = await functions.getExecution(one);
  fields(found, { $id: execution.$id, requestPath: '/mine', logs: '' }, 'her execution, read again');
  known.execution = one;
  await withJwt(known, seen.jwt);
}

export async function callLater() {
  const accepted = await functions.createExecution({ functionId: CLOSED, xpath: '/later', async: true });
  equal(accepted.status, 'waiting', 'status of an execution in the background');
  const one = { functionId: CLOSED, executionId: accepted.$id };
  const execution = await poll(
    () => functions.getExecution(one),
    ({ status }) => !['waiting', 'processing'].includes(status),
  );
  fields(execution, { status: 'completed', responseBody: '', logs: '' }, 'the finished execution');
  const due = new Date(Date.now() + 2 * 3600_000);
  due.setSeconds(0, 0);
  const scheduledAt = due.toISOString().replace('Z', '+00:00');
  const later = await functions.createExecution({
    functionId: OPEN, xpath: '/scheduled', async: true, scheduledAt,
  });
  fields(later, { status: 'scheduled', scheduledAt }, 'a scheduled execution');
}

export async function listOwn(known) {
  const { total, executions } = await functions.listExecutions({ functionId: CLOSED });
  equal([total, ...executions.map((it) => it.requestPath)], [2, '/mine', '/later'], 'her executions');
  const queries = [Query.equal('requestPath', '/mine'), Query.limit(1)];
  const found = await functions.listExecutions({ functionId: CLOSED, queries });
  equal(found.executions.map((it) => it.$id), [known.execution.executionId], 'her chosen execution');
  const { executions: open } = await functions.listExecutions({ functionId: OPEN });
  const paths = open.map((it) => it.requestPath);
  equal(paths, ['/token', '/scheduled'], "her executions, not the guest's");
}

/** Only the oldest version searches; what it finds there is not promised any more. */
export async function searchOwn() {
  const { total } = await functions.listExecutions({ functionId: CLOSED, search: 'completed' });
  ok(total <= 2, 'executions found by text');
}

export async function leaveOutTotal() {
  const { total, executions } = await functions.listExecutions({ functionId: CLOSED, total: false });
  equal([total, executions.length], [0, 2], 'executions, not counted');
}

export async function callWithJwt(known) {
  const { jwt } = await account.createJWT({ duration: 600 });
  await withJwt(known, jwt);
  known.jwt = jwt;
}

/** Ada's token is enough in a browser that knows no session of hers. */
async function withJwt(known, jwt) {
  visit('elsewhere');
  const bearer = connected().setJWT(jwt);
  equal((await calls(new Account(bearer)).get()).$id, known.ada, 'whose token it is');
  const there = calls(new Functions(bearer));
  const execution = await there.createExecution({ functionId: OPEN, xpath: '/token' });
  equal(JSON.parse(execution.responseBody).user, known.ada, 'who calls with the token');
  equal((await there.getExecution(known.execution)).requestPath, '/mine', 'her earlier execution');
  const broken = calls(new Account(connected().setJWT('no.such.token')));
  await refused(401, 'user_jwt_invalid', broken.get());
  visit('ada');
}

export async function keepPreferences() {
  equal(await account.getPrefs(), {}, 'preferences of a new account');
  await account.updatePrefs({ prefs: { theme: 'dark' } });
  equal(await account.getPrefs(), { theme: 'dark' }, 'the stored preferences');
}

export async function comeAnonymously(known) {
  const session = await account.createAnonymousSession();
  fields(session, { provider: 'anonymous', current: true }, "Bob's session");
  const { $id, email } = await account.get();
  equal([$id, email], [session.userId, ''], 'the account of Bob');
  ok($id !== known.ada, 'another person');
  known.bob = $id;
}

export async function seeNothingOfOthers(known) {
  const { total } = await functions.listExecutions({ functionId: CLOSED });
  equal(total, 0, "Bob's executions");
  await refused(404, 'execution_not_found', functions.getExecution(known.execution));
  const own = await functions.createExecution({ functionId: CLOSED, xpath: '/bobs' });
  equal(JSON.parse(own.responseBody).user, known.bob, 'who calls');
  const { executions } = await functions.listExecutions({ functionId: CLOSED });
  equal(executions.map((it) => it.requestPath), ['/bobs'], "Bob's executions after his first");
}

export async function signOut(known) {
  await account.deleteSession({ sessionId: 'current' });
  equal(window.localStorage.getItem('cookieFallback'), '[]', 'what the browser keeps');
  await refused(401, MISSING, account.get(), 'role: guests');
  await refused(401, 'user_unauthorized', functions.createExecution({ functionId: CLOSED }));
  visit('elsewhere');
  const late = calls(new Account(connected().setJWT(known.jwt)));
  await refused(401, MISSING, late.get(), 'role: guests');
}

export async function staySignedIn(known) {
  equal((await account.get()).$id, known.bob, 'Bob is still there');
}
