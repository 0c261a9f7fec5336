// People who listen with the web SDK, each in a browser of his own.

import * as sdk from 'appwrite';
import { calls } from '../calls.mjs';
import { poll } from '../checks.mjs';
import { sockets, visit } from './browser.mjs';
import { connected } from './page.mjs';

/** One person: the SDK in his browser, what he heard, and how to stop. */
export class Listener {
  heard = [];

  constructor(name) {
    this.name = name;
    this.client = connected();
    this.account = this.calls(sdk.Account);
    this.functions = this.calls(sdk.Functions);
  }

  /** A service whose requests are made in his browser. */
  calls(Service) {
    const service = calls(new Service(this.client));
    return new Proxy(service, {
      get: (_, call) => (given) => {
        visit(this.name);
        return service[call](given);
      },
    });
  }

  /** Listen as pages have always done. */
  async subscribe(channels) {
    visit(this.name);
    const stop = this.client.subscribe(channels, (event) => this.heard.push(event));
    await this.isListening();
    return stop;
  }

  /** Listen by the service that newer versions have, which can be told what is wanted. */
  async listen(channels, queries) {
    this.realtime ??= new sdk.Realtime(this.client);
    const hear = (event) => this.heard.push(event);
    return this.listened(() => this.realtime.subscribe(channels, hear, queries));
  }

  /** What `change` gives, once the server has done it too. */
  async listened(change) {
    visit(this.name);
    const answers = () => sockets.flatMap(({ said }) => said).filter(({ data }) => data?.to === 'subscribe');
    const known = answers().length;
    const result = await change();
    await poll(answers, ({ length }) => length > known);
    return result;
  }

  /** Wait until the newest socket hears what it should, as who he is. */
  async isListening() {
    const opened = sockets.length;
    const kept = () => JSON.parse(window.localStorage.getItem('cookieFallback') ?? '{}');
    const awaited = ['connected'];
    if (Object.keys(kept()).length && !Array.isArray(kept())) awaited.push('authentication');
    if (sdk.Realtime) awaited.push('subscribe');
    await poll(
      () => sockets.slice(opened).at(-1)?.said ?? [],
      (said) => awaited.every((each) => said.some(({ type, data }) => each === type || data?.to === each)),
    );
  }

  /** What he heard until there were so many events: the action, and the state that it led to. */
  async story(count) {
    await poll(() => this.heard, (heard) => heard.length >= count);
    return this.heard.splice(0).map(({ events, payload }) => {
      const [kind, id, ...rest] = events[0].split('.');
      return [kind, rest.at(-1), payload.status ?? payload.$id ?? id];
    });
  }
}
