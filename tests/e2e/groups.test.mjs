// Groups: silent, unless `groups = yes`; then commands are answered, and everybody is a customer.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER, openShop } from './lib/bot.mjs';
import { FakeWaha, Person, sleep } from './lib/fake-waha.mjs';

const GROUP = '120363000000000001@g.us', CUSTOMER = '6281100000031', ADMIN = '6281100000012';
let n = 0;

// What a group's member writes, as each engine tells it.
function written(engine, phone, text) {
  const id = `AC${String(++n).padStart(30, '0')}`, writer = `1000000${phone.slice(-8)}@lid`, inner = `${phone}@s.whatsapp.net`;
  const data = engine === 'NOWEB' ? { key: { remoteJid: GROUP, fromMe: false, id, participant: writer, participantAlt: inner }, pushName: 'Kak' }
    : engine === 'GOWS' ? { Info: { ID: id, Chat: GROUP, Sender: writer, SenderAlt: inner, IsGroup: true } } : { id: { fromMe: false, remote: GROUP, id } };
  return { id: `false_${GROUP}_${id}_${writer}`, timestamp: Math.floor(Date.now() / 1000), from: GROUP, to: GROUP, participant: writer,
           fromMe: false, source: 'app', body: text, hasMedia: false, media: null, _data: data };
}

async function start(t, groups, engine = 'NOWEB') {
  const waha = await new FakeWaha({ engine }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { waha: { groups } } });
  t.after(() => bot.stop());
  await openShop(waha, (phone) => new Person(waha, phone));
  return { waha, bot };
}

test('groups = no: nothing of a group is answered or kept', async (t) => {
  const { waha, bot } = await start(t, 'no');
  for (const text of ['halo grup', '/lihat_produk']) assert.equal((await waha.post('message', written('NOWEB', CUSTOMER, text))).status, 200);
  await new Person(waha, CUSTOMER).ask('halo');
  assert.equal(waha.delivered.filter((m) => m.chatId === GROUP).length, 0);
  let metrics = '';
  for (let i = 0; i < 60 && !/message.group/.test(metrics); i++, await sleep(50)) metrics = (await bot.get('/metrics')).text;
  assert.match(metrics, /message\.group\S* 2\n/);
});

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: groups = yes: a command is answered in the group, talk is not`, async (t) => {
    const { waha } = await start(t, 'yes', engine);
    if (engine === 'WEBJS') waha.lids.set(`1000000${CUSTOMER.slice(-8)}`, CUSTOMER);
    await waha.post('message', written(engine, CUSTOMER, 'halo grup, ada sepatu?'));
    await waha.post('message', written(engine, CUSTOMER, '/lihat_produk'));
    const answer = await waha.waitFor((m) => m.chatId === GROUP, { what: 'the answer in the group' });
    assert.match(answer.text, /Sepatu Nike Air/);
    await new Person(waha, CUSTOMER).ask('halo');
    assert.equal(waha.delivered.filter((m) => m.chatId === GROUP).length, 1);
  });
}

test('in a group an admin is a customer, nothing is asked, and nobody gets notices there', async (t) => {
  const { waha } = await start(t, 'yes');
  const group = async (phone, text) => {
    const since = waha.delivered.length;
    await waha.post('message', written('NOWEB', phone, text));
    return (await waha.waitFor((m) => m.chatId === GROUP, { since })).text;
  };
  assert.doesNotMatch(await group(SUPER, '/daftar_toko'), /nama tokonya|e-?mail/i);
  assert.doesNotMatch(await group(ADMIN, '/tambah_produk\nNama: Salah\nHarga: 1000'), /ID: \d/);
  assert.doesNotMatch(await group(ADMIN, '/hapus_produk 1'), /yakin|YA/);
  const boss = new Person(waha, SUPER);
  assert.match(await boss.ask('/daftar_toko'), /nama/i);
  assert.match(await group(SUPER, '/lihat_produk'), /Sepatu/, 'the dialog is held in the private chat');
  assert.match(await boss.ask('Toko Dua'), /e-?mail/i);
  const since = waha.delivered.length;
  await group('6281100000044', '/lihat_produk');
  await boss.ask('BATAL');
  await boss.ask('/set_admin_toko 1 6281100000044');
  const notice = await waha.waitFor((m) => /admin/.test(m.text) && m.chatId !== `${SUPER}@c.us`, { since });
  assert.equal(notice.chatId, '6281100000044@c.us', 'a group is nobody\'s address');
});
