// The installed node-appwrite of whatever version.

import { Client } from 'node-appwrite';
import { era as eraOf } from '../eras.mjs';

const HEADERS = new Client().headers;

export const version = HEADERS['x-sdk-version'];
export const era = eraOf(HEADERS['X-Appwrite-Response-Format']);
