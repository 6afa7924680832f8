// What the webhook answers: the status codes of the contract, every sample of it, and bodies made to hurt.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { Bot, CONTRACTS, SUPER, registerStore } from './lib/bot.mjs';
import { FakeWaha, Person, nativeId, sleep } from './lib/fake-waha.mjs';

let waha, bot;
before(async () => {
  waha = await new FakeWaha().up();
  bot = await Bot.start(waha);
  await registerStore(new Person(waha, SUPER));
});
after(async () => {
  await bot?.stop();
  await waha?.stop();
});

const good = () => JSON.stringify(waha.envelope('call.received', { id: nativeId() }));

test('a signed webhook is taken, whatever it is about', async () => {
  assert.equal((await waha.postOnce(good())).status, 200);
  assert.equal((await waha.postOnce('{}')).status, 200);
});

test('401 without a signature, with a wrong one, with one of another body', async () => {
  assert.equal((await waha.postOnce(good(), {}, false)).status, 401);
  const bad = [createHmac('sha512', 'kunci-lain').update('x').digest('hex'), '', 'zz', 'f'.repeat(128), 'f'.repeat(4000)];
  for (const mac of bad) {
    const r = await waha.postOnce(good(), { 'x-webhook-hmac': mac });
    assert.equal(r.status, 401, `signature ${mac.slice(0, 20)}`);
  }
  const mac = createHmac('sha512', waha.hmacKey).update(good()).digest('hex');
  assert.equal((await waha.postOnce(good(), { 'x-webhook-hmac': mac })).status, 401);
});

test('400 for what is not JSON', async () => {
  for (const body of ['', 'halo', '{', '{"event":', '<html></html>', '\0', '{"a":1}}', '[1,2'])
    assert.equal((await waha.postOnce(body)).status, 400, JSON.stringify(body));
});

test('a depth bomb is refused and does no harm', async () => {
  for (const body of ['['.repeat(500000), '{"a":'.repeat(200000), `{"event":"message","payload":${'['.repeat(90000)}${']'.repeat(90000)}}`])
    assert.equal((await waha.postOnce(body)).status, 400);
  assert.equal((await waha.postOnce(good())).status, 200);
});

test('413 over 2 MiB, before the body is read', async () => {
  const status = await new Promise((ok, bad) => {
    const rq = http.request(waha.hook, { method: 'POST', headers: { 'content-length': 3 << 20 } }, (rs) => {
      ok(rs.statusCode);
      rq.destroy();
    });
    rq.on('error', bad);
    rq.setTimeout(5000, () => rq.destroy(new Error('no answer before the body')));
    rq.flushHeaders();
  });
  assert.equal(status, 413);
  // Chunked, the size unknown beforehand: refused all the same.
  const chunked = await new Promise((ok) => {
    const rq = http.request(waha.hook, { method: 'POST', agent: false }, (rs) => ok(rs.statusCode));
    rq.on('error', () => ok(0));
    const chunk = Buffer.alloc(1 << 18, 0x20);
    let sent = 0;
    const more = () => {
      while (sent++ < 12) if (!rq.write(chunk)) return rq.once('drain', more);
      rq.end();
    };
    more();
  });
  assert.ok(chunked === 413 || chunked === 0, `chunked: ${chunked}`);
});

test('404 and 405', async () => {
  const ask = async (path, method) => (await bot.get(path, { method })).status;
  assert.equal(await ask('/', 'GET'), 404);
  assert.equal(await ask('/webhook/tidak-ada', 'POST'), 404);
  assert.equal(await ask('/webhook/', 'POST'), 404);
  assert.equal(await ask('/tidak-ada', 'GET'), 404);
  for (const method of ['GET', 'PUT', 'DELETE']) assert.equal(await ask('/webhook/waha', method), 405, method);
  assert.equal(await ask('/health', 'POST'), 405);
});

test('every webhook of the contract is taken', async (t) => {
  const folder = join(CONTRACTS, 'webhooks');
  if (!existsSync(folder)) return t.skip('no contract samples here');
  const names = readdirSync(folder).filter((n) => n.endsWith('.json') && !n.startsWith('_'));
  assert.ok(names.length > 40);
  for (const name of names) {
    const compact = JSON.stringify(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    assert.equal((await waha.postOnce(compact)).status, 200, name);
    assert.equal((await waha.postOnce(compact)).status, 200, `${name} again`);
  }
});

test('the signature vectors of the contract fit', async (t) => {
  const file = join(CONTRACTS, 'webhooks/_request-headers-and-hmac.json');
  if (!existsSync(file)) return t.skip('no contract samples here');
  const { vectors } = JSON.parse(readFileSync(file, 'utf8'));
  for (const v of vectors)
    assert.equal(createHmac('sha512', v.key).update(v.body).digest('hex'), v.headers['X-Webhook-Hmac']);
});

test('groups, status posts, channels and our own messages are never answered', async () => {
  const since = waha.delivered.length;
  for (const chatId of ['120363000000000001@g.us', 'status@broadcast', '120363000000000002@newsletter', '1784970007@broadcast'])
    assert.equal((await waha.write({ chatId, text: '/lihat_produk' })).status, 200);
  await waha.post('message.any', waha.payload({ phone: '6281100000050', text: 'halo', fromMe: true }));
  await waha.post('message.any', waha.payload({ phone: '6281100000050', text: 'halo', fromMe: true, source: 'api' }));
  await waha.post('message', { ...waha.payload({ phone: '6281100000050', text: '' }), body: null });
  await sleep(400);
  assert.equal(waha.delivered.length, since);
});

test('texts of every kind are answered once', async () => {
  const kinds = {
    emoji: '👋🏽👨‍👩‍👧‍👦 halo 🇮🇩',
    'right to left': 'مرحبا كيف الحال ‮abc',
    'a NUL inside': 'hal\u0000o',
    'half a surrogate pair': 'halo \ud83d!',
    'control characters': '\u0001\u001b[31m\u0007halo\r\n\t',
    'SQL': "'; DROP TABLE inbox; --",
    'format characters': '%s%n{name}$store *_~`',
    '100 KB': 'x'.repeat(100 * 1024),
    'only spaces': ' \n ',
    'a slash alone': '/',
    'a long command': '/' + 'a'.repeat(5000),
  };
  let n = 60;
  for (const [what, text] of Object.entries(kinds)) {
    const phone = `62811000000${n++}`;
    const since = waha.delivered.length;
    assert.equal((await waha.write({ phone, text })).status, 200, what);
    await waha.waitFor((m) => m.chatId === `${phone}@c.us`, { since, what: `an answer to ${what}` });
    await sleep(60);
    assert.equal(waha.to(phone, since).length, 1, what);
  }
});

test('bytes that are not UTF-8 lose nothing', async () => {
  const phone = '6281100000090', since = waha.delivered.length;
  const text = JSON.stringify(waha.envelope('message', waha.payload({ phone, text: 'halo @@' })));
  const bytes = Buffer.from(text.replaceAll('@@', '\u00ff\u00c3'), 'latin1');
  const { status } = await waha.postOnce(bytes);
  assert.equal(status, 200);
  await waha.waitFor((m) => m.chatId === `${phone}@c.us`, { since });
});

test('pictures, voice notes, places and contacts are answered at most once', async () => {
  const odd = [{ hasMedia: true, body: null, media: null },
               { hasMedia: true, body: 'Ini buktinya', media: { url: null, error: { code: 500 } } },
               { body: '/9j/4AAQ', location: { latitude: '-6.1', longitude: '106.8' } },
               { body: null, vCards: ['BEGIN:VCARD\nEND:VCARD'] }];
  for (const [i, change] of odd.entries()) {
    const phone = `628110000010${i}`, since = waha.delivered.length;
    assert.equal((await waha.post('message', { ...waha.payload({ phone, text: '' }), ...change })).status, 200);
    await sleep(250);
    assert.ok(waha.to(phone, since).length <= 1);
  }
});

test('half a request, then nothing: others are not held up', async () => {
  const idle = Array.from({ length: 20 }, () => {
    const s = net.connect(bot.port, '127.0.0.1');
    s.on('error', () => {});
    s.write('POST /webhook/waha HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"event"');
    return s;
  });
  await sleep(100);
  for (let i = 0; i < 20; i++) assert.equal((await waha.postOnce(good())).status, 200);
  for (const s of idle) s.destroy();
});

test('512 keep-alive connections are served without one hanging', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
  const post = () => new Promise((ok, bad) => {
    const body = Buffer.from(good());
    const rq = http.request(waha.hook, { method: 'POST', agent, headers: {
      'content-type': 'application/json', 'content-length': body.length,
      'x-webhook-hmac': createHmac('sha512', waha.hmacKey).update(body).digest('hex') } }, (rs) => {
      rs.resume();
      rs.on('end', () => ok(rs.statusCode));
    });
    rq.setTimeout(10000, () => rq.destroy(new Error('hangs')));
    rq.on('error', bad);
    rq.end(body);
  });
  for (let round = 0; round < 4; round++) {
    const all = await Promise.all(Array.from({ length: 512 }, post));
    assert.ok(all.every((s) => s === 200), `round ${round}`);
    assert.equal((await bot.get('/health')).status, 200);
    await sleep(100);
  }
  agent.destroy();
});
