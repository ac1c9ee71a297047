import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { GatewayContext } from './context.ts';
import { ROUTES } from './gateway.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import type { OpenapiDocument, Operation } from './openapi.ts';
import { gatewayOptions } from './options.ts';
import { STATUS_BY_CODE } from './problem.ts';
import { createServer } from './server.ts';
import { callsOf, gatewayOf } from './testing/gateway.ts';

/** Methods and paths that the server's router knows, `POST /v1/apps/{app}`. */
async function servedRoutes(): Promise<string[]> {
  const app = createServer(gatewayOptions({}), { limits: GATEWAY_LIMITS, load: {} } as GatewayContext, ROUTES);
  await app.ready();
  const branch: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', segment = '', methods] = /^([│├└─\s]*)(\S+)(?: \((.*)\))?$/.exec(line) ?? [];
      branch.splice(indent.length / 4 - 1, Number.POSITIVE_INFINITY, segment);
      const path = branch.join('').replace(/:(\w+)/g, '{$1}');
      return methods === undefined ? [] : methods.split(', ').map((method) => `${method} ${path}`);
    });
}

async function documentOf(t: Parameters<typeof gatewayOf>[0]): Promise<OpenapiDocument> {
  const { ask } = await gatewayOf(t);
  return (await ask('GET', '/openapi.json')).json as unknown as OpenapiDocument;
}

test('the document has every route that the server’s router knows, and no other', async (t) => {
  const { paths } = await documentOf(t);
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = await servedRoutes();
  t.deepEqual(documented.sort(), served.sort());
  t.true(served.includes('POST /v1/apps/{app}/functions/{fn}/calls'));
});

test('every operation has the parameters that the server takes, and the answers of its route', async (t) => {
  const { paths, openapi } = await documentOf(t);
  t.regex(openapi, /^3\.1\./);
  for (const { method, path, query = {}, answers, faults, body } of ROUTES) {
    const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] as Operation;
    const named = (where: string) => operation.parameters.filter((each) => each.in === where).map(({ name }) => name);
    t.deepEqual(
      named('path'),
      [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string),
      path,
    );
    t.deepEqual(named('query'), Object.keys(query));
    t.is(operation.requestBody !== undefined, body !== undefined);
    for (const status of [...Object.keys(answers), ...faults.map((code) => STATUS_BY_CODE[code]), 400, 403, 429, 500, 503]) {
      t.true(`${status}` in operation.responses, `${method} ${path} ${status}`);
    }
  }
});

test('every reference of the document leads somewhere', async (t) => {
  const document = await documentOf(t);
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name);
  t.true(references.length > 0);
  for (const name of references) t.true(name in document.components.schemas, name);
});

test('answers are as the schemas of the document say', async (t) => {
  const { ask } = await gatewayOf(t);
  const { components } = await documentOf(t);
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'document', components });
  const conforms = (name: string, value: unknown): void => {
    t.true(ajv.validate(`document#/components/schemas/${name}`, value), `${name}: ${ajv.errorsText()}`);
  };
  conforms('Result', (await ask('POST', `${callsOf('twice')}?answer=all`)).json);
  conforms('Problem', (await ask('POST', callsOf('fail-OVERLOADED'))).json);
  conforms('Status', (await ask('GET', '/v1/status')).json);
  conforms('Apps', (await ask('GET', '/v1/apps')).json);
  conforms('Ok', (await ask('GET', '/healthz')).json);
  for (const fn of ['later', 'twice', 'fail-NO_OUTPUT']) {
    const { json } = await ask('POST', `${callsOf(fn)}?async=true`);
    conforms('Run', json);
    conforms('Run', (await ask('GET', `/v1/runs/${json.id}`)).json);
  }
  t.false(ajv.validate('document#/components/schemas/Run', {}));
});
