// WAHA down, slow, refusing, failing, breaking off: each answer arrives, exactly once, and within 20 s of
// the trouble's end. With send ids (NOWEB, GOWS) and without (WEBJS).
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER, openShop } from './lib/bot.mjs';
import { FakeWaha, Person, sleep } from './lib/fake-waha.mjs';

const TEXT = '/api/sendText';
const RECOVERY_MS = 20000;

async function setUp(t, options = {}) {
  const waha = await new FakeWaha(options).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  await openShop(waha, (phone) => new Person(waha, phone));
  return { waha, bot };
}

// Writes, and gives what was delivered to that number once it is all there and has settled.
async function answersTo(waha, phone, texts, { ms = RECOVERY_MS, fault = null, during = async () => {} } = {}) {
  const since = waha.delivered.length;
  waha.fault = fault;
  for (const text of texts) assert.equal((await waha.write({ phone, text })).status, 200);
  await during();
  const until = Date.now() + ms;
  while (waha.to(phone, since).length < texts.length && Date.now() < until) await sleep(50);
  await sleep(1500);
  return waha.to(phone, since).map((m) => m.text);
}

const words = (n) => Array.from({ length: n }, (_, i) => `zqx${100 + i}wv`);
const ask = (list) => list.map((w) => `/lihat_produk ${w}`);
function once(got, wanted, what) {
  assert.equal(got.length, wanted.length, `${what}: ${got.length} answers to ${wanted.length} messages`);
  wanted.forEach((w, i) => assert.ok(got[i].includes(w), `${what}: answer ${i} is not about ${w}`));
}

// Side by side: each has a bot and a WAHA of its own, and mostly waits.
describe('trouble with WAHA', { concurrency: 6 }, () => {
  for (const engine of ['NOWEB', 'WEBJS']) {
    test(`${engine}: errors of the session or the network hold the queue`, async (t) => {
      const { waha, bot } = await setUp(t, { engine });
      const faults = [
        ['401', { kind: 401 }], ['422', { kind: 422, status: 'FAILED' }], ['500 without a name', { kind: 500 }],
        ['HTML 503', { kind: 'html', status: 503 }], ['HTML 404', { kind: 'html', status: 404 }],
      ];
      let n = 200;
      for (const [what, fault] of faults) {
        const list = words(3);
        const got = await answersTo(waha, `6281100000${n++}`, ask(list), {
          fault: { only: TEXT, ...fault },
          during: async () => {
            await sleep(1200);
            assert.ok(waha.fault.hits > 0, `${what}: it was tried`);
            waha.fault = null;
          },
        });
        once(got, list, what);
      }
      assert.equal((await bot.get('/health')).status, 200);
    });

    test(`${engine}: down and up again`, async (t) => {
      const { waha, bot } = await setUp(t, { engine });
      await waha.down();
      const list = words(5);
      const got = await answersTo(waha, '6281100000210', ask(list), { during: async () => {
        const h = await bot.waitHealth((x) => x.waha !== 'connected');
        assert.equal(h.status, 'degraded');
        await waha.up();
      } });
      once(got, list, 'down');
      await bot.waitHealth((x) => x.waha === 'connected');
    });

    test(`${engine}: a broken connection is resolved, not repeated`, async (t) => {
      const { waha } = await setUp(t, { engine });
      const broken = async (phone, fault, what) => {
        const list = words(2);
        once(await answersTo(waha, phone, ask(list), { fault }), list, what);
      };
      // Without a send id each is sent again only when WAHA can no longer hold it: 15 s later.
      const times = engine === 'WEBJS' ? 1 : 2;
      await broken('6281100000220', { only: TEXT, kind: 'reset-after', times: 2 }, 'reset after it was sent');
      await broken('6281100000221', { only: TEXT, kind: 'reset-before', times }, 'reset before it was sent');
      await broken('6281100000222', { only: TEXT, kind: 'html', status: 502, times }, 'a lost answer of a proxy');
    });
  }

  test('slow answers delay only their chat', async (t) => {
    const { waha } = await setUp(t);
    const slow = answersTo(waha, '6281100000230', ask(['zqxslow']),
                           { fault: { only: TEXT, kind: 'slow', ms: 3000, times: 1 } });
    await sleep(300);
    const from = Date.now();
    await new Person(waha, '6281100000231').ask('/lihat_produk zqxfast');
    assert.ok(Date.now() - from < 2000, 'another chat was answered meanwhile');
    once(await slow, ['zqxslow'], 'slow');
  });

  test('a number without WhatsApp is given up at once, and others go on', async (t) => {
    const { waha } = await setUp(t, { engine: 'GOWS' });
    const since = waha.calls.length;
    waha.fault = { only: TEXT, kind: 500, times: 1,
                   message: '2 UNKNOWN: no LID found for 6281100000299@s.whatsapp.net from server' };
    await waha.write({ phone: '6281100000240', text: 'halo' });
    await sleep(500);
    await new Person(waha, '6281100000241').ask('halo');
    await sleep(2500);
    assert.equal(waha.to('6281100000240').length, 0);
    const tries = waha.calls.slice(since).filter((c) => c.path === TEXT && c.body.chatId === '6281100000240@c.us');
    assert.equal(tries.length, 1);
  });

  test('no message body and no secret reaches the log', async (t) => {
    const { waha, bot } = await setUp(t);
    const list = ['zqxrahasiasekali'];
    const fault = { only: TEXT, kind: 500, times: 2 };
    once(await answersTo(waha, '6281100000250', ask(list), { fault }), list, '500 that echoes the body');
    assert.ok(!bot.err.includes('zqxrahasiasekali'));
    assert.ok(!bot.err.includes('Rahasia-Toko-2026'));
    assert.ok(!bot.err.includes(waha.apiKey));
    assert.ok(!bot.err.includes(waha.hmacKey));
  });

  test('it starts without WAHA, is degraded, and recovers', async (t) => {
    const waha = await new FakeWaha().up();
    t.after(() => waha.stop());
    await waha.down();
    const bot = await Bot.start(waha);
    t.after(() => bot.stop());
    const h = await bot.health();
    assert.equal(h.status, 'degraded');
    assert.equal(h.waha, 'disconnected');
    assert.equal((await waha.write({ phone: SUPER, text: '/lihat_toko' })).status, 200);
    await waha.up();
    await waha.waitFor((m) => m.chatId === `${SUPER}@c.us`, { ms: RECOVERY_MS });
    await bot.waitHealth((x) => x.waha === 'connected' && x.status === 'healthy');
  });

  test('a session that waits for its QR code shows as qr', async (t) => {
    const { waha, bot } = await setUp(t);
    waha.status = 'SCAN_QR_CODE';
    await waha.post('session.status', { name: 'default', status: 'SCAN_QR_CODE', statuses: [], data: null });
    await bot.waitHealth((h) => h.waha === 'qr');
    waha.status = 'WORKING';
    await waha.post('session.status', { name: 'default', status: 'WORKING', statuses: [], data: null });
    await bot.waitHealth((h) => h.waha === 'connected');
  });
});
