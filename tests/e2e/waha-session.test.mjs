// The bot helps its WAHA session up: makes it, starts it, restarts it once; and tells what a person has to do.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Bot } from './lib/bot.mjs';
import { FakeWaha, Person } from './lib/fake-waha.mjs';

const CUSTOMER = '6281100000031';
const told = (waha) => waha.calls.filter((c) => c.method === 'POST' && c.path.startsWith('/api/sessions')).map((c) => c.path);

async function start(t, status, waha_ini = {}) {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  waha.status = status;
  const bot = await Bot.start(waha, { change: { waha: waha_ini } });
  t.after(() => bot.stop());
  return { waha, bot };
}

for (const [status, path] of [['missing', '/api/sessions'], ['STOPPED', '/api/sessions/default/start'],
                              ['FAILED', '/api/sessions/default/restart']]) {
  test(`a session that is ${status} works without anybody's help`, async (t) => {
    const { waha } = await start(t, status);
    await new Person(waha, CUSTOMER).ask('halo', 20000);
    assert.deepEqual(told(waha), [path]);
  });
}

test('a session that fails while the bot runs is restarted at once, by its webhook', async (t) => {
  const { waha, bot } = await start(t, 'WORKING');
  await bot.waitHealth((h) => h.waha === 'connected');
  waha.status = 'FAILED';
  await waha.post('session.status', { name: 'default', status: 'FAILED', statuses: [] });
  await new Person(waha, CUSTOMER).ask('halo', 20000);
  assert.deepEqual(told(waha), ['/api/sessions/default/restart']);
});

test('manage_session = no: WAHA is only looked at', async (t) => {
  const { waha, bot } = await start(t, 'FAILED', { manage_session: 'no' });
  await bot.waitHealth((h) => h.waha === 'disconnected');
  while (!waha.calls.some((c) => c.path === '/api/sessions/default')) await new Promise((ok) => setTimeout(ok, 50));
  await new Promise((ok) => setTimeout(ok, 500));
  assert.deepEqual(told(waha), []);
});
