// Ann signs up and in and is greeted; a guest is not.

import { Account, Client, Functions, ID } from "node-appwrite";

const { APPWRITE_ENDPOINT, APPWRITE_PROJECT_ID, APPWRITE_API_KEY } = process.env;

const connect = () => new Client().setEndpoint(APPWRITE_ENDPOINT).setProject(APPWRITE_PROJECT_ID);
const greet = (client) => new Functions(client).createExecution({ functionId: "greet" });

const server = new Account(connect().setKey(APPWRITE_API_KEY));
const credentials = { email: "ann@example.org", password: "correct horse" };
await server.create({ userId: ID.unique(), name: "Ann", ...credentials });
const session = await server.createEmailPasswordSession(credentials);

const execution = await greet(connect().setSession(session.secret));
console.log(execution.responseBody);

await greet(connect()).catch((refusal) => console.log(`A guest gets ${refusal.type}`));
