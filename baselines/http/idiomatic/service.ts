/** What services written by hand share: a server that takes values by POST, and how to send one. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a value belongs to; it travels in the query. */
export interface About {
  readonly session: string;
  /** Which of how many it is, where that matters. */
  readonly index?: number;
  readonly of?: number;
}

/** A value that has come. */
export interface Call extends Required<About> {
  readonly value: string;
}

/** What is done with the values that come to each path. */
export type Handlers = Readonly<Record<string, (call: Call) => unknown>>;

/** The address of every function, and of the caller. */
export type Urls = Readonly<Record<string, string>>;

/** Sends a value; resolves once it has been taken, before it has been worked on. */
export async function post(url: string | undefined, about: About, value: string): Promise<void> {
  const { session, index = 0, of = 1 } = about;
  const response = await fetch(`${url}?${new URLSearchParams({ session, index: `${index}`, of: `${of}` })}`, {
    method: 'POST',
    body: value,
  });
  await response.arrayBuffer();
}

/** Serves `handlers` on a free port of the loopback interface. `close` waits for what is under way. */
export async function serve(handlers: Handlers): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const underWay = new Set<Promise<void>>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    let value = '';
    for await (const chunk of request.setEncoding('utf8')) value += chunk;
    response.writeHead(202).end();
    const number = (name: string): number => Number(searchParams.get(name));
    await handlers[pathname.slice(1)]!({ session: searchParams.get('session')!, index: number('index'), of: number('of'), value });
  };
  const server = createServer((request, response) => {
    const taking = take(request, response).finally(() => underWay.delete(taking));
    underWay.add(taking);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      while (underWay.size > 0) await Promise.all(underWay);
      server.close();
      server.closeAllConnections();
    },
  };
}
