// A page that goes on listening when its server was away: it says what it hears, for ever.
// node --experimental-websocket reconnecting.mjs, below a node_modules; see test_realtime.py.

import * as sdk from 'appwrite';
import { sockets } from './browser.mjs';
import { Listener } from './listeners.mjs';

const READY = sdk.Realtime ? 'subscribe' : 'connected'; // newer versions subscribe by a message
const page = new Listener('nobody');
const say = (line) => process.stdout.write(`${line}\n`);
let known = 0;

page.heard.push = ({ payload }) => say(`heard ${payload.$id}`);
await page.subscribe('executions');
setInterval(() => {
  const ready = sockets.filter(({ said }) => said.some(({ type, data }) => [type, data?.to].includes(READY)));
  while (known < ready.length) say(`listening ${(known += 1)}`);
}, 20);
