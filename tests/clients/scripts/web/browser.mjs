// What the web SDK finds in a browser: local storage, timers, websockets that name the page, and
// requests that must pass CORS.

const ORIGIN = 'http://localhost:5173';
// What a page may send without asking first, and read without being told. Source: Fetch standard.
const SAFE_HEADERS = ['accept', 'accept-language', 'content-language', 'range'];
const SAFE_METHODS = ['GET', 'HEAD', 'POST'];
const READABLE = [
  'cache-control', 'content-language', 'content-length', 'content-type', 'expires',
  'last-modified', 'pragma',
];
const send = globalThis.fetch;
const profiles = new Map();

globalThis.window = {
  console: { warn() {} },
  location: { host: new URL(ORIGIN).host },
  setTimeout,
  setInterval: (...args) => setInterval(...args).unref(), // the SDK never ends its heartbeat
  clearInterval,
};

/** Websockets of Node.js, which has them behind a flag; `said` is what came. */
globalThis.WebSocket = class extends (globalThis.WebSocket ?? Object) {
  said = [];

  constructor(url) {
    super(url, { headers: { origin: ORIGIN } });
    sockets.push(this);
    this.addEventListener('message', ({ data }) => this.said.push(JSON.parse(data)));
  }
};

/** Every websocket that was ever opened. */
export const sockets = [];

globalThis.fetch = async (url, options = {}) => {
  const headers = new Headers(options.headers);
  headers.set('origin', ORIGIN);
  const method = (options.method ?? 'GET').toUpperCase();
  await ask(url, method, [...headers.keys()].filter((name) => name !== 'origin'), headers);
  const reply = await send(url, { ...options, headers });
  allow(reply);
  const exposed = list(reply, 'access-control-expose-headers');
  const kept = [...reply.headers].filter(([name]) => [...READABLE, ...exposed].includes(name));
  const body = [204, 304].includes(reply.status) ? null : await reply.arrayBuffer();
  return new Response(body, { status: reply.status, headers: kept });
};

/** From now on the page is open in this person's browser, with its own local storage. */
export function visit(person) {
  if (!profiles.has(person)) profiles.set(person, storage());
  window.localStorage = profiles.get(person);
}

/** Without the rules for pages, as the developer's own programs are. */
export const outside = send;

function storage() {
  const items = new Map();
  return {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, String(value)),
    removeItem: (name) => items.delete(name),
  };
}

/** The browser's question before a request that no form could send. */
async function ask(url, method, names, headers) {
  const simple = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
  const type = (headers.get('content-type') ?? 'text/plain').split(';')[0];
  const special = names.filter(
    (name) => !SAFE_HEADERS.includes(name) && (name !== 'content-type' || !simple.includes(type)),
  );
  if (SAFE_METHODS.includes(method) && !special.length) return;
  const reply = await send(url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': method,
      'access-control-request-headers': special.sort().join(','),
    },
  });
  allow(reply);
  if (!reply.ok) throw new TypeError(`CORS: the question was answered with ${reply.status}`);
  const methods = list(reply, 'access-control-allow-methods');
  if (!SAFE_METHODS.includes(method) && !methods.includes(method.toLowerCase())) {
    throw new TypeError(`CORS: ${method} is not allowed`);
  }
  const allowed = list(reply, 'access-control-allow-headers');
  const refused = special.filter((name) => !allowed.includes(name));
  if (refused.length) throw new TypeError(`CORS: the headers ${refused} are not allowed`);
}

/** With credentials the origin must be named, a star is not enough. */
function allow(reply) {
  if (reply.headers.get('access-control-allow-origin') !== ORIGIN) {
    throw new TypeError(`CORS: ${ORIGIN} is not allowed`);
  }
  if (reply.headers.get('access-control-allow-credentials') !== 'true') {
    throw new TypeError('CORS: credentials are not allowed');
  }
}

function list(reply, name) {
  return (reply.headers.get(name) ?? '').toLowerCase().split(',').map((each) => each.trim());
}
