// Who hides behind an id of WhatsApp's: asked for before the first message runs, and one person from then on.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER } from './lib/bot.mjs';
import { FakeWaha, Person } from './lib/fake-waha.mjs';

const HIDDEN = '100000000000001', STRANGER = '100000000000077';

async function start(t, engine = 'NOWEB') {
  const waha = await new FakeWaha({ engine }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  return { waha, bot };
}

const asked = (waha) => waha.calls.filter((c) => c.path.includes('/lids/'));
const behind = (waha, lid) => new Person(waha, undefined, { lid });

for (const engine of ['NOWEB', 'GOWS', 'WEBJS']) {
  test(`${engine}: a super admin who is first seen under a hidden id is one with the first message`, async (t) => {
    const { waha } = await start(t, engine);
    waha.lids.set(HIDDEN, SUPER);
    const boss = behind(waha, HIDDEN);
    assert.match(await boss.ask('/daftar_toko'), /nama/i, 'only he may register a store');
    assert.equal(asked(waha).length, 1);
    assert.equal(asked(waha)[0].path, `/api/default/lids/${HIDDEN}@lid`);
    assert.match(await new Person(waha, SUPER).ask('Toko Maju'), /e-?mail/i, 'the dialog goes on under his number');
    assert.match(await boss.ask('maju@example.com'), /sandi|password/i, 'and under the hidden id again');
    assert.equal(asked(waha).length, 1, 'who is known is not asked for');
  });
}

test('an id that nobody knows is a customer, asked for once', async (t) => {
  const { waha } = await start(t);
  const stranger = behind(waha, STRANGER);
  assert.doesNotMatch(await stranger.ask('/daftar_toko'), /e-?mail/i);
  for (let i = 0; i < 5; i++) await stranger.ask(`halo ${i}`);
  assert.equal(asked(waha).length, 1);
});

test('WAHA does not answer: the message waits for two seconds, no other does', async (t) => {
  const { waha } = await start(t);
  waha.fault = { kind: 'hang', only: '/api/default/lids' };
  const began = Date.now();
  const first = behind(waha, STRANGER).ask('halo');
  await new Person(waha, '6281100000031').ask('halo');
  assert.equal(waha.to(STRANGER).length, 0, 'it holds its own chat only');
  await first;
  assert.ok(Date.now() - began >= 1900, 'it waited');
  await behind(waha, STRANGER).ask('halo lagi');
  assert.equal(asked(waha).length, 1);
});

test('a bot that is killed while it asks asks again, and answers once', async (t) => {
  const { waha, bot } = await start(t);
  waha.lids.set(HIDDEN, SUPER);
  waha.fault = { kind: 'hang', only: '/api/default/lids', times: 1 };
  const said = behind(waha, HIDDEN).ask('/daftar_toko', 20000);
  while (!asked(waha).length) await new Promise((ok) => setTimeout(ok, 20));
  bot.crash();
  assert.match(await said, /nama/i);
  assert.equal(waha.to(HIDDEN).length, 1);
});
