// A plugin that crashes, hangs or fails while it answers: what becomes of the message, of the plugin, and of
// everybody else. The plugin is bomb (tests/plugins/versions): "bom N" crashes, "echo N" says N, "lambat" takes
// 80 ms, "gagal" fails, "macet" never returns. TOKOBOT_LONG=1 also waits until the host ends itself.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { SUPER } from './lib/bot.mjs';
import { Crowd, Pinger, SLOW, Site, until } from './lib/plugins.mjs';
import { sleep } from './lib/fake-waha.mjs';

const LONG = process.env.TOKOBOT_LONG === '1';
const CRASHED = /msg="a callback crashed the host" plugin=bomb/;
const RESTARTED = /msg="the host crashed and is started again"/;
const ASIDE = /dua kali membuat plugin \*bomb\* jatuh/; // to the super admin
const QUARANTINED = /Plugin \*bomb\* saya hentikan dulu: 3 kali membuat bot jatuh/;

const start = (t) => Site.start(t, { plugins: { bomb: 'bomb', shifty: 'v1/shifty' }, crashes: true });

// Writes what crashes; the answer that comes in the end.
const explode = (site, n, text = `bom ${n}`) => site.person(n).ask(text, 20000 * SLOW);

// Three crashes of the plugin: two with the first message, one with the second.
async function quarantine(site) {
  await explode(site, 31);
  await explode(site, 32);
  await site.line(/msg="a plugin is quarantined: update it, then reload" plugin=bomb/);
}

test('a message that crashes the host is tried again, answered without the plugin, and set aside', async (t) => {
  const site = await start(t);
  const pinger = new Pinger(t, site.bot), host = site.bot.host();
  const others = new Crowd(site.waha, { count: 300, rate: 100 / SLOW, text: (n) => (n % 2 ? `echo ${n}` : '/versi') });
  await sleep(500);
  const began = Date.now();
  const answer = await explode(site, 31);
  t.diagnostic(`the answer to what crashed came after ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 5000 * SLOW);
  assert.match(answer, /Belum ada toko/, 'the next handler answers it');
  for (const [n, text] of (await others.answers()).entries()) assert.equal(text, n % 2 ? String(n) : 'shifty v1');
  await pinger.stop();
  t.diagnostic(`${pinger}`);
  assert.deepEqual(pinger.refused, [], 'the port was always open');
  assert.notEqual(site.bot.host(), host);
  assert.equal(site.lines(CRASHED).length, 2);
  assert.equal(site.lines(RESTARTED).length, 2);

  await site.hears(ASIDE);
  assert.equal(site.waha.to('6281100000031').length, 1);
  assert.match(await site.line(/msg="an event is set aside"/), /plugin=bomb attempts=2/);
  assert.equal((await site.status()).inbox, 0);
  assert.equal(await site.ask(31, 'echo lagi'), 'lagi', 'the plugin goes on for everything else');
  await site.healthy();

  await site.restart();
  assert.equal(await site.ask(31, 'echo lagi'), 'lagi');
  assert.equal(site.lines(CRASHED).length, 0, 'it is not tried once more');
  assert.equal(site.told(ASIDE).length, 1, 'and told of once');
  assert.equal(site.told(/./).length, 1);
});

test('the third crash in ten minutes: the plugin is quarantined until a reload', async (t) => {
  const site = await start(t);
  await explode(site, 31);
  assert.match(await explode(site, 32, '/bom'), /\/bom sedang diperbaiki/);
  assert.equal(site.lines(CRASHED).length, 3);
  await site.hears(QUARANTINED);

  assert.match(await site.ask(33, '/bom_baik'), /\/bom_baik sedang diperbaiki/);
  assert.match(await site.ask(33, 'echo halo'), /Belum ada toko/, 'its hooks are passed over');
  assert.match(await explode(site, 34), /Belum ada toko/);
  assert.equal(await site.version(), 'v1');
  assert.equal((await site.bot.health()).status, 'degraded');
  const { problems } = await site.status();
  assert.equal(problems.length, 1);
  const says = 'bomb is quarantined: it crashed the bot 3 times in 10 minutes, last in bom; mend or update it, then reload';
  assert.equal(problems[0], says);
  assert.equal(await site.metric('tokobot_plugin_quarantined{plugin="bomb"}'), 1);
  assert.equal(await site.metric('tokobot_plugin_quarantined{plugin="shifty"}'), 0);
  assert.equal((await site.generations('bomb'))[0].state, 'quarantined');
  assert.match((await site.tokobot('plugin', 'list')).out, /^bomb 1\.0\.0 {2}quarantined/m);

  await site.restart();
  assert.match(await site.ask(33, '/bom_baik'), /sedang diperbaiki/, 'a restart is no other plugin');
  assert.equal((await site.bot.health()).status, 'degraded');

  const mark = site.mark();
  process.kill(site.bot.pid, 'SIGHUP');
  assert.match(await site.line(/msg=reload result=ok/, mark), /bomb 1\.0\.0 \(generation \d+: another chance\)/);
  assert.equal(await site.ask(33, '/bom_baik'), 'baik');
  assert.equal(await site.ask(33, 'echo halo'), 'halo');
  await site.healthy();
  assert.deepEqual((await site.status()).problems, []);
  assert.equal(await site.metric('tokobot_plugin_quarantined{plugin="bomb"}'), 0);
  assert.equal(site.told(QUARANTINED).length, 1, 'the super admin was told once');
  assert.equal(site.told(ASIDE).length, 1);
});

test('another file is another plugin: a new start with it gives it another chance', async (t) => {
  const site = await start(t);
  await quarantine(site);
  process.kill(site.bot.pid, 'SIGTERM');
  await site.bot.ended;
  appendFileSync(site.file('bomb'), 'mended'); // behind its end: the same code, not the same content
  await site.run();
  assert.equal(await site.ask(33, '/bom_baik'), 'baik');
  await site.healthy();
});

test('a thousand messages, each hundredth a crash: all others are answered once', async (t) => {
  const site = await start(t);
  const text = (n) => (n % 100 === 50 ? `bom ${n}` : `echo ${n}`);
  const crowd = new Crowd(site.waha, { from: 0, count: 1000, rate: 250 / SLOW, text });
  const pinger = new Pinger(t, site.bot);
  const own = Number(SUPER.slice(10)); // who is told of it, too
  const answers = await crowd.answers(60000, [own]);
  await pinger.stop();
  assert.deepEqual(pinger.refused, []);
  let passed = 0;
  for (const [n, answer] of answers.entries()) {
    if (n === own || answer === String(n)) continue;
    assert.match(answer, /Belum ada toko/, `the answer to number ${n}`);
    passed++;
  }
  t.diagnostic(`${passed} messages met the plugin in quarantine; ${pinger}`);
  assert.ok(passed >= 10);
  assert.equal(site.lines(CRASHED).length, 3);
  assert.equal((await site.generations('bomb'))[0].state, 'quarantined');
  await site.hears(QUARANTINED);
  assert.equal(site.told(QUARANTINED).length, 1);
  assert.equal((await site.status()).inbox, 0);
});

test('a host that is killed in a callback blames the message, not the plugin', async (t) => {
  const site = await start(t);
  const answer = site.person(31).ask('macet', 20000 * SLOW);
  for (let i = 1; i <= 2; i++) {
    await until(() => site.waha.calls.length && site.bot.host(), 'a host');
    const host = site.bot.host();
    await sleep(700 * SLOW); // it hangs by then
    process.kill(host, 'SIGKILL');
    await site.nextHost(host);
  }
  assert.match(await answer, /Belum ada toko/);
  assert.equal(site.lines(/msg="the host was killed in a callback" plugin=bomb callback=message\.text/).length, 2);
  for (let i = 0; i < 3; i++) assert.equal(await site.ask(32, `echo ${i}`), String(i));
  assert.equal((await site.generations('bomb'))[0].state, 'running');
  assert.equal(site.told(ASIDE).length, 1);
});

test('a start() that crashes at a reload costs the host once', async (t) => {
  const site = await start(t);
  const pinger = new Pinger(t, site.bot), host = site.bot.host();
  const others = new Crowd(site.waha, { count: 100, rate: 100 / SLOW, text: (n) => `echo ${n}` });
  site.on('start-crashes');
  const asked = await site.tokobot('reload');
  assert.equal(asked.code, 69, asked.out + asked.err);
  assert.match(asked.err, /^the bot ended before it answered: it crashed or was stopped; see its log/);
  await site.nextHost(host);
  await site.serves();
  for (const [n, text] of (await others.answers()).entries()) assert.equal(text, String(n));
  await pinger.stop();
  assert.deepEqual(pinger.refused, []);
  assert.equal(site.lines(RESTARTED).length, 1);
  const { problems, status } = await site.status();
  assert.equal(status, 'degraded');
  assert.match(problems.join(), /^start-crashes: it crashed the bot in its start and was left out: mend or update \S+, then reload$/);
  assert.match((await site.tokobot('plugin', 'list')).out, /^not well:\n  start-crashes: it crashed the bot in its start/m);
  await site.hears(/start-crashes/);
  site.off('start-crashes');
  await site.mended();
});

test('a callback that holds the loop is named in the log, and answered', async (t) => {
  const site = await start(t);
  assert.equal(await site.ask(31, 'lambat'), 'lambat');
  const line = await site.line(/msg="a callback held the loop"/);
  assert.match(line, /plugin=bomb callback=message\.text ms=\d+/);
  assert.ok(Number(line.match(/ms=(\d+)/)[1]) >= 75);
  assert.equal(await site.ask(31, 'echo halo'), 'halo');
  const [bomb] = await site.generations('bomb');
  assert.ok(bomb.max_us >= 75000 && bomb.slowest === 'message.text', JSON.stringify(bomb));
});

test('hooks that fail again and again pause, and are tried again', async (t) => {
  const site = await start(t);
  const paused = /msg="its hooks fail again and again and pause" .*plugin=bomb fails_in_a_row=(\d+) pause_ms=(\d+)/;
  for (let i = 1; i <= 5; i++) {
    assert.equal(site.lines(paused).length, 0);
    assert.match(await site.ask(31, 'gagal'), /gangguan sebentar/, 'the sender gets an apology');
  }
  assert.match(await site.line(paused), /fails_in_a_row=5 pause_ms=1000/);
  assert.equal((await site.generations('bomb'))[0].state, 'paused');
  assert.match(await site.ask(32, 'echo halo'), /Belum ada toko/, 'the next handler answers meanwhile');
  assert.equal(await site.ask(32, '/bom_baik'), 'baik', 'its commands go on');
  await until(async () => (await site.generations('bomb'))[0].state === 'running', 'the end of the pause');
  assert.match(await site.ask(31, 'gagal'), /gangguan sebentar/, 'it is tried once');
  assert.match((await until(() => site.lines(paused)[1], 'the second pause')), /fails_in_a_row=6 pause_ms=2000/);
  assert.match(await site.ask(32, 'gagal'), /Belum ada toko/);
  await until(async () => (await site.generations('bomb'))[0].state === 'running', 'the end of the pause');
  assert.equal(await site.ask(32, 'echo halo'), 'halo');
  for (let i = 1; i <= 4; i++) assert.match(await site.ask(31, 'gagal'), /gangguan sebentar/);
  assert.equal(await site.ask(32, 'echo halo'), 'halo', 'counting began anew');
  assert.equal(site.lines(paused).length, 2);
  await site.healthy();
});

test('a callback that never returns: its stack is logged after 2 s, the host ends itself after 30 s', async (t) => {
  const site = await start(t);
  const host = site.bot.host();
  await site.waha.write({ phone: '6281100000031', text: 'macet' });
  const line = await site.line(/msg="a callback does not return"/, 0, 5000);
  assert.match(line, /plugin=bomb callback=message\.text event=\d+ ms=2\d\d\d stack="[^"]*\bbomb\.\S+\.so\+0x[^"]*"/);
  assert.equal((await site.bot.get('/health')).status, 200, '/health does not wait for the loop');
  if (!LONG) {
    await site.bot.kill();
    t.diagnostic('TOKOBOT_LONG=1 waits for the end, too');
    return;
  }
  await site.nextHost(host, 32000);
  await site.line(/msg="a callback never returned: the host ends itself" plugin=bomb callback=message\.text/);
  const { text } = await site.waha.waitFor((m) => m.chatId === '6281100000031@c.us', { ms: 40000 * SLOW });
  assert.match(text, /Belum ada toko/);
  assert.equal(site.lines(RESTARTED).length, 2);
  assert.equal(await site.ask(32, 'echo halo'), 'halo');
  assert.equal(site.told(ASIDE).length, 1);
});
