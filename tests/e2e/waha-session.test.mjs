// The bot helps its WAHA session up: makes it, starts it, restarts it once; and tells what a person has to do.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bot, SUPER, runTokobot } from './lib/bot.mjs';
import { FakeWaha, OWN, Person, sleep } from './lib/fake-waha.mjs';

const CUSTOMER = '6281100000031';
const told = (waha) => waha.calls.filter((c) => c.method === 'POST' && c.path.startsWith('/api/sessions')).map((c) => c.path);

async function start(t, status, settings = {}, plugins = {}) {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  waha.status = status;
  const bot = await Bot.start(waha, { change: { waha: settings, plugins } });
  t.after(() => bot.stop());
  return { waha, bot };
}

for (const [status, path] of [['missing', '/api/sessions'], ['STOPPED', '/api/sessions/default/start'],
                              ['FAILED', '/api/sessions/default/restart']]) {
  test(`a session that is ${status} works without anybody's help`, async (t) => {
    const { waha } = await start(t, status);
    await new Person(waha, CUSTOMER).ask('halo', 20000);
    assert.deepEqual(told(waha), [path]);
  });
}

test('a session that fails while the bot runs is restarted at once, by its webhook', async (t) => {
  const { waha, bot } = await start(t, 'WORKING');
  await bot.waitHealth((h) => h.waha === 'connected');
  waha.status = 'FAILED';
  await waha.post('session.status', { name: 'default', status: 'FAILED', statuses: [] });
  await new Person(waha, CUSTOMER).ask('halo', 20000);
  assert.deepEqual(told(waha), ['/api/sessions/default/restart']);
});

test('manage_session = no: WAHA is only looked at', async (t) => {
  const { waha, bot } = await start(t, 'FAILED', { manage_session: 'no' });
  await bot.waitHealth((h) => h.waha === 'disconnected');
  while (!waha.calls.some((c) => c.path === '/api/sessions/default')) await new Promise((ok) => setTimeout(ok, 50));
  await new Promise((ok) => setTimeout(ok, 500));
  assert.deepEqual(told(waha), []);
});

// What the super admin hears in a terminal: WhatsApp itself may not work.
async function says(bot, text) {
  const r = await runTokobot(['chat', '-c', bot.file, '--as', SUPER], { input: `${text}\n`, ms: 30000 });
  assert.equal(r.code, 0, r.err);
  return r.out;
}

// The fake's own number: what it writes is the bot's, so nobody would answer it.
test("a super admin who uses the bot's own number is told at start", async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { core: { super_admin: OWN.phone } } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.status === 'degraded' && h.waha === 'connected');
  assert.match(readFileSync(join(bot.dir, 'bot.log'), 'utf8'), /super_admin is the bot's own number/);
});

test('/wa tells how the number is and gives a pairing code', async (t) => {
  const { waha, bot } = await start(t, 'SCAN_QR_CODE', {}, { simulator: 'on' });
  await bot.waitHealth((h) => h.waha === 'qr');
  const told = await says(bot, '/wa');
  assert.match(told, /kode-qr\.png[^]*pindai gambar ini/);
  const asked = waha.calls.find((c) => c.path === '/api/default/auth/qr');
  assert.equal(asked.key, waha.apiKey);
  const kept = readdirSync(join(bot.dir, 'data/media'), { recursive: true }).map(String);
  assert.equal(kept.length >= 1, true, 'the picture is kept');
  assert.match(await says(bot, '/wa kode 0811-0000-0001'), /Kode tautan: \*?ABCD-1234/);
  assert.deepEqual(waha.calls.find((c) => /request-code/.test(c.path)).body, { phoneNumber: '6281100000001' });
  for (const rubbish of ['/wa kode', '/wa kode abc', '/wa apa']) assert.match(await says(bot, rubbish), /Contoh: \/wa/);
  waha.status = 'WORKING';
  assert.match(await says(bot, '/wa'), /terhubung ✅[^]*Nomor: 6281100000900/);
  assert.match(await says(bot, '/wa kode 0811-0000-0001'), /belum memberi kode tautan \(422\)/);
  assert.doesNotMatch(await new Person(waha, CUSTOMER).ask('/wa', 20000), /terhubung/, 'it is the super admin\'s');
  waha.stop();
  assert.match(await says(bot, '/wa'), /belum terhubung/);
});

test('a WAHA that was not there and then refuses the key: the log says both, each once', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  await waha.down();
  const bot = await Bot.start(waha, { change: { waha: { api_key: 'salah' } } });
  t.after(() => bot.stop());
  const lines = (what) => bot.err.split('\n').filter((l) => l.includes(what)).length;
  for (const until = Date.now() + 10000; !lines('cannot be reached') && Date.now() < until;) await sleep(50);
  await waha.up();
  const looks = () => waha.calls.filter((c) => c.path === '/api/sessions/default').length;
  for (const status of ['SCAN_QR_CODE', 'SCAN_QR_CODE']) { // a change makes the bot look at once
    const before = looks();
    await waha.post('session.status', { name: 'default', status, statuses: [] });
    for (const until = Date.now() + 10000; looks() === before && Date.now() < until;) await sleep(50);
    assert.ok(looks() > before, 'it looked');
  }
  await sleep(500);
  assert.equal(lines('WAHA refuses the API key (401)'), 1, bot.err);
});
