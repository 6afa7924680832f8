// What came while the bot or WAHA was away: who gets an answer, and which; in order; nothing twice.
//
// Downtime is messages that WAHA lists and no webhook has told of, and a mark put into the stopped bot's database.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD, Bot, openShop } from './lib/bot.mjs';
import { misfits } from './lib/openapi.mjs';
import { FakeWaha, Person, nativeId, sleep } from './lib/fake-waha.mjs';

const S = 1000, MIN = 60 * S, HOUR = 60 * MIN, DAY = 24 * HOUR;
const A = '6281100000101', B = '6281100000102', C = '6281100000103', D = '6281100000104', E = '6281100000105';
const AWAY = /tidak terhubung/;
const NOTHING_MS = 1500; // so long nothing may come

function sql(bot, statement) {
  return execFileSync(join(BUILD, 'tests/sql'), [join(bot.dir, 'bot.db'), statement], { encoding: 'utf8' }).trim();
}

async function until(fits, what, ms = 20000) {
  const end = Date.now() + ms;
  while (!fits()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
    await sleep(25);
  }
}

const marked = (bot) => Number(sql(bot, "SELECT value FROM kv WHERE plugin = 'waha' AND key = 'mark/default'").split(' ')[0]);

async function halt(bot) {
  process.kill(bot.pid, 'SIGTERM');
  await bot.ended;
}

// As if the bot had known everything up to so long ago, and nothing since. skew: what it has learned of the clocks.
function setMark(bot, ago, skew = '') {
  const at = Date.now() - ago;
  sql(bot, `UPDATE kv SET value = CAST('${at} ${at - 30 * DAY} ${skew}' AS BLOB) WHERE plugin = 'waha' AND key LIKE 'mark/%'`);
  // What opened the shop is no part of the story.
  for (const list of bot.waha.messages.values()) for (const m of list) m.timestamp = Math.floor((at - DAY) / 1000);
}

// A shop that is closed; `away` ms ago it was not.
async function setUp(t, away, { engine = 'NOWEB', skew, ...options } = {}) {
  const waha = await new FakeWaha({ engine, ...options }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  await openShop(waha, (phone) => new Person(waha, phone));
  await until(() => marked(bot) > 0, 'the first mark');
  await halt(bot);
  setMark(bot, away, skew);
  return { waha, bot, since: waha.delivered.length, calls: waha.calls.length };
}

const ago = (phone, ms, text = '/lihat_produk sepatu', more = {}) => ({ phone, text, at: Date.now() - ms, ...more });
const texts = (waha, phone, since) => waha.to(phone, since).map((m) => m.text);
const caughtUp = (bot, times = 1) =>
  until(() => (bot.err.match(/has caught up/g) ?? []).length >= times, 'the backfill');
const listings = (waha, from = 0) => waha.calls.slice(from).filter((c) => /\/chats$/.test(c.path));
const readings = (waha, from = 0) => waha.calls.slice(from).filter((c) => /\/messages$/.test(c.path));
const recorded = (bot) => Number(sql(bot, "SELECT count(*) FROM inbox WHERE event = 'recorded' AND state = 2"));

// A is told that we were away, B is answered, and nobody else hears anything.
async function tellsOldFromYoung({ waha, bot, since }) {
  await bot.spawn();
  await until(() => waha.delivered.length >= since + 2, 'two answers');
  await sleep(NOTHING_MS);
  assert.match(texts(waha, A, since).join(), AWAY);
  assert.match(texts(waha, B, since).join(), /zqyoung/);
  assert.equal(waha.delivered.length, since + 2);
}

describe('backfill', { concurrency: 4 }, () => {
  for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
    test(`${engine}: away for a minute: everybody is answered, in order`, async (t) => {
      const { waha, bot, since } = await setUp(t, 70 * S, { engine });
      waha.missed(ago(A, 60 * S, '/lihat_produk zqfirst'));
      waha.missed(ago(A, 40 * S, '/lihat_produk zqsecond'));
      waha.missed(ago(B, 50 * S, '/lihat_produk zqother'));
      await bot.spawn();
      await until(() => waha.delivered.length >= since + 3, 'three answers');
      await sleep(NOTHING_MS);
      const toA = texts(waha, A, since);
      assert.match(toA[0], /zqfirst/);
      assert.match(toA[1], /zqsecond/);
      assert.equal(toA.length, 2);
      assert.match(texts(waha, B, since).join(), /zqother/);
      assert.equal(waha.delivered.length, since + 3);
    });

    test(`${engine}: away for three hours: each chat hears one answer, and no command is carried out`, async (t) => {
      const { waha, bot, since } = await setUp(t, 3 * HOUR + 5 * MIN, { engine });
      waha.missed(ago(A, 3 * HOUR));
      waha.missed(ago(A, 2 * HOUR, 'YA'));
      waha.missed(ago(A, 1 * HOUR, 'masih ada?'));
      waha.missed(ago(B, 2 * HOUR));
      waha.missed(ago(B, 1 * HOUR, 'Sudah saya kirim, ya', { fromMe: true })); // the owner has answered from a phone
      waha.missed(ago(C, 2 * HOUR));
      waha.missed(ago(C, 30 * S, '/lihat_produk zqyoung')); // still waits: gets its own answer
      waha.missed(ago(D, 2 * HOUR, 'halo', { fromMe: true }));
      waha.missed(ago(D, 1 * HOUR));
      waha.missed({ chatId: '120363000000000001@g.us', text: 'grup', at: Date.now() - HOUR });
      waha.missed({ chatId: 'status@broadcast', text: 'status', at: Date.now() - HOUR });
      await bot.spawn();
      await until(() => waha.delivered.length >= since + 3, 'three answers');
      await sleep(NOTHING_MS);
      assert.equal(texts(waha, A, since).length, 1);
      assert.match(texts(waha, A, since)[0], /tidak terhubung[^]*3 pesan Kakak sejak/);
      assert.deepEqual(texts(waha, B, since), []);
      assert.equal(texts(waha, C, since).length, 1);
      assert.match(texts(waha, C, since)[0], /zqyoung/);
      assert.match(texts(waha, D, since).join('\n---\n'), /^[^]*tidak terhubung[^]*1 pesan/);
      assert.equal(waha.delivered.length, since + 3);
      assert.ok(readings(waha).every((c) => !/g\.us|broadcast/.test(c.path)), 'groups are not read');
      assert.equal(recorded(bot), 3 + 2 + 1 + 2, 'the transcript is whole');
      assert.ok(readings(waha).every((c) => c.query.get('downloadMedia') === 'false'));
    });
  }

  test('away for three days: what is older than a day is only recorded', async (t) => {
    const { waha, bot, since } = await setUp(t, 3 * DAY);
    waha.missed(ago(A, 70 * HOUR));
    waha.missed(ago(A, 25 * HOUR));
    waha.missed(ago(B, 30 * HOUR));
    waha.missed(ago(B, 5 * HOUR));
    waha.missed(ago(C, 1 * MIN, '/lihat_produk zqnow'));
    await bot.spawn();
    await until(() => waha.delivered.length >= since + 2, 'two answers');
    await sleep(NOTHING_MS);
    assert.deepEqual(texts(waha, A, since), []);
    assert.match(texts(waha, B, since).join(), /2 pesan Kakak sejak/);
    assert.match(texts(waha, C, since).join(), /zqnow/);
    assert.equal(waha.delivered.length, since + 2);
    assert.equal(recorded(bot), 4);
    assert.match(await new Person(waha, A).ask('/lihat_produk zqagain'), /zqagain/, 'and they go on as ever');
  });

  test('the first start answers nothing that is older', async (t) => {
    const waha = await new FakeWaha().up();
    t.after(() => waha.stop());
    for (const phone of [A, B, C]) waha.missed(ago(phone, 10 * S));
    const bot = await Bot.start(waha);
    t.after(() => bot.stop());
    await bot.waitHealth((h) => h.waha === 'connected');
    await until(() => marked(bot) > 0, 'the first mark');
    await sleep(NOTHING_MS);
    assert.equal(readings(waha).length, 0, 'nothing was fetched');
    await halt(bot);
    await bot.spawn(); // and the second one neither
    await until(() => listings(waha).length >= 2, 'another look');
    await sleep(NOTHING_MS);
    assert.equal(waha.delivered.length, 0);
  });

  test('nothing missed: one list, and the mark follows what came live', async (t) => {
    const { waha, bot, since, calls } = await setUp(t, 5 * MIN);
    await bot.spawn();
    await until(() => listings(waha, calls).length === 1, 'the list');
    await sleep(NOTHING_MS);
    assert.equal(listings(waha, calls).length, 1);
    assert.equal(readings(waha, calls).length, 0);
    const before = marked(bot);
    await new Person(waha, A).ask('halo');
    await until(() => marked(bot) > before, 'the mark', 40000);
    assert.ok(marked(bot) > Date.now() - MIN);
    assert.equal(waha.delivered.length, since + 1);
  });

  test('live messages of a chat wait for its backfill, those of others do not; retries make no doubles', async (t) => {
    const { waha, bot, since } = await setUp(t, 100 * S);
    const id = nativeId('3A');
    waha.missed(ago(A, 90 * S, '/lihat_produk zqone'));
    waha.missed(ago(A, 60 * S, '/lihat_produk zqtwo', { id }));
    waha.fault = { kind: 'slow', ms: 2000, only: `/api/default/chats/${A}@c.us/messages` };
    await bot.spawn();
    await until(() => readings(waha).length > 0, 'the chat is being read');
    const again = waha.post('message', waha.payload(ago(A, 60 * S, '/lihat_produk zqtwo', { id }))); // WAHA's own retry
    const live = waha.write({ phone: A, text: '/lihat_produk zqlive' });
    assert.equal((await live).status, 200, 'it is taken at once');
    assert.equal((await again).status, 200);
    assert.match(await new Person(waha, B).ask('/lihat_produk zqother', 1500), /zqother/, 'B has missed nothing');
    assert.equal(texts(waha, A, since).length, 0, 'A waits');
    await until(() => texts(waha, A, since).length >= 3, 'three answers');
    await sleep(NOTHING_MS);
    assert.deepEqual(texts(waha, A, since).map((text) => text.match(/zq\w+/)[0]), ['zqone', 'zqtwo', 'zqlive']);
  });

  test('a list that does not come holds everybody for 20 s at most', async (t) => {
    const { waha, bot } = await setUp(t, 100 * S);
    waha.fault = { kind: 'hang', only: '/api/default/chats' };
    await bot.spawn();
    const began = Date.now();
    assert.match(await new Person(waha, A).ask('/lihat_produk zqlive', 24000), /zqlive/);
    assert.ok(Date.now() - began > 5000, 'it waited');
  });

  test('a chat that cannot be read holds nobody else, and its own messages not for ever', async (t) => {
    const { waha, bot, since } = await setUp(t, 100 * S);
    waha.missed(ago(A, 60 * S, '/lihat_produk zqbroken'));
    waha.missed(ago(B, 50 * S, '/lihat_produk zqfine'));
    waha.fault = { kind: 500, only: `/api/default/chats/${A}@c.us/messages` };
    await bot.spawn();
    await until(() => texts(waha, B, since).length === 1, 'an answer to B');
    assert.match(await new Person(waha, A).ask('/lihat_produk zqlive', 5000), /zqlive/);
  });

  test('3,000 chats with news are paged, four calls at a time', async (t) => {
    const { waha, bot, since, calls } = await setUp(t, 2 * DAY);
    for (let i = 0; i < 3000; i++) {
      const id = `1000000${String(i).padStart(8, '0')}@lid`;
      waha.missed({ chatId: id, text: 'lama', at: Date.now() - 30 * HOUR - i * 10 });
    }
    for (let i = 0; i < 230; i++) waha.missed(ago(A, 20 * HOUR - i * S, `pesan ${i}`)); // and three pages of one
    waha.fault = { kind: 'slow', ms: 5, only: '/api/default/chats/' };
    let now = 0, most = 0;
    waha.watch = (path, step) => {
      if (!/\/messages$/.test(path)) return;
      now += step;
      most = Math.max(most, now);
    };
    await bot.spawn();
    await until(() => /caught up: 3001 chats were read, 0/.test(bot.err), 'all chats', 90000);
    await until(() => waha.delivered.length > since, 'the answer');
    assert.match(texts(waha, A, since).join(), /230 pesan/);
    await sleep(NOTHING_MS);
    assert.equal(waha.delivered.length, since + 1);
    assert.equal(recorded(bot), 3230);
    assert.ok(most <= 4 && most > 1, `${most} at a time`);
    assert.ok(listings(waha, calls).every((c) => Number(c.query.get('limit')) <= 100));
  });

  test('WAHA dies in the middle and comes back: once each', async (t) => {
    const { waha, bot, since } = await setUp(t, 3 * HOUR);
    const phones = Array.from({ length: 40 }, (_, i) => `6281100000${200 + i}`);
    for (const phone of phones) waha.missed(ago(phone, 2 * HOUR));
    waha.fault = { kind: 'slow', ms: 100, only: '/api/default/chats/' };
    await bot.spawn();
    await until(() => readings(waha).length > 8, 'some chats are read');
    await waha.down();
    await sleep(1000);
    await waha.up();
    await until(() => new Set(waha.delivered.slice(since).map((m) => m.chatId)).size === phones.length, 'all answers', 75000);
    await sleep(NOTHING_MS);
    for (const phone of phones) assert.equal(texts(waha, phone, since).length, 1, phone);
    await until(() => marked(bot) > Date.now() - 2 * HOUR - MIN, 'the mark');
  });

  test('401 in the middle, until the key is right again', async (t) => {
    const { waha, bot, since } = await setUp(t, 3 * HOUR);
    const phones = Array.from({ length: 20 }, (_, i) => `6281100000${300 + i}`);
    for (const phone of phones) waha.missed(ago(phone, 2 * HOUR));
    waha.fault = { kind: 'slow', ms: 100, only: '/api/default/chats/' };
    await bot.spawn();
    await until(() => readings(waha).length > 5, 'some chats are read');
    waha.fault = { kind: 401 };
    await sleep(2000);
    assert.ok(marked(bot) < Date.now() - 2 * HOUR, 'the mark has not moved');
    waha.fault = null;
    await until(() => new Set(waha.delivered.slice(since).map((m) => m.chatId)).size === phones.length, 'all answers', 75000);
    await sleep(NOTHING_MS);
    for (const phone of phones) assert.equal(texts(waha, phone, since).length, 1, phone);
  });

  test('an engine without a store: said once, everything else works', async (t) => {
    const { waha, bot } = await setUp(t, 3 * HOUR);
    waha.missed(ago(A, HOUR));
    waha.lists = false;
    await bot.spawn();
    assert.match(await new Person(waha, B).ask('/lihat_produk zqlive'), /zqlive/);
    waha.status = 'STARTING';
    await waha.post('session.status', { name: 'default', status: 'STARTING', statuses: [] });
    await bot.waitHealth((h) => h.waha !== 'connected');
    waha.status = 'WORKING';
    await waha.post('session.status', { name: 'default', status: 'WORKING', statuses: [] });
    await bot.waitHealth((h) => h.waha === 'connected');
    await sleep(NOTHING_MS);
    assert.equal(bot.err.match(/config\.noweb\.store\.enabled/g).length, 1);
    assert.equal(listings(waha).filter((c) => c.status === 400).length, 1);
  });

  test('killed in the middle and started again: one answer a chat', async (t) => {
    const { waha, bot, since } = await setUp(t, 3 * HOUR);
    const phones = Array.from({ length: 60 }, (_, i) => `6281100000${400 + i}`);
    for (const phone of phones) {
      waha.missed(ago(phone, 2 * HOUR));
      waha.missed(ago(phone, HOUR));
    }
    waha.fault = { kind: 'slow', ms: 30, only: '/api/default/chats/' };
    await bot.spawn();
    for (let i = 0; i < 6; i++) {
      const from = waha.calls.length;
      await until(() => readings(waha, from).length > 6 || texts(waha, phones.at(-1), since).length, 'some chats are read');
      bot.crash();
      await sleep(150);
    }
    await until(() => new Set(waha.delivered.slice(since).map((m) => m.chatId)).size === phones.length, 'all answers', 60000);
    await sleep(NOTHING_MS);
    for (const phone of phones) {
      assert.equal(texts(waha, phone, since).length, 1, phone);
      assert.match(texts(waha, phone, since)[0], /2 pesan/);
    }
  });

  for (const [what, off] of [['ahead', DAY], ['behind', -DAY]]) {
    test(`WAHA's clock is a day ${what}: as ever`, async (t) => {
      const { waha, bot, since } = await setUp(t, 26 * HOUR);
      waha.clock = off;
      waha.missed(ago(A, 3 * HOUR));
      waha.missed(ago(B, 30 * S, '/lihat_produk zqyoung'));
      await tellsOldFromYoung({ waha, bot, since });
    });

    // WhatsApp's time, and WAHA's, are all on the other side of a day.
    test(`our clock is a day ${what}: as ever`, async (t) => {
      const { waha, bot, since } = await setUp(t, 3 * HOUR + off);
      waha.clock = -off;
      waha.missed(ago(A, 2 * HOUR + off));
      waha.missed(ago(C, 1 * HOUR + off));
      waha.missed(ago(C, HOUR / 2 + off, 'Sudah', { fromMe: true }));
      waha.missed(ago(B, 30 * S + off, '/lihat_produk zqyoung'));
      await tellsOldFromYoung({ waha, bot, since });
    });
  }

  test('both clocks are a day ahead, and live messages have shown it', async (t) => {
    const { waha, bot, since } = await setUp(t, 3 * HOUR + DAY, { skew: -DAY });
    waha.missed(ago(A, 2 * HOUR + DAY));
    waha.missed(ago(B, 30 * S + DAY, '/lihat_produk zqyoung'));
    await tellsOldFromYoung({ waha, bot, since });
  });

  test('two numbers, two servers: each catches up by itself', async (t) => {
    const first = await new FakeWaha().up(), second = await new FakeWaha({ engine: 'GOWS', session: 'kedua' }).up();
    t.after(() => first.stop());
    t.after(() => second.stop());
    const bot = await Bot.start(first, { change: { 'waha.kedua': { base_url: second.url } } });
    t.after(() => bot.stop());
    second.hook = first.hook;
    await openShop(first, (phone) => new Person(first, phone));
    await until(() => sql(bot, "SELECT count(*) FROM kv WHERE key LIKE 'mark/%'") === '2', 'both marks');
    await halt(bot);
    setMark(bot, 3 * HOUR);
    const since = first.delivered.length;
    first.missed(ago(A, 2 * HOUR));
    second.missed(ago(A, HOUR));
    second.missed(ago(B, 30 * S, '/lihat_produk zqsecond'));
    second.fault = { kind: 401, only: '/api/kedua/chats', times: 1 }; // its trouble is not the other's
    await bot.spawn();
    await until(() => first.delivered.length > since, 'the first number');
    await until(() => second.delivered.length >= 2, 'the second', 40000);
    await sleep(NOTHING_MS);
    assert.match(texts(first, A, since).join(), AWAY);
    assert.match(texts(second, A, 0).join(), AWAY);
    assert.match(texts(second, B, 0).join(), /zqsecond/);
    assert.equal(first.delivered.length, since + 1);
    assert.equal(second.delivered.length, 2);
    assert.deepEqual(misfits(second.calls), []);
  });

  test('the session blinks: what it missed is found, and a quiet blink costs one list', async (t) => {
    const { waha, bot, calls } = await setUp(t, 5 * MIN);
    await bot.spawn();
    await bot.waitHealth((h) => h.waha === 'connected');
    await until(() => listings(waha, calls).length === 1, 'the list');
    await sleep(3500);
    const blink = async () => {
      waha.status = 'STARTING';
      await waha.post('session.status', { name: 'default', status: 'STARTING', statuses: [] });
      await bot.waitHealth((h) => h.waha !== 'connected');
      waha.status = 'WORKING';
      await waha.post('session.status', { name: 'default', status: 'WORKING', statuses: [] });
      await bot.waitHealth((h) => h.waha === 'connected');
    };
    await blink();
    await until(() => listings(waha, calls).length === 2, 'the second list');
    await sleep(3500);
    assert.equal(readings(waha, calls).length, 0);
    const since = waha.delivered.length;
    waha.missed(ago(E, 10 * S, '/lihat_produk zqblink'));
    await blink();
    await until(() => texts(waha, E, since).length === 1, "the answer");
    assert.match(texts(waha, E, since)[0], /zqblink/);
  });
});
