// Calls of services that are not emulated, by npm's node-appwrite; see test_stubs.py.

import { Client, Databases, Messaging, Query, Storage } from 'node-appwrite';
import { InputFile } from 'node-appwrite/file';

const client = new Client()
  .setEndpoint(process.env.APPWRITE_ENDPOINT)
  .setProject(process.env.APPWRITE_PROJECT_ID)
  .setKey(process.env.APPWRITE_API_KEY);
const databases = new Databases(client);
const posts = { databaseId: 'main', collectionId: 'posts' };
const said = {};

const queries = [Query.equal('author', ['ann']), Query.limit(5)];
said.total = (await databases.listDocuments({ ...posts, queries })).total;
const document = { ...posts, documentId: 'one', data: { title: 'Hello' } };
said.created = (await databases.createDocument(document)).$id;
said.missing = await databases
  .getDocument({ ...posts, documentId: 'two' })
  .catch((error) => `${error.code} ${error.type}`);
await databases.deleteDocument({ ...posts, documentId: 'one' });

const small = InputFile.fromBuffer(Buffer.from('cat'), 'cat.txt');
const storage = new Storage(client);
said.file = (await storage.createFile({ bucketId: 'photos', fileId: 'cat', file: small })).$id;
const large = InputFile.fromBuffer(Buffer.alloc(6 * 1024 * 1024), 'whale.bin');
said.large = (await storage.createFile({ bucketId: 'photos', fileId: 'whale', file: large })).$id;

said.unmatched = await new Messaging(client)
  .listMessages()
  .catch((error) => `${error.code} ${error.type}`);
console.log(JSON.stringify(said));
