// Turns values into the text of a log line, as superjson 2.2 and JSON.stringify do in Appwrite.

'use strict';

const isPlain = (value) => {
  if (value === Object.prototype) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

// What superjson replaces: a value that JSON has no word for, by one that it has.
const replaced = (value) => {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'bigint':
      return value.toString();
    case 'number':
      return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : replacedObject(value);
    default:
      return value;
  }
};

const replacedObject = (value) => {
  if (value instanceof Date) return isNaN(value) ? value : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Set || value instanceof Map) return [...value];
  if (value instanceof Error) return replacedError(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return [...value];
  return value;
};

const replacedError = (error) => {
  const fields = { name: error.name, message: error.message };
  return 'cause' in error ? { ...fields, cause: error.cause } : fields;
};

const isDeep = (value) =>
  Array.isArray(value) ||
  value instanceof Set ||
  value instanceof Map ||
  value instanceof Error ||
  isPlain(value);

// A value met again is null inside itself; elsewhere it is what it was the first time.
const walked = (value, above, seen) => {
  if (typeof value !== 'object' || value === null) return replaced(value);
  if (seen.has(value)) return seen.get(value);
  if (!isDeep(value)) return replacedObject(value);
  if (above.has(value)) return null;
  above.add(value);
  const source = replacedObject(value);
  const result = Array.isArray(source) ? [] : {};
  for (const key of Object.keys(source)) result[key] = walked(source[key], above, seen);
  above.delete(value);
  seen.set(value, result);
  return result;
};

const rendered = (value) => {
  if (value instanceof Error) return value.stack || String(value);
  if (typeof value === 'string') return value;
  return JSON.stringify(walked(value, new Set(), new Map())) ?? '';
};

module.exports = (values) => values.map(rendered).join(' ');
