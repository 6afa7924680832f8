// The fake WAHA against the samples of the contract: nothing in its webhooks and answers that the real one
// would not send, and the fields that matter are there.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { CONTRACTS } from './lib/bot.mjs';
import { FakeWaha, sign } from './lib/fake-waha.mjs';

const sample = (file) => JSON.parse(readFileSync(join(CONTRACTS, file), 'utf8'));

function paths(o, at = '') {
  if (o === null || typeof o !== 'object' || Array.isArray(o)) return [at];
  return Object.entries(o).flatMap(([k, v]) => paths(v, at ? `${at}.${k}` : k));
}
const within = (ours, theirs, what) => {
  const known = paths(theirs);
  for (const p of paths(ours)) // a leaf of ours may be null where theirs is an object, and the other way round
    assert.ok(known.some((k) => k === p || k.startsWith(`${p}.`) || p.startsWith(`${k}.`)), `${what}: ${p}`);
};

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  const low = engine.toLowerCase();
  test(`${engine}: webhooks`, (t) => {
    if (!existsSync(CONTRACTS)) return t.skip('no contract samples here');
    const waha = new FakeWaha({ engine });
    const make = (change) => waha.envelope('message', waha.payload({ phone: '6281100000011', text: 'Halo', ...change }));
    const theirs = sample(`webhooks/message-text-cus-${low}.json`);
    theirs.payload._data.notifyName ??= ''; // whatsapp-web.js sends it when the sender has a name
    const ours = make({});
    theirs.environment.worker ??= { id: null }; // the captures differ in version
    within(ours, theirs, 'by phone');
    for (const key of ['id', 'timestamp', 'from', 'fromMe', 'source', 'body', 'hasMedia', '_data'])
      assert.ok(key in ours.payload, key);
    assert.match(ours.id, /^evt_[0-9a-z]{26}$/);
    if (engine === 'WEBJS') return;
    const hidden = make({ lid: '100000000000011' });
    within(hidden.payload, sample(`webhooks/message-text-lid-with-alt-${low}.json`).payload, 'by hidden id');
  });

  test(`${engine}: answers`, async (t) => {
    if (!existsSync(CONTRACTS)) return t.skip('no contract samples here');
    const waha = await new FakeWaha({ engine }).up();
    t.after(() => waha.stop());
    const ask = (method, path, body, key = waha.apiKey) => new Promise((ok, bad) => {
      const rq = http.request(waha.url + path, { method, headers: { 'x-api-key': key, 'content-type': 'application/json' } }, (rs) => {
        let text = '';
        rs.on('data', (d) => (text += d)).on('end', () => ok({ status: rs.statusCode, body: text ? JSON.parse(text) : undefined }));
      });
      rq.on('error', bad);
      rq.end(body && JSON.stringify(body));
    });
    const message = { session: 'default', chatId: '6281100000011@c.us', text: 'Halo' };
    const sent = await ask('POST', '/api/sendText', message);
    const theirs = sample(`http/sendText-${low}.json`).response;
    assert.equal(sent.status, theirs.status);
    within(sent.body, theirs.body, 'sendText');
    for (const file of ['error-401-bad-or-missing-key', 'error-400-missing-session', 'error-422-session-does-not-exist',
                        engine === 'GOWS' ? 'session-get-working-gows' : 'session-get-working', 'error-404-session-not-found', 'startTyping', 'lid-unknown']) {
      const { request, response } = sample(`http/${file}.json`);
      const got = await ask(request.method, request.path, request.body, file.includes('401') ? 'salah' : waha.apiKey);
      assert.equal(got.status, response.status, file);
      within(got.body, response.body, file);
    }
    const id = await ask('GET', '/api/default/new-message-id');
    assert.equal(id.status, engine === 'WEBJS' ? 501 : 200);
    if (engine === 'WEBJS') return;
    await ask('POST', '/api/sendText', { ...message, id: id.body.id });
    await ask('POST', '/api/sendText', { ...message, id: id.body.id });
    assert.equal(waha.delivered.filter((m) => m.id === id.body.id).length, 1, 'the same id is one message');
    const found = await ask('GET', `/api/default/chats/6281100000011%40c.us/messages/true_6281100000011%40c.us_${id.body.id}?downloadMedia=false`);
    assert.equal(found.status, 200);
    const none = await ask('GET', '/api/default/chats/6281100000011%40c.us/messages/true_6281100000011%40c.us_TIDAKADA');
    assert.equal(none.status, 404);
  });
}

test('the signature is the documented one', () => {
  assert.equal(sign('{"event":"message","session":"default","engine":"WEBJS"}', 'my-secret-key'),
               '208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89');
});
