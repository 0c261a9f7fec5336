// Calls the function as a client does: appwrite-emulator exec -- node --test @folder@/test/main.test.js

import assert from "node:assert/strict";
import test from "node:test";

const { APPWRITE_ENDPOINT, APPWRITE_PROJECT_ID, APPWRITE_API_KEY } = process.env;

async function call(path) {
  const response = await fetch(`${APPWRITE_ENDPOINT}/functions/@function@/executions`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Appwrite-Project": APPWRITE_PROJECT_ID,
      "X-Appwrite-Key": APPWRITE_API_KEY,
    },
    body: JSON.stringify({ method: "GET", path }),
  });
  return response.json();
}

test("it greets whom the query names", async () => {
  const execution = await call("/?name=Ada");
  assert.equal(execution.status, "completed", execution.errors ?? execution.message);
  assert.equal(execution.responseBody, "Hello, Ada!");
});

test("it greets the world without a name", async () => {
  assert.equal((await call("/")).responseBody, "Hello, world!");
});
