// People hear of what they did, in order, through npm's web SDK of any version.
// node --experimental-websocket realtime.mjs ARCHIVES, below a node_modules; see test_realtime.py.

import * as sdk from 'appwrite';
import { equal, fields, ok, passed, poll } from '../checks.mjs';
import { sockets, visit } from './browser.mjs';
import { Listener } from './listeners.mjs';
import { CLOSED, OPEN, deploy, version } from './page.mjs';

const ADA = { email: 'ada@example.com', password: 'correct horse' };
const [nobody, ada, bob] = ['nobody', 'ada', 'bob'].map((name) => new Listener(name));

async function signIn() {
  await ada.account.create({ userId: 'ada', ...ADA });
  await ada.account.createEmailPasswordSession(ADA);
  await bob.account.createAnonymousSession();
}

async function later(person) {
  const { $id, status } = await person.functions.createExecution({ functionId: CLOSED, async: true });
  equal(status, 'waiting', 'status of an execution in the background');
  return poll(
    () => person.functions.getExecution({ functionId: CLOSED, executionId: $id }),
    (execution) => execution.status === 'completed',
  );
}

async function hearOfOnesOwn() {
  const stops = [
    await nobody.subscribe(['executions', 'account']),
    await ada.subscribe(['executions', 'account']),
    await bob.subscribe('executions'),
  ];
  const done = await ada.functions.createExecution({ functionId: CLOSED, xpath: '/mine' });
  await later(ada);
  await ada.account.updatePrefs({ prefs: { theme: 'dark' } });
  const [first] = ada.heard;
  const { $id, $permissions, requestPath, responseBody } = done;
  const answered = { $id, $permissions, requestPath, responseBody, logs: '' };
  fields(first.payload, answered, 'the execution that Ada heard of');
  ok(first.channels.includes(`functions.${CLOSED}`), 'the channel of the function');
  ok(Date.parse(first.timestamp) > Date.parse(done.$createdAt) - 1, 'the date of the event');
  equal(
    await ada.story(4),
    [
      ['functions', 'create', 'completed'],
      ['functions', 'create', 'waiting'],
      ['functions', 'update', 'completed'],
      ['users', 'update', true],
    ],
    'what Ada heard',
  );
  await nobody.functions.createExecution({ functionId: OPEN });
  await later(bob);
  const told = [['functions', 'create', 'waiting'], ['functions', 'update', 'completed']];
  equal(await bob.story(2), told, 'what Bob heard');
  equal([ada.heard, nobody.heard], [[], []], 'what others heard of that');
  return stops;
}

/** Newer versions say what they want on one socket, with queries. */
async function hearChosen() {
  const failed = sdk.Query.equal('status', 'failed');
  const completed = sdk.Query.equal('status', 'completed');
  const opened = sockets.length;
  const page = new Listener('ada'); // another page in her browser
  const none = await page.listen([sdk.Channel.executions()], [failed]);
  const ends = await page.listen([sdk.Channel.function(CLOSED)], [completed]);
  await later(page);
  equal(await page.story(1), [['functions', 'update', 'completed']], 'what Ada wanted');
  equal(sockets.length - opened, 1, 'sockets of the service');
  await ends.unsubscribe();
  await later(page);
  equal(page.heard, [], 'what Ada heard without a subscription');
  await page.listened(() => none.update({ queries: [completed] }));
  await later(page);
  equal(await page.story(1), [['functions', 'update', 'completed']], 'what Ada wants now');
  await page.realtime.disconnect();
  ada.heard.length = 0;
}

async function stopListening(stops) {
  for (const [index, person] of [nobody, ada, bob].entries()) {
    visit(person.name);
    stops[index]();
  }
  await poll(() => sockets.map((it) => it.readyState), (all) => all.every((it) => it === WebSocket.CLOSED));
  await later(ada);
  equal(ada.heard, [], 'what Ada heard after she stopped');
}

visit('nobody');
await deploy();
await signIn();
const stops = await hearOfOnesOwn();
if (sdk.Realtime) await hearChosen();
await stopListening(stops);
process.stdout.write(`${passed()} checks passed with appwrite ${version} for the web\n`);
