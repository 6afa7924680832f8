// Many shops on one number, from WAHA's webhook and back: codes and quotes, a talk with an admin, the shop's own phone, CSV, QR.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { OWN, sleep } from './lib/fake-waha.mjs';
import { misfits } from './lib/openapi.mjs';
import { CUSTOMER, JAYA, JPEG, MAJU, heard, quoteOf, startShops } from './lib/shops.mjs';

const NOTHING_MS = 700;

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: ADMIN, a talk by quotes, BOT`, async (t) => {
    const { waha, maju, jaya, budi, stores } = await startShops(t, { engine });
    assert.match(await budi.ask(`Halo kak, ada sepatu? #${stores['Toko Maju'].code.toLowerCase()}`), /^\*Toko Maju\*\n[^]*Sepatu Lari/);
    let since = waha.delivered.length;
    assert.match(await budi.ask('ADMIN'), /admin/i);
    await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && /Budi/.test(m.text), { since, what: 'the call for an admin' });

    // the bot is quiet, words and pictures are passed on
    since = waha.delivered.length;
    await waha.write({ phone: CUSTOMER, name: 'Budi', text: '/lihat_produk' });
    const passed = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && /lihat_produk/.test(m.text), { since, what: 'the word, passed on' });
    waha.files.set('default/bukti.jpeg', JPEG);
    await waha.write({ phone: CUSTOMER, name: 'Budi', text: 'ini bukti', raw: { imageMessage: {} },
                       media: { url: `http://localhost:3000/api/files/default/bukti.jpeg`, filename: null, mimetype: 'image/jpeg' } });
    const picture = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && m.file, { since, what: 'the picture, passed on' });
    assert.deepEqual(picture.file.bytes, JPEG);
    assert.match(picture.text, /ini bukti/);
    assert.equal(heard(waha, CUSTOMER, since).length, 0);

    // another store's admin has no way in; the store's own answers by a quote
    since = waha.delivered.length;
    await jaya.ask('halo dari jaya', 10000, quoteOf(passed));
    assert.equal(heard(waha, CUSTOMER, since).length, 0);
    since = waha.delivered.length;
    assert.match(await maju.ask('Masih ada, Kak', 10000, quoteOf(passed)), /✅/);
    const said = await waha.waitFor((m) => m.chatId === `${CUSTOMER}@c.us`, { since, what: "the admin's answer" });
    assert.match(said.text, /Toko Maju[^]*Masih ada, Kak/);

    // the other store's code is answered by the bot meanwhile
    assert.match(await budi.ask(`#${stores['Toko Jaya'].code} ada kopi?`), /^\*Toko Jaya\*\n[^]*Kopi Gayo/);
    since = waha.delivered.length;
    assert.match(await budi.ask('BOT', 10000, quoteOf(said)), /bot/i);
    assert.match(await budi.ask('sepatu'), /Sepatu Lari/);
    await sleep(NOTHING_MS);
    assert.equal(heard(waha, CUSTOMER, since).length, 2, 'what came meanwhile is not answered afterwards');
    assert.equal(heard(waha, JAYA, 0).filter((m) => /Budi|bukti/.test(m.text)).length, 0);
    assert.deepEqual(misfits(waha.calls), []);
  });

  test(`${engine}: the shop answers from its own phone: the bot is quiet`, async (t) => {
    const { waha, budi, stores } = await startShops(t, { engine });
    await budi.ask(`#${stores['Toko Maju'].code} halo`);
    const chatId = `${CUSTOMER}@c.us`;
    await waha.post('message.any', waha.payload({ chatId, phone: CUSTOMER, text: 'Sebentar ya Kak', fromMe: true, source: 'app' }));
    const since = waha.delivered.length;
    await waha.write({ phone: CUSTOMER, name: 'Budi', text: 'oke saya tunggu' });
    await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && /oke saya tunggu/.test(m.text), { since, what: 'his word, passed on' });
    await sleep(NOTHING_MS);
    assert.equal(heard(waha, CUSTOMER, since).length, 0);
  });
}

test('a talk survives the end of the process', async (t) => {
  const { waha, bot, maju, budi, stores } = await startShops(t);
  await budi.ask(`#${stores['Toko Maju'].code} halo`);
  let since = waha.delivered.length;
  await budi.ask('ADMIN');
  const call = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us`, { since, what: 'the call' });
  await bot.kill();
  await bot.spawn();
  since = waha.delivered.length;
  await maju.ask('Saya di sini', 10000, quoteOf(call));
  assert.match((await waha.waitFor((m) => m.chatId === `${CUSTOMER}@c.us`, { since })).text, /Saya di sini/);
});

test('a CSV file comes in as a document and goes out as one; the QR code is a picture', async (t) => {
  const { waha, maju } = await startShops(t);
  waha.files.set('default/produk.csv', Buffer.from('\ufeffNama;Harga;Stok\r\nTeh Botol;5000;10\r\n"Kopi ""Susu""";12.000;5\r\n'));
  const said = await maju.ask('/impor', 20000, { raw: { documentMessage: {} },
    media: { url: 'http://localhost:3000/api/files/default/produk.csv', filename: 'produk.csv', mimetype: 'text/csv' } });
  assert.match(said, /2[^]*YA/);
  let since = waha.delivered.length;
  await maju.ask('YA');
  await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && /Impor selesai: 2/.test(m.text), { since, what: 'the end of the import' });
  assert.match(await maju.ask('/lihat_produk'), /Teh Botol[^]*Kopi "Susu"/);
  since = waha.delivered.length;
  await waha.write({ phone: MAJU, text: '/ekspor' });
  const csv = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && m.file, { since, what: 'the CSV file' });
  assert.match(csv.file.bytes.toString(), /^\ufeff[^]*Teh Botol/);
  assert.doesNotMatch(csv.file.bytes.toString(), /Kopi Gayo/, "another store's product");
  since = waha.delivered.length;
  await waha.write({ phone: MAJU, text: '/qr_toko' });
  const qr = await waha.waitFor((m) => m.chatId === `${MAJU}@c.us` && m.file, { since, what: 'the QR code' });
  assert.match(qr.file.mimetype, /image\/png/);
  assert.equal(qr.file.bytes.subarray(1, 4).toString(), 'PNG');
  assert.ok(qr.file.bytes.readUInt32BE(16) >= 600, 'wide enough to print');
  assert.match(qr.text, new RegExp(`wa\\.me/${OWN.phone}\\?text=%23`));
});
