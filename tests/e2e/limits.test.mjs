// What WhatsApp and we ourselves let a number send: new chats wait while it is restricted, answers go on.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot, SUPER, registerStore } from './lib/bot.mjs';
import { FakeWaha, Person, sleep } from './lib/fake-waha.mjs';

const STRANGER = '6281100000044', CUSTOMER = '6281100000031';

async function start(t, settings = {}, engine = 'NOWEB') {
  const waha = await new FakeWaha({ engine }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha, { change: { waha: settings } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected');
  return { waha, bot, boss: new Person(waha, SUPER) };
}

const working = (data) => ({ name: 'default', status: 'WORKING', statuses: [], data });

for (const [name, data] of [
  ['time lock', { reachoutTimelock: { enforcementType: 'RESTRICT_ALL_COMPANIONS', isActive: true, timeEnforcementEnds: Math.floor(Date.now() / 1000) + 7200 } }],
  ['message capping', { messageCapping: { cappingStatus: 'CAPPED', totalQuota: 100, usedQuota: 100, cycleStart: 1, cycleEnd: Math.floor(Date.now() / 1000) + 7200 } }],
]) {
  test(`${name}: no new chat until it ends, answers go on, the super admin knows`, async (t) => {
    const { waha, bot, boss } = await start(t);
    const store = await registerStore(boss);
    const since = waha.delivered.length;
    await waha.post('session.status', working(data));
    const alarm = await waha.waitFor((m) => /melarang nomor/.test(m.text), { since });
    assert.equal(alarm.chatId, `${SUPER}@c.us`);
    await boss.ask(`/set_admin_toko ${store.id} ${STRANGER}`);
    await new Person(waha, CUSTOMER).ask('halo');
    await sleep(500);
    assert.equal(waha.to(STRANGER).length, 0);

    process.kill(bot.pid, 'SIGTERM');
    await bot.ended;
    await bot.spawn();
    await new Person(waha, CUSTOMER).ask('halo lagi');
    await sleep(500);
    assert.equal(waha.to(STRANGER).length, 0, 'a restart forgets nothing');

    await waha.post('session.status', working({ reachoutTimelock: { enforcementType: '', isActive: false, timeEnforcementEnds: 0 } }));
    await waha.waitFor((m) => m.chatId === `${STRANGER}@c.us`, { what: 'the notice that waited' });
    assert.equal(waha.delivered.filter((m) => /melarang nomor/.test(m.text)).length, 1, 'told once');
  });
}

test('463: the notice that would begin a chat waits, it is not lost', async (t) => {
  const { waha, bot, boss } = await start(t, {}, 'GOWS');
  const store = await registerStore(boss);
  waha.fault = { kind: 500, message: '2 UNKNOWN: server returned error 463', chat: `${STRANGER}@c.us`, times: 1 };
  await boss.ask(`/set_admin_toko ${store.id} ${STRANGER}`);
  await waha.waitFor((m) => /melarang nomor/.test(m.text), { what: 'the alarm' });
  waha.fault = null;
  await new Person(waha, CUSTOMER).ask('halo');
  assert.equal(waha.to(STRANGER).length, 0);
  await waha.post('session.status', working({ reachoutTimelock: { isActive: false, timeEnforcementEnds: 0 } }));
  await waha.waitFor((m) => m.chatId === `${STRANGER}@c.us`, { what: 'the notice that waited' });
  assert.equal(waha.to(STRANGER).length, 1);
  assert.equal((await bot.health()).status, 'healthy');
});
