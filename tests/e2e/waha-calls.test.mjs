// Each kind of call that the bot makes, against WAHA's own description of its API. (Every other test's bot is
// checked, too, when it stops.)
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot } from './lib/bot.mjs';
import { FakeWaha, Person } from './lib/fake-waha.mjs';
import { testPlugin } from './lib/plugins.mjs';
import { HAS_OPENAPI, misfits, operationOf } from './lib/openapi.mjs';

const skip = !HAS_OPENAPI && 'no description of WAHA here';
const used = new Set();

async function scene(t, { engine = 'NOWEB', status = 'WORKING', pace = 'off', plugins = {} }, play) {
  const waha = await new FakeWaha({ engine }).up();
  t.after(() => waha.stop());
  waha.status = status;
  const bot = await Bot.start(waha, { change: { waha: { pace }, plugins } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected', 45000);
  await play(waha);
  assert.deepEqual(misfits(waha.calls), []);
  for (const call of waha.calls) used.add(operationOf(call));
  used.delete(null); // files are no part of the API
}

const CUSTOMER = '6281100000031';

// A file comes in and goes back, as the answer to the message that asks for it.
async function backAndForth(waha, name, type, bytes) {
  const person = new Person(waha, CUSTOMER), since = waha.delivered.length;
  waha.files.set(name, bytes);
  await person.ask('ini', 20000, { media: { url: `http://localhost:3000/api/files/${name}`, filename: name, mimetype: type } });
  await waha.write({ phone: CUSTOMER, text: 'kembalikan' });
  await waha.waitFor((m) => m.file, { since, ms: 20000 });
}

const lost = { kind: 'reset-after', only: '/api/sendText', times: 1 };

test('the calls of a bot are WAHA\'s', { skip }, async (t) => {
  await Promise.all([
    scene(t, { pace: 'human' }, (waha) => new Person(waha, CUSTOMER).ask('halo', 20000)),
    scene(t, {}, async (waha) => {
      waha.fault = { ...lost };
      await new Person(waha, CUSTOMER).ask('halo', 20000);
      await new Person(waha, undefined, { lid: '100000000000077' }).ask('halo');
    }),
    scene(t, { engine: 'WEBJS' }, async (waha) => {
      waha.fault = { ...lost };
      await new Person(waha, CUSTOMER).ask('halo', 30000);
      while (!waha.calls.some((c) => /\/messages$/.test(c.path))) await new Promise((ok) => setTimeout(ok, 100));
    }),
    scene(t, { plugins: { gallery: testPlugin('gallery') }, pace: 'human' }, async (waha) => {
      await backAndForth(waha, 'a.png', 'image/png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
      await backAndForth(waha, 'a.pdf', 'application/pdf', Buffer.from('%PDF-1.7'));
    }),
    ...['missing', 'STOPPED', 'FAILED'].map((status) => scene(t, { status }, () => {})),
  ]);
  assert.deepEqual([...used].sort(), [
    'GET /api/server/status', 'GET /api/sessions/{session}', 'GET /api/{session}/chats',
    'GET /api/{session}/chats/{chatId}/messages',
    'GET /api/{session}/chats/{chatId}/messages/{messageId}', 'GET /api/{session}/lids/{lid}',
    'GET /api/{session}/new-message-id', 'POST /api/sendFile', 'POST /api/sendImage', 'POST /api/sendSeen', 'POST /api/sendText', 'POST /api/sessions',
    'POST /api/sessions/{session}/restart', 'POST /api/sessions/{session}/start', 'POST /api/startTyping',
    'POST /api/stopTyping',
  ]);
});

test('a call that is none of WAHA\'s is found', { skip }, () => {
  const call = (method, path, body, query = '') => ({ method, path, body, query: new URLSearchParams(query) });
  const wrong = (...args) => misfits([call(...args)]).join('; ');
  const good = { session: 'default', chatId: '1@c.us', text: 'x', linkPreview: false };
  assert.equal(wrong('POST', '/api/sendText', good), '');
  assert.match(wrong('POST', '/api/sendTextt', good), /no such call/);
  assert.match(wrong('PUT', '/api/sendText', good), /no such call/);
  assert.match(wrong('POST', '/api/sendText', { ...good, text: undefined, chatId: 7 }), /chatId is of type number|chatId is of type integer/);
  assert.match(wrong('POST', '/api/sendText', { session: 'default', chatId: '1@c.us' }), /body\.text is missing/);
  assert.match(wrong('POST', '/api/sendText', { ...good, preview: 1 }), /preview is not known/);
  assert.match(wrong('POST', '/api/sendText', undefined), /body is missing/);
  assert.equal(wrong('POST', '/api/sendText', { ...good, reply_to: 'false_1@c.us_A' }), '');
  const file = { session: 'default', chatId: '1@c.us', file: { mimetype: 'image/png', filename: 'a.png', data: 'AAAA' } };
  assert.equal(wrong('POST', '/api/sendImage', { ...file, caption: 'x', reply_to: 'false_1@c.us_A' }), '');
  assert.match(wrong('POST', '/api/sendImage', { ...file, file: { data: 'AAAA' } }), /mimetype is missing/);
  assert.match(wrong('POST', '/api/sendFile', { ...file, id: 'A' }), /id is not known/);
  assert.equal(wrong('GET', '/api/files/default/a.png'), '');
  assert.match(wrong('GET', '/api/default/chats/1@c.us/messages', undefined), /limit is missing/);
  assert.match(wrong('GET', '/api/default/chats/1@c.us/messages', undefined, 'limit=1&from=2'), /from is not known/);
});
