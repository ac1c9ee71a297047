/** Code for apps. */
import { type Route, refTo } from './route.ts';

export const BUNDLE_ROUTES: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/bundles',
    summary: 'Stores code durably, for definitions to name as bundle:ID/path/in/bundle.js; the same files have the same id',
    body: {
      description:
        'A bundle: the length of a list of files (4 bytes, big-endian), the list as JSON, {"version":1,"files":[[path,size],...]}, and the bytes of the files in its order',
      content: { 'application/octet-stream': {} },
      limit: 'bodyBytes',
    },
    answers: { 200: { description: 'Its id', content: { 'application/json': refTo('Bundle') } } },
    faults: ['OBJECT_TOO_LARGE', 'STORE_FAILED', 'NO_NODE'],
    async handle(request, reply, { upstream }) {
      reply.send({ id: await upstream.client.uploadBundle((request.body as Buffer | undefined) ?? Buffer.alloc(0)) });
    },
  },
];
