// kill -9 at 50 random moments while 300 messages a second come in, with WAHA's retries: every message
// that was acked, or delivered in the end, is answered exactly once, in the order of its chat.
//
// Each message asks for a word of its own, which its answer names; so each answer is paired with its
// message, however many of a chat are on their way.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, openShop } from './lib/bot.mjs';
import { FakeWaha, Person, sleep } from './lib/fake-waha.mjs';

const KILLS = Number(process.env.TOKOBOT_KILLS ?? 50), RATE = 300, CHATS = 200;

async function underFire(t, engine, kills) {
  const waha = await new FakeWaha({ engine, retry: { attempts: 200, delayMs: 250 } }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await openShop(waha, (phone) => new Person(waha, phone));
  const since = waha.delivered.length;

  const sent = []; // by number: { phone, sentAt, ackedAt }
  const pending = new Set();
  let firing = true;
  const fire = (async () => {
    const from = Date.now();
    while (firing) {
      while (sent.length < ((Date.now() - from) * RATE) / 1000) {
        const n = sent.length;
        const one = { phone: `6281100000${String(n % CHATS + 500).padStart(3, '0')}` };
        sent.push(one);
        const p = waha.write({ phone: one.phone, text: `/lihat_produk zq${n}wv` }).then((r) => {
          Object.assign(one, r);
          pending.delete(p);
        });
        pending.add(p);
      }
      await sleep(5);
    }
  })();

  for (let i = 0, last = null; i < kills; i++) {
    while (!bot.host() || bot.host() === last) await sleep(5);
    await sleep(Math.random() * 500);
    last = bot.crash();
  }
  await sleep(500);
  firing = false;
  await fire;
  await Promise.all(pending);
  assert.ok(sent.every((m) => m.status === 200), 'every message was taken in the end');

  const until = Date.now() + 40000;
  while (waha.delivered.length - since < sent.length && Date.now() < until) await sleep(100);
  await sleep(1500);

  const answers = new Map();
  const order = new Map(); // phone -> numbers in the order of their answers
  for (const m of waha.delivered.slice(since)) {
    const n = Number(m.text.match(/zq(\d+)wv/)?.[1] ?? NaN);
    assert.ok(sent[n], `an answer to nothing: ${m.text.slice(0, 200)}`);
    assert.equal(m.chatId, `${sent[n].phone}@c.us`);
    answers.set(n, (answers.get(n) ?? 0) + 1);
    if (!order.has(sent[n].phone)) order.set(sent[n].phone, []);
    order.get(sent[n].phone).push(n);
  }
  const missing = sent.map((_, n) => n).filter((n) => !answers.has(n));
  const twice = [...answers].filter(([, count]) => count > 1).map(([n]) => n);
  let swapped = 0; // B was sent after A was acked, and answered before it
  for (const list of order.values())
    for (let i = 0; i < list.length; i++)
      for (let k = i + 1; k < list.length; k++)
        if (sent[list[k]].ackedAt < sent[list[i]].sentAt) swapped++;
  t.diagnostic(`${sent.length} messages, ${kills} kills, ${waha.calls.filter((c) => c.path === '/api/sendText').length} sends`);
  assert.deepEqual({ missing, twice, swapped }, { missing: [], twice: [], swapped: 0 });
}

test('with send ids (NOWEB)', (t) => underFire(t, 'NOWEB', KILLS));
test('without them (WEBJS)', (t) => underFire(t, 'WEBJS', Math.ceil(KILLS / 5)));
