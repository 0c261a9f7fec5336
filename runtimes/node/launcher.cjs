// Hosts one Node.js function: takes frames on descriptor 3, answers on descriptor 4.

'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const { spawnSync } = require('node:child_process');
const { existsSync, writeSync } = require('node:fs');
const { Socket } = require('node:net');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { buildRequest, buildResponse } = require('./context.cjs');
const Pending = require('./pending.cjs');
const render = require('./render.cjs');

const PROTOCOL = 1;
const [READY, LOAD, LOADED, LOAD_FAILED, CALL, RESULT, LOG, EXIT, ASK, PENDING] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];
const HEAD = 16;

const MESSAGE_LIMIT = 8000;
const CUT = '... Log truncated due to size limit (8000 characters)';
const NO_RETURN =
  'Return statement missing. return context.res.empty() if no response is expected.';
const NO_MAIN = "Function signature invalid. Did you forget to export a 'main' function?";

const HEADER_NAME = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const BAD_HEADER_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

const writeFrame = (type, id, header, body = '') => {
  const json = Buffer.from(JSON.stringify(header));
  const raw = typeof body === 'string' ? Buffer.from(body) : body;
  const head = Buffer.alloc(HEAD);
  head[0] = PROTOCOL;
  head[1] = type;
  head.writeUInt32BE(id, 4);
  head.writeUInt32BE(json.length, 8);
  head.writeUInt32BE(raw.length, 12);
  const frame = Buffer.concat([head, json, raw]);
  for (let sent = 0; sent < frame.length; ) sent += writeSome(frame, sent);
};

const writeSome = (frame, start) => {
  try {
    return writeSync(4, frame, start);
  } catch (error) {
    if (error.code === 'EAGAIN') return 0;
    throw error;
  }
};

// Chunks are kept in a list until a frame is whole: growing one buffer is slow for large bodies.
const readFrames = (onFrame) => {
  let chunks = [];
  let size = 0;
  let wanted = HEAD;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    while (size >= wanted) {
      const data = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      if (data[0] !== PROTOCOL) throw new Error(`Frame of unknown version ${data[0]}.`);
      const start = HEAD + data.readUInt32BE(8);
      const end = start + data.readUInt32BE(12);
      wanted = size < end ? end : HEAD;
      chunks = [data];
      if (size < end) return;
      size -= end;
      chunks = size > 0 ? [data.subarray(end)] : [];
      const header = data.toString('utf8', HEAD, start);
      onFrame(data[1], data.readUInt32BE(4), header, data.subarray(start, end));
    }
  };
};

class LoadFailed extends Error {}

const load = async ({ dir, entrypoint, env, cwd }) => {
  Object.assign(process.env, env);
  process.chdir(cwd);
  const file = path.join(dir, entrypoint);
  if (!existsSync(file)) {
    throw new LoadFailed(`Failed to load entrypoint, file ${entrypoint} does not exist.`);
  }
  const module = await imported(file, entrypoint);
  const main = module?.default || module;
  if (typeof main !== 'function') throw new LoadFailed(NO_MAIN);
  return main;
};

const imported = async (file, entrypoint) => {
  try {
    return await requiredOrImported(file);
  } catch (error) {
    const message = loadMessage(error, entrypoint);
    throw new LoadFailed(message, { cause: { stack: located(error, file) } });
  }
};

const requiredOrImported = async (file) => {
  try {
    return require(file);
  } catch (error) {
    // The second code is newer Node's, for a module that awaits at its top level.
    if (!['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error?.code)) throw error;
    return import(pathToFileURL(file));
  }
};

// import() does not say where a syntax error is; a process that ends by the same one does.
const located = (error, file) => {
  const stack = String(error?.stack ?? '');
  if (!(error instanceof SyntaxError) || !stack.startsWith('SyntaxError')) return stack;
  const finder = path.join(__dirname, 'syntax.cjs');
  const argv = ['--experimental-vm-modules', '--no-warnings', finder, file];
  const { stderr } = spawnSync(process.execPath, argv, { env: {}, timeout: 5000, encoding: 'utf8' });
  return stderr?.includes(error.message) ? stderr.split('\n    at ')[0] : stack;
};

const loadMessage = (error, entrypoint) => {
  const lines = String(error?.message ?? error).split('\n');
  const message = lines.filter((line) => !isOurs(line)).join('\n'); // ends a "Require stack"
  if (error instanceof SyntaxError) return `Syntax error in ${entrypoint}: ${message}`;
  return error instanceof TypeError ? message : `Failed to load module: ${message}`;
};

class Execution {
  constructor(id, logging) {
    this.id = id;
    this.isOpen = logging;
    this.isOver = false;
  }

  write(level, values) {
    if (!this.isOpen) return;
    const text = render(values);
    const cut = text.length > MESSAGE_LIMIT ? text.slice(0, MESSAGE_LIMIT) + CUT : text;
    writeFrame(LOG, this.id, { level }, cut);
  }

  async run(main, context) {
    let output;
    try {
      output = await main(context);
    } catch (thrown) {
      return this.fail(thrown);
    }
    if (output !== null && output !== undefined) return this.answer(output);
    this.write('error', [NO_RETURN]);
    return this.finish({ ...failure(NO_RETURN), kind: 'missing-return' });
  }

  async answer(output) {
    try {
      const [header, body] = await outcome(output);
      this.finish(header, body);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  fail(thrown) {
    const stack = trace(thrown);
    this.write('error', [stack]);
    this.finish(failure(String(thrown?.message ?? stack), stack));
  }

  finish(header, body) {
    this.isOpen = false; // a line after the result belongs to nobody
    this.isOver = true;
    writeFrame(RESULT, this.id, header, body);
  }
}

const failure = (message, stack = '') => ({ status: 500, headers: [], error: { message, stack } });

const trace = (thrown) => {
  const lines = traceText(thrown).split('\n');
  const ours = lines.findIndex((line) => line.startsWith('    at ') && isOurs(line));
  const users = lines.slice(0, ours < 0 ? lines.length : ours);
  return users.filter((line) => !isOurs(line)).join('\n');
};

const isOurs = (line) => line.includes(__dirname + path.sep);

// What Appwrite's server logs for a thrown value: its stack, or the value, or its own mishap.
const traceText = (thrown) => {
  try {
    return render([thrown.stack || thrown]);
  } catch (error) {
    return error.stack;
  }
};

// The RESULT header and body of what the function returned.
const outcome = async (output) => {
  if (typeof output !== 'object' && typeof output !== 'function') return [failure('')];
  const { body = '', statusCode, headers } = output;
  const status = (statusCode ?? 200) | 0;
  if (status < 100 || status > 999) return [failure(`Invalid status code: ${statusCode}`)];
  return [{ status, headers: sentHeaders(headers ?? {}) }, await sentBody(body)];
};

const sentHeaders = (headers) => {
  if (typeof headers.append === 'function') throw new TypeError('Headers must be a plain object.');
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.map((item) => [checkedName(name), checkedValue(name, item)]);
  });
};

const checkedName = (name) => {
  if (HEADER_NAME.test(name)) return name;
  throw new TypeError(`Header name must be a valid HTTP token ["${name}"]`);
};

const checkedValue = (name, value) => {
  if (value === undefined) throw new TypeError(`Invalid value "undefined" for header "${name}"`);
  if (!BAD_HEADER_VALUE.test(value)) return String(value);
  throw new TypeError(`Invalid character in header content ["${name}"]`);
};

// As the micro package sends: bytes and texts as they are, streams read, other objects as JSON.
const sentBody = async (body) => {
  if (body === null) return '';
  if (Buffer.isBuffer(body) || typeof body === 'string') return body;
  if (typeof body.pipe === 'function') return Buffer.concat(await readAll(body));
  if (typeof body === 'object' || typeof body === 'number') return JSON.stringify(body);
  throw new TypeError(`The response body must not be of type ${typeof body}.`);
};

const readAll = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return chunks;
};

const running = new AsyncLocalStorage();

const hookConsole = () => {
  for (const name of ['log', 'info', 'debug', 'warn', 'error']) {
    const original = console[name].bind(console);
    console[name] = (...values) => {
      const execution = running.getStore();
      if (execution?.isOpen) execution.write('native', values);
      else if (!execution?.isOver) original(...values); // else another execution would get it
    };
  }
};

class Launcher {
  constructor() {
    this.main = null;
    this.pending = new Pending();
  }

  onFrame(type, id, header, body) {
    if (type === LOAD) this.load(JSON.parse(header));
    else if (type === CALL) this.call(id, JSON.parse(header), body);
    else if (type === EXIT) process.exit(0);
    else if (type === ASK) writeFrame(PENDING, 0, { pending: this.pending.since() });
  }

  async load(order) {
    const started = performance.now();
    const loading = new Execution(0, true); // what is printed now is the first execution's
    try {
      this.main = await running.run(loading, () => load(order));
    } catch (error) {
      if (!(error instanceof LoadFailed)) throw error;
      const { message, cause } = error;
      return writeFrame(LOAD_FAILED, 0, { message, stack: String(cause?.stack ?? '') });
    } finally {
      loading.isOpen = false;
    }
    this.pending.note();
    return writeFrame(LOADED, 0, { ms: performance.now() - started });
  }

  call(id, call, body) {
    const execution = new Execution(id, call.logging ?? true);
    const context = {
      req: buildRequest(call, body),
      res: buildResponse(),
      log: (...values) => execution.write('log', values),
      error: (...values) => execution.write('error', values),
    };
    running.run(execution, () => execution.run(this.main, context));
  }
}

const launcher = new Launcher();
const source = new Socket({ fd: 3, readable: true, writable: false });
source.on('data', readFrames((...frame) => launcher.onFrame(...frame)));
source.on('close', () => process.exit(0));
hookConsole();
const { pid, versions } = process;
const asks = Pending.isKnown;
writeFrame(READY, 0, { proto: PROTOCOL, runtime: 'node', version: versions.node, pid, asks });
