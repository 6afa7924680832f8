// From nothing to a customer's product list, over signed webhooks, with each engine.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER, registerStore } from './lib/bot.mjs';
import { FakeWaha, Person, nativeId, sleep } from './lib/fake-waha.mjs';

const ADMIN = '6281100000012', CUSTOMER = '6281100000031';

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: a store is registered, filled and read`, async (t) => {
    const waha = await new FakeWaha({ engine, echo: true }).up();
    t.after(() => waha.stop());
    const bot = await Bot.start(waha);
    t.after(() => bot.stop());
    await bot.waitHealth((h) => h.waha === 'connected');

    const boss = new Person(waha, SUPER), admin = new Person(waha, ADMIN);
    const store = await registerStore(boss);
    assert.match(await boss.ask(`/set_admin_toko ${store.id} 0811-0000-0012`), /Toko Maju/);
    await waha.waitFor((m) => m.chatId === `${ADMIN}@c.us`, { what: 'the notice to the new admin' });

    const form = (name, price, stock) => `/tambah_produk\nNama: ${name}\nHarga: ${price}\nStok: ${stock}\nKategori: Sepatu`;
    const said = await admin.ask(form('Sepatu Nike Air', '500000', 10));
    assert.match(said, /Sepatu Nike Air/);
    assert.match(said, /Rp500\.000/);
    assert.match(said, /Stok: 10/);
    assert.match(said, /ID: 1/);
    assert.match(await admin.ask(form('Sandal Jepit', 'Rp 15.000', 0)), /Rp15\.000/);

    // A customer by phone, and one who hides behind an id of WhatsApp's.
    for (const who of [new Person(waha, CUSTOMER, { name: 'Budi' }),
                       new Person(waha, '6281100000032', { lid: '100000000000032', name: 'Siti' })]) {
      const since = waha.delivered.length;
      const list = await who.ask('/lihat_produk');
      assert.match(list, /Sepatu Nike Air/);
      assert.match(list, /Rp500\.000/);
      assert.match(list, /Sandal Jepit/);
      assert.match(list, /Stok habis/);
      assert.match(await who.ask('ada sepatu nkie?'), /Sepatu Nike Air/);
      await sleep(200);
      assert.equal(waha.delivered.length - since, 2, 'one text for each message');
    }
    assert.ok(waha.calls.every((c) => c.path !== '/api/sendText' || c.body.linkPreview === false));
    const ids = waha.calls.filter((c) => c.path === '/api/sendText').map((c) => c.body.id);
    if (engine !== 'WEBJS') assert.ok(ids.filter(Boolean).length > 0, 'send ids are used where the engine has them');
    else assert.ok(ids.every((id) => id === undefined));
  });
}

test('a quoted answer and the echo of our own messages do not confuse it', async (t) => {
  const waha = await new FakeWaha({ echo: true }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await registerStore(new Person(waha, SUPER));
  const customer = new Person(waha, CUSTOMER);
  await customer.ask('/lihat_produk');
  const ours = waha.to(CUSTOMER).at(-1);
  const before = waha.delivered.length;
  assert.equal((await waha.write({ phone: CUSTOMER, text: 'yang ini', quote: ours.id })).status, 200);
  await waha.waitFor((m) => m.chatId === `${CUSTOMER}@c.us`, { since: before });
  await sleep(300);
  assert.equal(waha.delivered.length, before + 1);
});

test('the same message 50 times at once, under both ids, has one reply', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await registerStore(new Person(waha, SUPER));
  const since = waha.delivered.length;
  const id = nativeId('3A'), at = Date.now();
  const message = { phone: '6281100000041', text: '/lihat_produk', id, at };
  const acks = await Promise.all(Array.from({ length: 50 }, (_, i) =>
    waha.post(i % 3 ? 'message' : 'message.any', waha.payload(i % 2 ? message : { ...message, lid: '100000000000041' }))));
  assert.ok(acks.every((a) => a.status === 200 && a.tries === 1));
  await waha.waitFor((m) => /^(6281100000041@c\.us|100000000000041@lid)$/.test(m.chatId), { since });
  await sleep(500);
  assert.equal(waha.delivered.length - since, 1);
  assert.equal(waha.calls.filter((c) => c.path === '/api/sendText').length, waha.delivered.length);
});

test('pace = human: seen, typing, a pause, then the message', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { waha: { pace: 'human' } } });
  t.after(() => bot.stop());
  const customer = new Person(waha, CUSTOMER);
  const from = Date.now();
  await customer.ask('halo');
  const steps = waha.calls.filter((c) => c.method === 'POST').map((c) => c.path);
  assert.deepEqual(steps, ['/api/sendSeen', '/api/startTyping', '/api/stopTyping', '/api/sendText']);
  assert.ok(Date.now() - from >= 600, 'it took its time');
});

test('another bot at the other end hears one last sentence; a person among them gets back', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { waha: { pace: 'human' } } });
  t.after(() => bot.stop());
  const machine = new Person(waha, CUSTOMER), automatic = 'Terima kasih sudah menghubungi kami.';
  let said;
  for (let i = 0; i < 3; i++) said = await machine.ask(automatic, 20000);
  assert.match(said, /berhenti membalas dulu selama satu jam/);
  const since = waha.delivered.length;
  await waha.write({ phone: CUSTOMER, text: automatic });
  assert.doesNotMatch(await new Person(waha, '6281100000032').ask('halo', 20000), /berhenti membalas/);
  assert.equal(waha.to(CUSTOMER, since).length, 0);
  assert.doesNotMatch(await machine.ask('MENU', 20000), /berhenti membalas/);
});
