// What replies have in the eras of Appwrite, by the format that an SDK asks for.

import { readFileSync } from 'node:fs';

const ERAS = JSON.parse(readFileSync(new URL('./eras.json', import.meta.url)));

/** Names of fields, the error type of an id that is in use, and the fields of the models. */
export function era(format) {
  const entries = Object.entries(ERAS.names).map(([name, formats]) => [name, newest(formats, format)]);
  const models = Object.entries(ERAS.models).map(([name, formats]) => [name, newest(formats, format)]);
  return { ...Object.fromEntries(entries), models: Object.fromEntries(models) };
}

/** What the newest format says that is not newer than the SDK's. */
function newest(byFormat, format) {
  const older = Object.keys(byFormat).filter((each) => compare(each, format) <= 0);
  return byFormat[older.sort(compare).at(-1)];
}

function compare(one, other) {
  return one.localeCompare(other, 'en', { numeric: true });
}
