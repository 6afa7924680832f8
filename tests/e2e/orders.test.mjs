// From "pesan" to LUNAS, over WAHA's webhook and back; and many buyers while the process is killed again and again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD } from './lib/bot.mjs';
import { Person, sleep } from './lib/fake-waha.mjs';
import { misfits } from './lib/openapi.mjs';
import { CUSTOMER, JAYA, JPEG, MAJU, heard, quoteOf, startShops } from './lib/shops.mjs';

const KILLS = 8, BUYERS = 12;
const start = (t, more = {}) => startShops(t, { ...more, plugins: { orders: 'on' } });
const sql = (bot, statement) => execFileSync(join(BUILD, 'tests/sql'), [join(bot.dir, 'bot.db'), statement], { encoding: 'utf8' }).trim();

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: an order, its proof as a picture, LUNAS by a quote`, async (t) => {
    const { waha, maju, jaya, budi, stores } = await start(t, { engine });
    const code = stores['Toko Maju'].code;
    await maju.ask('/pembayaran BCA 1234567890 a.n. Toko Maju');
    await budi.ask(`#${code} halo`);
    assert.match(await budi.ask('mau pesan 2 sepatu lari dong'), /^\*Toko Maju\*\n[^]*2 Sepatu Lari[^]*Rp100\.000/);
    assert.match(await budi.ask('checkout'), /Diantar[^]*Ambil sendiri/);
    assert.match(await budi.ask('1'), /alamat/);
    assert.match(await budi.ask('Jl. Mawar 5, pagar hijau'), /Transfer[^]*Tunai/);
    assert.match(await budi.ask('transfer'), /Budi[^]*Jl\. Mawar 5[^]*YA/);
    let since = waha.delivered.length;
    assert.match(await budi.ask('ya'), new RegExp(`${code}-1[^]*Rp100\\.000[^]*BCA 1234567890`));
    await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && m.text.includes(`pesanan baru *${code}-1*`), { since, what: 'the order, told to the admin' });

    // what he writes is for the shop that waits for his money, also a picture
    since = waha.delivered.length;
    waha.files.set('default/bukti.jpeg', JPEG);
    await waha.write({ phone: CUSTOMER, name: 'Budi', text: '', raw: { imageMessage: {} },
                       media: { url: 'http://localhost:3000/api/files/default/bukti.jpeg', filename: null, mimetype: 'image/jpeg' } });
    const proof = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && m.file, { since, what: 'the proof' });
    assert.deepEqual(proof.file.bytes, JPEG);
    assert.match(proof.text, new RegExp(`${code}-1`));

    // another shop's admin can do nothing with it
    since = waha.delivered.length;
    await jaya.ask('LUNAS', 10000, quoteOf(proof));
    assert.match(await jaya.ask('/lunas 1'), /tidak ditemukan/);
    assert.equal(heard(waha, CUSTOMER, since).length, 0);
    assert.match(await maju.ask('Lunas', 10000, quoteOf(proof)), new RegExp(`${code}-1[^]*Rp100\\.000`));
    const paid = await waha.waitFor((m) => m.chatId === `${CUSTOMER}@c.us` && m.text.includes('sudah diterima'), { since, what: 'the good news' });
    assert.match(paid.text, new RegExp(`Toko Maju[^]*${code}-1`));
    assert.match(await maju.ask('/stats_toko'), /Pesanan: 1[^]*hari ini: Rp100\.000[^]*Sepatu Lari \(2\)/);
    assert.match(await jaya.ask('/stats_toko'), /Pesanan: 0/);
    assert.equal(heard(waha, JAYA, 0).filter((m) => m.text.includes(`${code}-1`)).length, 0);
    assert.deepEqual(misfits(waha.calls), []);
  });
}

test('many buy at once while the process is killed: an order each, and the stock says so', async (t) => {
  const { waha, bot, maju, stores } = await start(t, { waha: { retry: { attempts: 200, delayMs: 100 } } });
  const code = stores['Toko Maju'].code;
  await maju.ask('/stok 1 =100');
  const buyers = [...Array(BUYERS).keys()].map((i) => new Person(waha, `62811000005${String(i).padStart(2, '0')}`, { name: `Pembeli ${'abcdefghijklmnop'[i]}${i}` }));
  const shopping = Promise.all(buyers.map(async (one, i) => {
    let said;
    for (const text of [`#${code} halo`, `pesan ${i % 3 + 1} sepatu lari`, 'checkout', 'ambil', 'ya']) {
      await sleep(Math.random() * 400);
      said = await one.ask(text, 30000);
    }
    return said;
  }));
  let done = false, kills = 0;
  shopping.finally(() => { done = true; });
  for (let i = 0, last = null; i < KILLS && !done; i++) {
    while (!bot.host() || bot.host() === last) await sleep(5);
    await sleep(Math.random() * 300);
    last = bot.crash();
    kills++;
  }
  const said = await shopping;
  assert.ok(kills >= 3, `it was killed ${kills} times while they bought`);
  const codes = said.map((text) => text.match(new RegExp(`${code}-\\d+`))?.[0]);
  assert.equal(new Set(codes).size, BUYERS, 'each has an order of his own');
  const pieces = buyers.reduce((sum, _, i) => sum + i % 3 + 1, 0);
  assert.equal(sql(bot, 'SELECT count(*), sum(total) FROM orders_orders'), `${BUYERS}|${pieces * 50000}`);
  assert.equal(sql(bot, 'SELECT sum(count) FROM orders_items'), String(pieces));
  assert.equal(sql(bot, 'SELECT count(*) FROM orders_carts'), '0');
  const told = () => heard(waha, MAJU, 0).filter((m) => /pesanan baru/.test(m.text));
  for (let i = 0; i < 100 && told().length < BUYERS; i++) await sleep(100);
  assert.equal(told().length, BUYERS, 'the admin hears of each once');
  assert.equal(new Set(told().map((m) => m.text.match(/pesanan baru \*([^*]+)\*/)[1])).size, BUYERS);
  assert.match(await maju.ask('/stok 1', 30000), new RegExp(`Stok: ${100 - pieces}\\b`));
});
