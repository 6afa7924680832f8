// Two shops with an admin and a product each, on one number.
import { Bot, SUPER, registerStore } from './bot.mjs';
import { FakeWaha, Person } from './fake-waha.mjs';

export const CUSTOMER = '6281100000031', MAJU = '6281100000012', JAYA = '6281100000013';
export const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100', 'hex'), Buffer.alloc(900, 7)]);

// plugins: those of bot.ini beside the usual ones; waha: how the fake one behaves.
export async function startShops(t, { engine = 'NOWEB', plugins = {}, waha: behaviour = {} } = {}) {
  const waha = await new FakeWaha({ engine, ...behaviour }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { plugins: { 'store-admin': 'on', ...plugins } } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  const boss = new Person(waha, SUPER), maju = new Person(waha, MAJU), jaya = new Person(waha, JAYA);
  const stores = {};
  for (const [name, admin, product] of [['Toko Maju', maju, 'Sepatu Lari'], ['Toko Jaya', jaya, 'Kopi Gayo']]) {
    const store = await registerStore(boss, name, `${admin.phone}@example.com`);
    const since = waha.delivered.length;
    await boss.ask(`/set_admin_toko ${store.id} ${admin.phone}`);
    await waha.waitFor((m) => m.chatId === `${admin.phone}@c.us`, { since, what: 'the notice to the admin' });
    const said = await admin.ask(`/tambah_produk\nNama: ${product}\nHarga: 50000\nStok: 9`);
    if (!/ID: \d/.test(said)) throw new Error(`no product: ${said}`);
    stores[name] = store;
  }
  return { waha, bot, boss, maju, jaya, budi: new Person(waha, CUSTOMER, { name: 'Budi' }), stores };
}

export const heard = (waha, phone, since) => waha.delivered.slice(since).filter((m) => m.chatId === `${phone}@c.us`);
export const quoteOf = (m) => ({ quote: m.id });
