// Counted checks: the first thing that is not as expected ends the script.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 60_000; // milliseconds for a build or an asynchronous execution
let count = 0;

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
  return value === undefined ? value : JSON.parse(show(value));
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
  equal(error.constructor.name, 'AppwriteException', `kind of ${error}`);
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
