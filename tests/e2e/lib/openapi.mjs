// What WAHA's own description of its API says of the calls that a bot made. Without the description: nothing.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Where WAHA's bodies and its description are; it may not exist.
export const CONTRACTS = process.env.TOKOBOT_CONTRACTS ??
  resolve(fileURLToPath(import.meta.url), '../../../../../shared/contracts/waha');

const FILE = join(CONTRACTS, 'openapi.json');
export const HAS_OPENAPI = existsSync(FILE);
const api = HAS_OPENAPI ? JSON.parse(readFileSync(FILE, 'utf8')) : null;

const routes = Object.keys(api?.paths ?? {}).map((template) => {
  const pattern = template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+');
  return { template, fits: new RegExp(`^${pattern}$`), names: (template.match(/\{/g) ?? []).length };
}).sort((a, b) => a.names - b.names); // "/api/sessions/start" before "/api/sessions/{session}"

const routeOf = (call) => routes.find((r) => r.fits.test(call.path) && api.paths[r.template][call.method.toLowerCase()]);

// "POST /api/sendText", as the description names it; null for one that it does not know.
export function operationOf(call) {
  const route = routeOf(call);
  return route ? `${call.method} ${route.template}` : null;
}

const resolveRef = (schema) =>
  schema.$ref ? schema.$ref.slice(2).split('/').reduce((o, key) => o[key], api) : schema;

function typeOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
}

// What is wrong with a value, as sentences.
function check(value, given, where) {
  const schema = resolveRef(given), type = typeOf(value);
  if (schema.oneOf) { // one of them must fit
    const wrongs = schema.oneOf.map((one) => check(value, one, where));
    return wrongs.some((w) => !w.length) ? [] : wrongs.sort((a, b) => a.length - b.length)[0];
  }
  if (schema.anyOf || schema.allOf) return []; // none of ours
  if (type === 'null') return schema.nullable ? [] : [`${where} is null`];
  if (schema.type && schema.type !== type && !(schema.type === 'number' && type === 'integer'))
    return [`${where} is of type ${type}, not ${schema.type}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${where} is none of ${schema.enum}`];
  if (type === 'array') return value.flatMap((v, i) => (schema.items ? check(v, schema.items, `${where}[${i}]`) : []));
  if (type !== 'object') return [];
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${where}.${key} is missing`);
  return [...missing, ...Object.entries(value).flatMap(([key, v]) => {
    const member = schema.properties?.[key];
    if (member) return check(v, member, `${where}.${key}`);
    return schema.properties && !schema.additionalProperties ? [`${where}.${key} is not known to WAHA`] : [];
  })];
}

// Files that messages bring are served beside the API; the guide says how.
const isFile = (call) => call.method === 'GET' && call.path.startsWith('/api/files/');

function checkCall(call) {
  if (isFile(call)) return [];
  const route = routeOf(call);
  if (!route) return [`${call.method} ${call.path}: WAHA has no such call`];
  const operation = api.paths[route.template][call.method.toLowerCase()], wrong = [];
  if (operation.deprecated) wrong.push('it is deprecated');
  const parameters = (operation.parameters ?? []).map(resolveRef).filter((p) => p.in === 'query');
  for (const p of parameters.filter((one) => one.required))
    if (!call.query.has(p.name)) wrong.push(`the parameter ${p.name} is missing`);
  for (const name of call.query.keys())
    if (!parameters.some((p) => p.name === name)) wrong.push(`the parameter ${name} is not known to WAHA`);
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  if (schema && operation.requestBody.required && call.body === undefined) wrong.push('the body is missing');
  if (schema && call.body !== undefined) wrong.push(...check(call.body, schema, 'body'));
  return wrong.map((what) => `${call.method} ${route.template}: ${what}`);
}

// Everything that is wrong with them, each sentence once.
export function misfits(calls) {
  return HAS_OPENAPI ? [...new Set(calls.flatMap(checkCall))] : [];
}
