// Pictures, voice notes, files, places and contacts, from WAHA's webhook to the plugin and back.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Bot, openShop } from './lib/bot.mjs';
import { FakeWaha, Person, nativeId, sleep } from './lib/fake-waha.mjs';
import { SLOW, testPlugin, until } from './lib/plugins.mjs';

const BUDI = '6281100000031', CITRA = '6281100000032';
const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100', 'hex'), Buffer.alloc(3000, 7)]);
const HTML = Buffer.from('<!DOCTYPE html><script>alert(1)</script>');

async function start(t, { engine = 'NOWEB', change = {}, gallery = true } = {}) {
  const waha = await new FakeWaha({ engine }).up();
  t.after(() => waha.stop());
  const plugins = gallery ? { gallery: testPlugin('gallery') } : {};
  const bot = await Bot.start(waha, { change: { plugins, ...change } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  const budi = new Person(waha, BUDI), citra = new Person(waha, CITRA);
  await openShop(waha, (phone) => new Person(waha, phone));
  return { waha, bot, budi, citra };
}

// What a webhook says of a file that WAHA serves as `name`; undefined bytes: it does not have it.
function picture(waha, bytes, { name = `default/${nativeId('AC')}.jpeg`, type = 'image/jpeg', origin = 'http://localhost:3000' } = {}) {
  if (bytes !== undefined) waha.files.set(name, bytes);
  return { media: { url: `${origin}/api/files/${name}`, filename: null, mimetype: type }, raw: { imageMessage: {} } };
}

const fetches = (waha) => waha.calls.filter((c) => c.path.startsWith('/api/files/'));

function stored(bot) {
  const folder = join(bot.dir, 'data/media');
  return readdirSync(folder).flatMap((xx) => readdirSync(join(folder, xx)).map((f) => join(folder, xx, f)));
}

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: a picture is fetched with our key, kept, and goes back as it came`, async (t) => {
    const { waha, bot, budi } = await start(t, { engine });
    assert.equal(await budi.ask('bukti', 10000, picture(waha, JPEG)),
      `image|image/jpeg|-|${JPEG.length}|-|-|-|bukti`);
    assert.equal(fetches(waha).length, 1);
    assert.equal(fetches(waha)[0].key, waha.apiKey);
    const files = stored(bot);
    assert.equal(files.length, 1);
    assert.deepEqual(readFileSync(files[0]), JPEG);
    assert.equal(statSync(files[0]).mode & 0o777, 0o600);
    const since = waha.delivered.length, id = nativeId('AC');
    await waha.write({ phone: BUDI, text: 'kembalikan', id });
    const back = await waha.waitFor((m) => m.file, { since, what: 'the picture' });
    assert.equal(back.text, 'ini dia');
    assert.deepEqual(back.file.bytes, JPEG);
    assert.equal(back.file.mimetype, 'image/jpeg');
    const call = waha.calls.find((c) => c.path === '/api/sendImage');
    assert.equal(call.body.reply_to, `false_${BUDI}@c.us_${id}`);
    assert.deepEqual(Object.keys(call.body).sort(), ['caption', 'chatId', 'file', 'reply_to', 'session']);
    await sleep(200);
    assert.equal(waha.to(BUDI).length, 2, 'one message for each');
  });
}

test('a file with a name goes back as a document', async (t) => {
  const { waha, budi } = await start(t);
  const pdf = Buffer.from('%PDF-1.7\n%%EOF');
  waha.files.set('default/A.pdf', pdf);
  assert.equal(await budi.ask(null, 10000, {
    media: { url: 'http://localhost:3000/api/files/default/A.pdf', filename: '../../faktur.pdf', mimetype: 'application/pdf' },
    raw: { documentMessage: {} } }), `document|application/pdf|faktur.pdf|${pdf.length}|-|-|-|`);
  const since = waha.delivered.length;
  await waha.write({ phone: BUDI, text: 'kembalikan' });
  const back = await waha.waitFor((m) => m.file, { since });
  assert.equal(back.file.filename, 'faktur.pdf');
  assert.ok(waha.calls.some((c) => c.path === '/api/sendFile'));
});

test('no other host is ever asked, and none of its redirects followed', async (t) => {
  const { waha, budi } = await start(t);
  let heard = 0;
  const evil = http.createServer((rq, rs) => (heard++, rs.end(JPEG)));
  evil.on('connection', () => heard++);
  await new Promise((ok) => evil.listen(0, '127.0.0.1', ok));
  t.after(() => evil.close());
  const origin = `http://127.0.0.1:${evil.address().port}`;
  const before = fetches(waha).length;
  assert.match(await budi.ask('a', 10000, picture(waha, undefined, { origin })), /WAHA no longer has it/);
  assert.equal(fetches(waha).length, before + 1, 'our own WAHA was asked for that path');
  for (const url of [`${origin}/x.jpeg`, `${origin}/api/files/../../x`, `//${origin.slice(7)}/api/files/a`,
    `${origin}/api/files/a%2f..%2fb`, 'file:///etc/passwd', 'gopher://x/api/files/a'])
    assert.match(await budi.ask('b', 10000, { media: { url, mimetype: 'image/jpeg' } }), /none of WAHA's files/);
  assert.equal(fetches(waha).length, before + 1);
  waha.fault = { kind: 'redirect', to: `${origin}/api/files/a`, only: '/api/files/' };
  assert.match(await budi.ask('c', 10000, picture(waha, JPEG)), /unexpected answer/);
  waha.fault = null;
  assert.equal(heard, 0);
});

test('what is no picture, too large or not there has its reason', async (t) => {
  const { waha, bot, budi } = await start(t);
  assert.match(await budi.ask('a', 10000, picture(waha, HTML)), /^image\|-\|-\|0\|not a picture\|/);
  assert.match(await budi.ask('b', 10000, picture(waha, 15 << 20)), /larger than 10 MB/);
  assert.match(await budi.ask('c', 10000, { media: null, raw: { imageMessage: {} } }), /^image\|-\|-\|0\|WAHA has not downloaded it/);
  assert.match(await budi.ask('d', 10000, { media: { url: null, mimetype: 'image/jpeg', error: { code: 404, details: 'gone' } } }),
    /\|404: gone\|/);
  assert.match(await budi.ask('e', 10000, picture(waha, Buffer.alloc(0))), /it is empty/);
  waha.fault = { kind: 401, only: '/api/files/', times: 1 };
  assert.match(await budi.ask('f', 10000, picture(waha, JPEG)), /API key/);
  assert.throws(() => stored(bot), /ENOENT/, 'nothing was kept');
  waha.fault = { kind: 500, only: '/api/files/', times: 1 };
  assert.match(await budi.ask('g', 15000, picture(waha, JPEG)), /^image\|image\/jpeg\|/, 'a second try after 2 s');
});

test('places and contacts arrive as what they are', async (t) => {
  const { waha, budi } = await start(t);
  assert.equal(await budi.ask('/9j/4AAQ', 10000, { location: { live: false, latitude: '-6.1753924', longitude: '106.8271528', name: 'Monas' } }),
    'location|-|-|0|-|-6.1753924,106.8271528|Monas|');
  assert.equal(await budi.ask('', 10000, { vCards: ['BEGIN:VCARD\nFN:Teman\nEND:VCARD'] }), 'contact|-|-|0|-|-|-|');
});

test('without a plugin that takes it, one text says what can be done', async (t) => {
  const { waha, budi } = await start(t, { gallery: false });
  const voice = { media: picture(waha, Buffer.from('OggS....')).media, raw: { audioMessage: { ptt: true } } };
  assert.match(await budi.ask(null, 10000, voice), /pesan suara/);
  assert.match(await budi.ask(null, 10000, picture(waha, JPEG)), /Fotonya/);
  assert.match(await budi.ask(null, 10000, picture(waha, HTML)), /tidak bisa saya buka/);
  assert.match(await budi.ask(null, 10000, { location: { latitude: 1, longitude: 2 } }), /Lokasinya/);
  assert.match(await budi.ask(null, 10000, { vCards: ['BEGIN:VCARD\nEND:VCARD'] }), /Kontaknya/);
  await sleep(200);
  assert.equal(waha.to(BUDI).length, 5);
});

test('a slow WAHA holds one chat, 20 s at most', async (t) => {
  const { waha, budi, citra } = await start(t);
  waha.fault = { kind: 'slow', ms: 60000, only: '/api/files/' };
  const began = Date.now();
  const first = budi.ask('bukti', 30000 * SLOW, picture(waha, JPEG));
  await until(() => fetches(waha).length, 'the file to be asked for');
  const asked = Date.now();
  await citra.ask('halo');
  assert.ok(Date.now() - asked < 3000 * SLOW, 'the other chat does not wait');
  assert.equal(waha.to(BUDI).length, 0);
  assert.match(await first, /in time/);
  const took = Date.now() - began;
  assert.ok(took > 10000 && took < 22000 * SLOW, `it took ${took} ms`);
});

test('killed while it fetches: asked again, answered once', async (t) => {
  const { waha, bot, budi } = await start(t);
  waha.fault = { kind: 'slow', ms: 3000, only: '/api/files/', times: 1 };
  const said = budi.ask('bukti', 30000 * SLOW, picture(waha, JPEG));
  await until(() => fetches(waha).length, 'the file to be asked for');
  bot.crash();
  assert.match(await said, /^image\|image\/jpeg\|-\|3014\|/);
  assert.equal(fetches(waha).length, 2);
  await sleep(1000);
  assert.equal(waha.to(BUDI).length, 1);
  assert.equal(stored(bot).length, 1);
});
