// Several numbers: [waha] is everybody's, [waha.NAME] is another, on the same WAHA or one of its own, and may belong to one store.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER, iniFor, registerStore, runTokobot, writeIni } from './lib/bot.mjs';
import { FakeWaha, Person, sleep } from './lib/fake-waha.mjs';
import { misfits } from './lib/openapi.mjs';

const CUSTOMER = '6281100000031', MAJU = '6281100000012', JAYA = '6281100000013';

// Two stores on the first number; then the second gets a number, with a server of its own.
async function start(t) {
  const shared = await new FakeWaha().up(), own = await new FakeWaha({ engine: 'GOWS', session: 'jaya', apiKey: 'kunci-kedua' }).up();
  t.after(() => shared.stop());
  t.after(() => own.stop());
  const bot = await Bot.start(shared, { change: { plugins: { simulator: 'on' } } });
  t.after(() => bot.stop());
  own.hook = shared.hook;
  const boss = new Person(shared, SUPER);
  const maju = await registerStore(boss, 'Toko Maju', 'maju@example.com');
  const jaya = await registerStore(boss, 'Toko Jaya', 'jaya@example.com');
  await boss.ask(`/set_admin_toko ${maju.id} ${MAJU}`);
  await boss.ask(`/set_admin_toko ${jaya.id} ${JAYA}`);
  const ini = iniFor(bot.port, shared, { plugins: { simulator: 'on' } });
  ini['waha.jaya'] = { base_url: own.url, api_key: own.apiKey, store: jaya.code };
  writeIni(bot.file, ini);
  const reload = await runTokobot(['reload', '-c', bot.file]);
  assert.equal(reload.code, 0, reload.err + reload.out);
  return { shared, own, bot, boss, maju, jaya, ini };
}

test('a number of its own is one store\'s alone, the shared one stays everybody\'s', async (t) => {
  const { shared, own, bot, maju } = await start(t);
  for (const [waha, admin, name] of [[shared, MAJU, 'Sepatu Lari'], [shared, JAYA, 'Kopi Gayo']])
    assert.match(await new Person(waha, admin).ask(`/tambah_produk\nNama: ${name}\nHarga: 50000\nStok: 3`), /ID: \d/);

  const here = new Person(own, CUSTOMER);
  const list = await here.ask('/lihat_produk');
  assert.match(list, /Kopi Gayo/);
  assert.doesNotMatch(list, /Sepatu Lari/);
  assert.doesNotMatch(list, /\*Toko Jaya\*\n/, 'nobody has to be told whose answer it is');
  assert.match(await here.ask(`#${maju.code} /lihat_produk`), /Kopi Gayo/, 'a code of another store changes nothing here');
  assert.match(await here.ask('GANTI'), /satu|hanya/i);

  const there = new Person(shared, CUSTOMER);
  assert.match(await there.ask(`/lihat_produk #${maju.code}`), /Sepatu Lari/, 'the same person, on the shared number');
  assert.match(await here.ask('/lihat_produk'), /Kopi Gayo/, 'what was chosen there says nothing here');

  assert.doesNotMatch(await new Person(own, MAJU).ask('/tambah_produk\nNama: Salah\nHarga: 1000\nStok: 1'), /ID: \d/,
                      'an admin of another store is a customer here');
  assert.doesNotMatch(await here.ask('/lihat_produk'), /Salah/);
  assert.ok(own.calls.every((c) => c.body?.session === undefined || c.body.session === 'jaya'));
  assert.ok(shared.calls.every((c) => c.body?.session === undefined || c.body.session === 'default'));
  assert.deepEqual(misfits(own.calls), []);
  assert.doesNotMatch(bot.err, /kunci-kedua/);
});

test('a dialog on one number is not answered on the other', async (t) => {
  const { shared, own } = await start(t);
  const boss = new Person(shared, SUPER);
  assert.match(await boss.ask('/daftar_toko'), /nama/i);
  assert.doesNotMatch(await new Person(own, SUPER).ask('Toko Salah'), /e-?mail/i);
  assert.match(await boss.ask('Toko Benar'), /e-?mail/i);
});

test('a dialog that is held on a number of its own goes on there, and is not ended elsewhere', async (t) => {
  const { shared, own } = await start(t);
  const there = new Person(own, SUPER);
  assert.match(await there.ask('/daftar_toko'), /nama/i);
  assert.doesNotMatch(await new Person(shared, SUPER).ask('/lihat_toko'), /e-?mail/i);
  await new Person(shared, SUPER).ask('BATAL');
  assert.match(await there.ask('Toko Benar'), /e-?mail/i);
  assert.match(await there.ask('BATAL'), /dibatalkan/i);
});

test('one WAHA is down: only its number waits', async (t) => {
  const { shared, own, bot } = await start(t);
  await new Person(own, CUSTOMER).ask('halo');
  await own.down();
  own.stopped = false;
  const since = own.delivered.length;
  assert.equal((await own.write({ phone: CUSTOMER, text: 'halo lagi' })).status, 200);
  for (let i = 0; i < 3; i++) await new Person(shared, '6281100000032').ask(`halo ${i}`);
  await own.up();
  await own.waitFor((m) => m.chatId === `${CUSTOMER}@c.us`, { since, ms: 20000 });
  assert.equal(own.to(CUSTOMER, since).length, 1);
  await bot.waitHealth((h) => h.status === 'healthy');
});

test('/wa lists the numbers and tells of one; a session that bot.ini does not name is nobody we answer', async (t) => {
  const { shared, own, bot } = await start(t);
  own.status = 'SCAN_QR_CODE';
  await own.post('session.status', { name: 'jaya', status: 'SCAN_QR_CODE', statuses: [] });
  const says = async (text) => (await runTokobot(['chat', '-c', bot.file, '--as', SUPER], { input: `${text}\n`, ms: 30000 })).out;
  let list;
  for (let i = 0; i < 50 && !/📷 jaya/.test(list ?? ''); i++) list = await says('/wa');
  assert.match(list, /✅ default: terhubung[^]*📷 jaya: menunggu kode QR/);
  assert.match(await says('/wa jaya'), /Sesi jaya menunggu kode QR/);
  assert.match(await says('/wa kode jaya 0811-0000-0001'), /Kode tautan/);
  assert.ok(own.calls.some((c) => c.path === '/api/jaya/auth/request-code'));
  assert.match(await says('/wa lain'), /Contoh: \/wa/);

  shared.session = 'orang-lain';
  assert.equal((await shared.write({ phone: '6281100000040', text: 'halo' })).status, 200);
  shared.session = 'default';
  await new Person(shared, CUSTOMER).ask('halo');
  assert.equal(shared.to('6281100000040').length, 0);
  let metrics = '';
  for (let i = 0; i < 60 && !/other_session/.test(metrics); i++, await sleep(50)) metrics = (await bot.get('/metrics')).text;
  assert.match(metrics, /tokobot_waha_other_session_messages\S* 1\n/);
});

test('two sections with one session are refused, and the bot goes on as it was', async (t) => {
  const { shared, bot, ini } = await start(t);
  ini['waha.lagi'] = { session: 'jaya' };
  writeIni(bot.file, ini);
  const reload = await runTokobot(['reload', '-c', bot.file]);
  assert.equal(reload.code, 1);
  assert.match(bot.err, /two sections of bot.ini have the WAHA session 'jaya': \[waha.jaya\] and \[waha.lagi\]/);
  await new Person(shared, CUSTOMER).ask('halo');
});
