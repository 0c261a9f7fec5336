// Users, sessions, tokens and teams: made with a key, then calling functions themselves.

import { Account, Functions, Query, Teams, Users } from 'node-appwrite';
import { calls } from '../calls.mjs';
import { equal, fields, has, ok, refused } from '../checks.mjs';
import { NODE, PYTHON, admin, client, functions } from './flow.mjs';
import { era } from './sdk.mjs';

const users = calls(new Users(admin()));
const teams = calls(new Teams(admin()));
const PASSWORD = 'correct horse';
const ADA = { userId: 'ada', email: 'ada@example.com', password: PASSWORD, name: 'Ada' };
const BOB = { userId: 'bob', email: 'bob@example.com', password: PASSWORD, name: 'Bob' };
const MISSING = 'general_unauthorized_scope';

export async function makeUsers() {
  for (const { userId, password, ...person } of [ADA, BOB]) {
    const made = await users.create({ userId, password, ...person });
    fields(made, { $id: userId, ...person, status: true, labels: [], phone: '' }, 'the new user');
    has(made, era.models.user, 'the new user');
  }
  await refused(409, 'user_already_exists', users.create(ADA));
  await refused(409, 'user_already_exists', users.create({ ...ADA, userId: 'other' }));
  await refused(404, 'user_not_found', users.get({ userId: 'absent' }));
  equal((await users.get(ADA)).name, 'Ada', 'the stored name');
  const queries = [Query.equal('email', BOB.email)];
  equal((await users.list({ queries })).users.map(({ $id }) => $id), ['bob'], 'users by email');
  equal((await users.list({ search: 'Ada' })).total, 1, 'users found by text');
  const { labels } = await users.updateLabels({ userId: 'ada', labels: ['pilot'] });
  equal(labels, ['pilot'], 'labels');
  const verified = await users.updateEmailVerification({ userId: 'ada', emailVerification: true });
  equal(verified.emailVerification, true, 'verified address');
}

/** By a session that a key made, by a token for a session, by password and by JWT. */
export async function callAsUser() {
  const session = await users.createSession(ADA);
  fields(session, { userId: 'ada', provider: 'server' }, 'the session by a key');
  has(session, era.models.session, 'the session by a key');
  await isAda(client().setSession(session.secret));
  const token = await users.createToken({ userId: 'ada', length: 8, expire: 600 });
  equal(token.secret.length, 8, 'length of the token');
  const account = calls(new Account(admin()));
  const traded = await account.createSession({ userId: 'ada', secret: token.secret });
  await isAda(client().setSession(traded.secret));
  const byPassword = await account.createEmailPasswordSession(ADA);
  await isAda(client().setSession(byPassword.secret));
  const { jwt } = await users.createJWT({ userId: 'ada', sessionId: session.$id, duration: 600 });
  await isAda(client().setJWT(jwt));
  equal((await users.listSessions(ADA)).total, 3, 'sessions of Ada');
  await users.deleteSession({ userId: 'ada', sessionId: session.$id });
  await refused(401, MISSING, calls(new Account(client().setJWT(jwt))).get(), 'role: guests');
  equal((await users.listSessions(ADA)).total, 2, 'sessions of Ada after a delete');
}

async function isAda(caller) {
  equal((await calls(new Account(caller)).get()).$id, 'ada', 'whose account it is');
  const there = calls(new Functions(caller));
  const execution = await there.createExecution({ functionId: NODE, xpath: '/ada' });
  equal(JSON.parse(execution.responseBody).user, 'ada', 'whom the function knows');
  const wanted = { logs: '', errors: '', $permissions: ['read("user:ada")'] };
  fields(execution, wanted, 'the execution of Ada');
  const found = await there.getExecution({ functionId: NODE, executionId: execution.$id });
  equal(found.$id, execution.$id, 'the execution, read again by Ada');
}

/** What somebody signed in does with an account. */
export async function keepAccount() {
  const session = await users.createSession(ADA);
  const account = calls(new Account(client().setSession(session.secret)));
  await account.updatePrefs({ prefs: { theme: 'dark' } });
  equal(await account.getPrefs(), { theme: 'dark' }, 'preferences');
  const current = await account.getSession({ sessionId: 'current' });
  equal([current.$id, current.current], [session.$id, true], 'the session now');
  await account.deleteSession({ sessionId: 'current' });
  await refused(401, MISSING, account.get(), 'role: guests');
}

/** A function for the team's pilots: Ada is one, Bob is nobody there. */
export async function workInTeams() {
  const teamId = 'crew';
  const team = await teams.create({ teamId, name: 'Crew' });
  fields(team, { $id: teamId, name: 'Crew', total: 0 }, 'the new team');
  has(team, era.models.team, 'the new team');
  const membership = await teams.createMembership({ teamId, roles: ['pilot'], userId: 'ada' });
  const wanted = { userId: 'ada', teamId, roles: ['pilot'], confirm: true };
  fields(membership, wanted, 'the membership');
  has(membership, era.models.membership, 'the membership');
  equal((await teams.get({ teamId })).total, 1, 'members');
  equal((await teams.list()).total, 1, 'teams');
  equal((await teams.listMemberships({ teamId })).total, 1, 'memberships');
  await functions.update({ functionId: PYTHON, name: 'Flow', execute: ['team:crew/pilot'] });
  equal((await called('ada')).responseStatusCode, 200, "a pilot's call");
  await refused(401, 'user_unauthorized', called('bob'));
  await teams.deleteMembership({ teamId, membershipId: membership.$id });
  await refused(401, 'user_unauthorized', called('ada'));
  await teams.delete({ teamId });
  await refused(404, 'team_not_found', teams.get({ teamId }));
}

/** The function for pilots, called by a user with a token of no session. */
async function called(userId) {
  const { jwt } = await users.createJWT({ userId });
  return calls(new Functions(client().setJWT(jwt))).createExecution({ functionId: PYTHON });
}

export async function sendPeopleAway() {
  const { jwt } = await users.createJWT({ userId: 'bob' });
  const account = calls(new Account(client().setJWT(jwt)));
  const closed = await users.updateStatus({ userId: 'bob', status: false });
  equal(closed.status, false, 'status of Bob');
  await refused(era.blocked, 'user_blocked', account.get());
  await users.updateStatus({ userId: 'bob', status: true });
  equal((await account.get()).$id, 'bob', 'the account of Bob, who is let in again');
  for (const person of [ADA, BOB]) {
    await users.delete(person);
    await refused(404, 'user_not_found', users.get(person));
  }
  ok((await users.list()).total === 0, 'nobody is left');
}
