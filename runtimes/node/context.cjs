// What user code sees: the request and the response builder.

'use strict';

// Repeated request headers of these names count once, the others are joined (Node's own rule).
const SINGLE_HEADERS = new Set(
  ('age authorization content-length content-type etag expires from host if-modified-since ' +
    'if-unmodified-since last-modified location max-forwards proxy-authorization referer ' +
    'retry-after server user-agent').split(' '),
);

const buildRequest = (call, bodyBinary) => {
  const headers = receivedHeaders(call.headers);
  const { method, scheme, host, port } = call;
  const queryString = call.queryString.split('?', 1)[0]; // Appwrite's Node server cuts there
  const usualPort = scheme === 'https' ? 443 : 80;
  const origin = `${scheme}://${host}${port === usualPort ? '' : `:${port}`}`;
  const contentType = headers['content-type'] ?? 'text/plain';
  return {
    get body() {
      if (!contentType.toLowerCase().startsWith('application/json')) return this.bodyText;
      return bodyBinary.length === 0 ? {} : this.bodyJson;
    },
    get bodyRaw() {
      return this.bodyText;
    },
    get bodyText() {
      return bodyBinary.toString('utf8');
    },
    get bodyJson() {
      return JSON.parse(this.bodyText);
    },
    get bodyBinary() {
      return bodyBinary;
    },
    headers,
    method,
    host,
    scheme,
    query: parseQuery(queryString),
    queryString,
    port,
    url: origin + call.path + (queryString && `?${queryString}`),
    path: call.path,
  };
};

const parseQuery = (queryString) => {
  const query = {};
  for (const piece of queryString.split('&')) {
    const [key, ...rest] = piece.split('=');
    if (key) query[key] = rest.join('=');
  }
  return query;
};

const receivedHeaders = (pairs) => {
  const headers = new Map();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (key.startsWith('x-open-runtimes-')) continue;
    const former = headers.get(key);
    const joint = key === 'cookie' ? '; ' : ', ';
    if (former === undefined) headers.set(key, value);
    else if (!SINGLE_HEADERS.has(key)) headers.set(key, former + joint + value);
  }
  return Object.assign(Object.fromEntries(headers), enforcedHeaders());
};

const enforcedHeaders = () => {
  const headers = {};
  try {
    const given = JSON.parse(process.env.OPEN_RUNTIMES_HEADERS || '{}');
    for (const name of Object.keys(given)) headers[name.toLowerCase()] = String(given[name]);
  } catch {
    return {};
  }
  return headers;
};

const buildResponse = () => ({
  send(body, statusCode = 200, headers = {}) {
    return { body, statusCode, headers };
  },
  text(body, statusCode = 200, headers = {}) {
    return this.binary(Buffer.from(body, 'utf8'), statusCode, headers);
  },
  binary(bytes, statusCode = 200, headers = {}) {
    return { body: bytes, statusCode, headers };
  },
  json(obj, statusCode = 200, headers = {}) {
    headers['content-type'] = 'application/json';
    return this.text(JSON.stringify(obj), statusCode, headers);
  },
  empty() {
    return this.text('', 204, {});
  },
  redirect(url, statusCode = 301, headers = {}) {
    headers['location'] = url;
    return this.text('', statusCode, headers);
  },
});

module.exports = { buildRequest, buildResponse };
