// Reloads from outside: all or nothing, whatever is in the files; what changes and what goes on meanwhile;
// under load, and with the host killed. The plugin that changes is shifty (tests/plugins/versions): what it
// says names its version. TOKOBOT_LONG=1 also waits for what hangs at a start.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, freePort, freshFolder, iniFor, runTokobot, writeIni } from './lib/bot.mjs';
import { broken, hanging, tried } from './lib/broken-plugins.mjs';
import { Crowd, SLOW, Site, processesOf, replaceFile, testPlugin, until } from './lib/plugins.mjs';
import { sleep } from './lib/fake-waha.mjs';

const KILLS = Math.ceil((Number(process.env.TOKOBOT_KILLS ?? 50) * 2) / 5);
const LONG = process.env.TOKOBOT_LONG === '1';
const RELOAD = /msg=reload result=/;

const bytesOf = (name) => readFileSync(testPlugin(name));
// What half of a crowd asks, and what each may hear: a command's answer, a hook's.
const askOfVersions = (n) => (n % 2 ? '/versi' : 'dengar');
const isAnswer = (text, n) => assert.match(text, n % 2 ? /^shifty v[12]$/ : /^shifty v[12] hears$/);

// ---- what must be refused -----------------------------------------------------------------------

// What cannot be told apart from outside before and after a reload that is refused.
async function look(site) {
  const host = site.bot.host();
  return { host, plugins: (await site.list()).map((p) => `${p.name} ${p.version} ${p.state} ${p.generation}`) };
}

async function isAsBefore(site, before) {
  assert.deepEqual(await look(site), before);
  assert.equal(await site.version(), 'v1');
  assert.ok(await site.ask(32, 'halo'));
  const mapped = site.mapped();
  assert.deepEqual(site.copies().filter((copy) => !mapped.includes(copy)), [], 'no copy of what was refused is left');
  const ours = [site.bot.pid, before.host].join(), all = () => processesOf(site.dir).join();
  await until(() => all() === ours, () => `no process of a trial is left: ${all()}, ours: ${ours}`);
}

// `make` breaks something, the reload is refused once and says so, nothing else happens; then it is mended.
async function refuses(site, { make, says }) {
  const sections = structuredClone(site.sections), before = await look(site), mark = site.mark();
  try {
    make(site);
    const errors = await site.reloadRefused();
    assert.ok(errors.some((e) => says.test(e)), `${says} is not among ${JSON.stringify(errors, null, 1)}`);
    const line = await site.line(RELOAD, mark);
    assert.match(line, /result=refused/);
    assert.match(line.replaceAll('\\"', '"'), says);
    await isAsBefore(site, before);
    assert.equal(site.lines(RELOAD, mark).length, 1);
  } finally {
    site.sections = sections;
    site.set({});
  }
}

test('a reload refuses, says why, and leaves everything as it was:', async (t) => {
  const site = await Site.start(t, { crashes: true });
  for (const one of [...broken, ...tried]) await t.test(one.what, () => refuses(site, one));
  await t.test('an unknown key in a section', () => refuses(site, {
    make: () => site.set({ shifty: { wort: 'halo' } }), says: /bot\.ini:\d+: .*wort.*word/ }));
  await t.test('several at once: the cause of each, after the time of one', async () => {
    const began = Date.now(), quick = broken.filter((one) => /init\(\) that fails|no manifest/.test(one.what));
    const [first, ...others] = [...hanging, ...quick];
    assert.equal(others.length, 3);
    await refuses(site, { ...first, make: () => [first, ...others].forEach((one) => one.make(site)) });
    const line = site.lines(RELOAD).at(-1);
    for (const { says } of others) assert.match(line, says);
    assert.ok(Date.now() - began < 3900 * SLOW, 'they are tried side by side');
  });
  assert.equal((await site.reload()).result, 'unchanged', 'all is mended');
  await site.healthy();
});

// ---- the same at a start ------------------------------------------------------------------------

test('at a start what is broken is left out, and the rest serves', async (t) => {
  const site = await Site.make(t, { crashes: true });
  const all = [...broken, ...tried, ...hanging], began = Date.now();
  for (const { make } of all) make(site);
  await site.run();
  t.diagnostic(`serves after ${Date.now() - began} ms without ${all.length} plugins`);
  assert.ok(Date.now() - began < 12000 * SLOW);
  const { problems, status } = await site.status();
  assert.equal(status, 'degraded');
  for (const { what, says } of all)
    assert.ok(problems.some((p) => says.test(p)), `${what}: ${says} is not among\n${problems.join('\n')}`);
  assert.equal(site.lines(/msg="left out" cause=/).length, problems.length, 'each is logged once');
  assert.equal((await site.bot.health()).status, 'degraded');
  assert.equal(await site.version(), 'v1');
  assert.equal(site.lines(/the host crashed/).length, 0);
  const wanted = Object.entries(site.sections.plugins).filter(([name, value]) => value === 'on' || name === 'shifty');
  site.sections.plugins = Object.fromEntries(wanted);
  site.set({});
  await site.mended();
});

describe('at a start what was well before and', { concurrency: 3 }, () => {
  const quick = ['constructor crashes', 'init crashes', 'init exits', 'start crashes'];
  const slow = ['constructor hangs', 'init hangs']; // 30 s: a slow disk is no reason to leave a plugin out
  for (const mood of [...quick, ...slow]) {
    const skip = slow.includes(mood) && !LONG ? 'only with TOKOBOT_LONG=1' : false;
    test(`now its ${mood} costs the host once`, { skip }, async (t) => {
      const site = await Site.make(t, { plugins: { shifty: 'v1/shifty', moody: 'moody' }, crashes: true });
      await site.run();
      site.bot.env.MOODY = mood;
      const began = Date.now();
      await site.restart(slow.includes(mood) ? 50000 : 5000);
      t.diagnostic(`serves after ${Date.now() - began} ms`);
      assert.equal(site.lines(/the host crashed and is started again/).length, 1);
      const { problems, status } = await site.status();
      assert.equal(status, 'degraded');
      assert.equal(problems.length, 1, problems.join('\n'));
      const where = mood.split(' ')[0], rest = 'and was left out: mend or update \\S+moody\\.so, then reload';
      assert.match(problems[0], new RegExp(`^moody: it crashed the bot in its ${where} ${rest}$`));
      assert.equal(await site.version(), 'v1');
      await site.hears(/moody/);

      await site.restart();
      assert.equal(site.lines(/the host crashed/).length, 0, 'it is not opened again');
      assert.equal((await site.status()).problems.length, 1);
      assert.equal(site.told(/moody/).length, 1, 'the super admin was told once');

      delete site.bot.env.MOODY;
      await site.restart();
      assert.equal((await site.status()).problems.length, 1, 'until a reload');
      assert.match((await site.reloadOk()).join(), /^moody 1\.0\.0 on/);
      await site.healthy();
    });
  }
});

// ---- what is taken ------------------------------------------------------------------------------

test('SIGHUP to the supervisor: the new code answers, from a copy of its own', async (t) => {
  const site = await Site.start(t);
  assert.equal(await site.version(), 'v1');
  const host = site.bot.host(), before = site.mapped();
  site.put('shifty', 'v2/shifty');
  process.kill(site.bot.pid, 'SIGHUP');
  assert.match(await site.line(RELOAD), /result=ok .*shifty 1\.1\.0 -> 1\.2\.0/);
  assert.equal(await site.version(), 'v2');
  assert.equal(site.bot.host(), host, 'it is the same host');
  const list = await site.tokobot('plugin', 'list', '--json');
  const names = (plugins) => plugins.map((p) => `${p.name} ${p.version} ${p.generation}`);
  assert.deepEqual(names(JSON.parse(list.out).plugins), names(await site.list()));
  const fresh = site.mapped().filter((copy) => !before.includes(copy));
  assert.equal(fresh.length, 1);
  assert.match(fresh[0], /^shifty\./);
  await site.healthy();
});

test('`tokobot reload` waits, tells what has changed or every cause, and ends with 0, 1 or 69', async (t) => {
  const site = await Site.start(t);
  const same = await site.tokobot('reload');
  assert.deepEqual(same, { code: 0, out: 'nothing has changed\n', err: '' });
  await site.line(/msg=reload result=unchanged/);

  utimesSync(site.file('shifty'), new Date(), new Date());
  replaceFile(site.file('shifty'), testPlugin('v1/shifty'));
  assert.equal((await site.tokobot('reload')).out, 'nothing has changed\n', 'the same content is no change');

  site.put('shifty', 'v2/shifty');
  site.on('bomb');
  const ok = await site.tokobot('reload');
  assert.equal(ok.code, 0, ok.err);
  assert.match(ok.out, /^reloaded:\n/);
  assert.match(ok.out, /^ {2}shifty 1\.1\.0 -> 1\.2\.0 \(generation \d+\)$/m);
  assert.match(ok.out, /^ {2}bomb 1\.0\.0 on \(generation \d+\)$/m);
  assert.equal(ok.out.trim().split('\n').length, 3);

  site.off('bomb');
  site.on('no-symbol', 'init-fails', 'wrong-major');
  const refused = await site.tokobot('reload');
  assert.equal(refused.code, 1);
  assert.equal(refused.out, '');
  assert.match(refused.err, /^refused, everything is as it was:\n/);
  for (const name of ['no-symbol', 'init-fails', 'wrong-major'])
    assert.match(refused.err, new RegExp(`^ {2}.*${name}`, 'm'));
  assert.equal(await site.ask(33, '/bom_baik'), 'baik', 'bomb is still on');

  site.off('no-symbol', 'init-fails', 'wrong-major');
  const off = await site.tokobot('reload', '--json');
  assert.equal(off.code, 0);
  assert.deepEqual(JSON.parse(off.out).changes, ['bomb off']);

  const dir = freshFolder();
  writeIni(join(dir, 'bot.ini'), iniFor(await freePort(), null));
  const none = await runTokobot(['reload', '-c', join(dir, 'bot.ini')], { cwd: dir });
  assert.equal(none.code, 69);
  assert.match(none.err, /no bot is running here .*`tokobot run`/);
});

test('a bot.ini that cannot be read or understood is refused with its line, and taken when it is mended', async (t) => {
  const site = await Site.start(t);
  const good = readFileSync(site.ini, 'utf8'), before = await look(site);
  const refused = async (says) => {
    const errors = await site.reloadRefused();
    assert.ok(errors.some((e) => says.test(e)), errors.join('\n'));
    assert.match((await site.line(/result=refused/)).replaceAll('\\"', '"'), /bot\.ini/);
    await isAsBefore(site, before);
  };
  unlinkSync(site.ini);
  await refused(/bot\.ini:\d+: there is no such file; copy bot\.ini\.example to it/);
  mkdirSync(site.ini);
  await refused(/bot\.ini:\d+: .*(Is a directory|folder)/);
  rmdirSync(site.ini);
  const lines = good.trimEnd().split('\n').length;
  writeFileSync(site.ini, `${good}[plugins\nbomb = on\n`);
  await refused(new RegExp(`bot\\.ini:${lines + 1}: `));
  writeFileSync(site.ini, good.replace('[core]\n', '[core]\nlanguage = jawa\nwarna = merah\n'));
  const errors = await site.reloadRefused();
  assert.match(errors.join('\n'), /bot\.ini:2: .*language/);
  assert.match(errors.join('\n'), /bot\.ini:3: .*warna/);
  await isAsBefore(site, before);
  writeFileSync(site.ini, good);
  assert.equal((await site.reload()).result, 'unchanged');
  site.put('shifty', 'v2/shifty');
  await site.reloadOk();
  assert.equal(await site.version(), 'v2');
});

test('plugins are switched on and off, and their order changes', async (t) => {
  const site = await Site.start(t);
  assert.notEqual(await site.ask(31, '/bom_baik'), 'baik');
  site.on('bomb');
  assert.match((await site.reloadOk()).join(), /^bomb 1\.0\.0 on/);
  assert.equal(await site.ask(31, '/bom_baik'), 'baik');
  assert.equal(await site.ask(31, 'echo halo'), 'halo');

  const { shifty, bomb, ...rest } = site.sections.plugins;
  site.sections.plugins = { bomb, shifty, ...rest };
  site.set({});
  const generations = (await site.list()).map((p) => p.generation).sort();
  assert.deepEqual(await site.reloadOk(), ['the order of the plugins']);
  const list = await site.list();
  assert.deepEqual(list.slice(0, 2).map((p) => p.name), ['bomb', 'shifty']);
  assert.deepEqual(list.map((p) => p.generation).sort(), generations, 'no new generation for that');

  site.set({ plugins: { bomb: 'off' } });
  assert.deepEqual(await site.reloadOk(), ['bomb off']);
  assert.notEqual(await site.ask(31, 'echo halo'), 'halo');
  await site.line(/msg="a generation has ended" plugin=bomb/);
  await site.healthy();
});

test("a changed section makes a new generation of its plugin, and no other's", async (t) => {
  const site = await Site.start(t);
  assert.equal(await site.ask(31, '/kata'), 'v1 kata');
  const before = await site.list();
  site.set({ shifty: { word: 'kucing' } });
  const changes = await site.reloadOk();
  assert.match(changes.join('\n'), /^shifty 1\.1\.0 \(generation \d+: its section of bot\.ini\)$/);
  assert.equal(await site.ask(31, '/kata'), 'v1 kucing');
  for (const p of await site.list())
    assert.equal(p.generation === before.find((b) => b.name === p.name).generation, p.name !== 'shifty', p.name);
  site.set({ shifty: { word: undefined } });
  await site.reloadOk();
  assert.equal(await site.ask(31, '/kata'), 'v1 kata');
});

test("settings of the core's own: the language, the super admins, and those that need a restart", async (t) => {
  const site = await Site.start(t);
  assert.match(await site.ask(31, 'halo'), /Kak/);
  site.set({ core: { language: 'en' } });
  assert.deepEqual(await site.reloadOk(), ['[core] language']);
  assert.match(await site.ask(31, 'halo'), /No store is open/);
  site.set({ core: { language: 'id' } });
  await site.reloadOk();

  assert.match(await site.boss.ask('/lihat_toko'), /Toko: 0/);
  assert.match(await site.ask(40, '/lihat_toko'), /hanya untuk super admin/);
  site.set({ core: { super_admin: '6281100000040' } });
  assert.deepEqual(await site.reloadOk(), ['[core] super_admin']);
  assert.match(await site.boss.ask('/lihat_toko'), /hanya untuk super admin/);
  assert.match(await site.ask(40, '/lihat_toko'), /Toko: 0/);

  const { listen } = site.sections.core, host = site.bot.host();
  const other = `127.0.0.1:${await freePort()}`;
  site.set({ core: { listen: other, http_threads: 3, log_file: 'lain.log' }, database: { url: 'sqlite:lain.db' } });
  const changes = await site.reloadOk();
  for (const key of ['[core] listen', '[core] http_threads', '[core] log_file', '[database] url'])
    assert.ok(changes.includes(`${key} needs a restart of the bot`), `${key}: ${changes}`);
  assert.match(await site.line(/listen needs a restart of the bot/), /msg=reload result=ok/);
  assert.equal((await site.bot.get('/ping')).status, 200, 'the old port goes on');
  assert.equal(site.bot.host(), host);
  site.set({ core: { listen, data_dir: 'lain' } });
  const fixed = /bot\.ini:\d+: \[core\] data_dir cannot change while the bot runs: restart the bot/;
  assert.match((await site.reloadRefused()).join(), fixed);
  site.set({ core: { data_dir: 'data' } });
  assert.deepEqual(await site.reloadOk(), ['[core] listen'], 'which is the one that it listens on');
});

test('a plugin that was off has its data again', async (t) => {
  const site = await Site.start(t);
  for (const n of [1, 2, 3]) assert.equal(await site.ask(31, '/catat'), `catat ${n}`);
  site.set({ plugins: { shifty: 'off' } });
  assert.deepEqual(await site.reloadOk(), ['shifty off']);
  assert.doesNotMatch(await site.ask(31, '/catat'), /^catat/);
  site.set({ plugins: { shifty: site.file('shifty') } });
  await site.reloadOk();
  assert.equal(await site.ask(31, '/catat'), 'catat 4');
});

// ---- generations that come to their end ------------------------------------------------------------

test('what waits under the old code ends under the old code', async (t) => {
  const site = await Site.start(t);
  const waiting = site.ask(31, '/tunda');
  await until(async () => /1 timer/.test((await site.generations('shifty'))[0].pending), 'the timer');
  site.put('shifty', 'v2/shifty');
  await site.reloadOk();
  assert.match(await site.line(RELOAD), /draining="shifty 1\.1\.0 \(generation \d+: 1 timer\)"/);
  assert.equal(await site.version(32), 'v2');
  const [now, old] = await site.generations('shifty');
  assert.equal(`${now.version} ${now.state} ${now.pending}`, '1.2.0 running 0');
  assert.equal(`${old.version} ${old.state} ${old.pending}`, '1.1.0 draining 1 timer');
  assert.match((await site.bot.get('/metrics')).text, /^tokobot_plugin_generations_draining 1$/m);
  assert.equal(await waiting, 'tunda v1');
  assert.match(await site.line(/msg="a generation has ended"/), /plugin=shifty version=1\.1\.0/);
  assert.equal((await site.generations('shifty')).length, 1);
  assert.equal(site.waha.to('6281100000031').length, 1);
  assert.equal(await site.ask(31, '/tunda'), 'tunda v2');
});

test('drain is how long the old code may take', async (t) => {
  const site = await Site.start(t);
  const waiting = site.ask(31, '/tunda');
  await until(async () => /1 timer/.test((await site.generations('shifty'))[0].pending), 'the timer');
  site.put('shifty', 'v2/shifty');
  site.set({ core: { drain: '0s' } });
  await site.reloadOk();
  assert.equal(await waiting, 'tunda v1 batal');
  await site.line(/msg="a generation has ended" plugin=shifty version=1\.1\.0/);
  await site.line(/did not come to its end in time: its calls are cancelled" plugin=shifty/);
  assert.equal((await site.generations('shifty')).length, 1);
  assert.equal(site.waha.to('6281100000031').length, 1);
});

test('a stop() that never returns ends the host, which comes back with the new code', async (t) => {
  const site = await Site.start(t, { plugins: { shifty: 'v6/shifty' }, crashes: true });
  const host = site.bot.host(), began = Date.now();
  assert.equal(await site.version(), 'v6');
  site.put('shifty', 'v2/shifty');
  await site.reloadOk();
  const crowd = new Crowd(site.waha, { count: 100, rate: 50, text: () => '/versi' });
  await site.nextHost(host, 6000);
  await site.serves();
  t.diagnostic(`serves again ${Date.now() - began} ms after the reload`);
  assert.ok(Date.now() - began < 6000 * SLOW);
  assert.match(await site.line(/a callback never returned: the host ends itself/), /plugin=shifty callback=stop/);
  assert.deepEqual([...new Set(await crowd.answers())], ['shifty v2']);
  assert.equal((await site.generations('shifty')).length, 1);
  await site.healthy();
});

test('SIGTERM with a stop() that never returns still ends with 0', async (t) => {
  const site = await Site.start(t, { plugins: { shifty: 'v6/shifty' } });
  for (const n of [1, 2]) assert.equal(await site.ask(31, '/catat'), `catat ${n}`);
  const began = Date.now();
  process.kill(site.bot.pid, 'SIGTERM');
  assert.deepEqual(await site.bot.ended, { code: 0, signal: null });
  assert.ok(Date.now() - began < 10000 * SLOW);
  site.put('shifty', 'v2/shifty');
  await site.run();
  assert.equal(site.lines(/level=error/).length, 0);
  assert.equal(await site.ask(31, '/catat'), 'catat 3');
});

// ---- tables ----------------------------------------------------------------------------------------

test('migrations: what the old code does not mind is done live, anything else needs a restart', async (t) => {
  const site = await Site.start(t, { plugins: { shifty: 'v2/shifty' } });
  assert.equal(await site.ask(31, '/catat'), 'catat 1');

  site.put('shifty', 'v7/shifty');
  assert.match((await site.reloadRefused()).join(), /migration 2 of shifty failed: NOT NULL constraint failed/);
  assert.equal(await site.ask(31, '/catat'), 'catat 2', 'no row of it is left');

  site.put('shifty', 'v3/shifty'); // adds the column that v7 had added when it failed
  assert.match((await site.reloadOk()).join(), /shifty 1\.2\.0 -> 1\.3\.0/);
  assert.equal(await site.ask(31, '/catat'), 'catat 3');

  site.put('shifty', 'v2/shifty');
  assert.match((await site.reloadOk()).join(), /shifty 1\.3\.0 -> 1\.2\.0/);
  assert.equal(await site.ask(31, '/catat'), 'catat 4', 'a column more does not disturb the older code');
  site.put('shifty', 'v3/shifty');
  await site.reloadOk();

  site.put('shifty', 'v4/shifty');
  const breaking = /migration 3 of shifty changes tables that the running version uses .*: it needs a restart of the bot/;
  assert.match((await site.reloadRefused()).join(), breaking);
  assert.equal(await site.ask(31, '/catat'), 'catat 5');
  await site.restart();
  await site.healthy();
  assert.equal(await site.version(), 'v4');
  assert.equal(await site.ask(31, '/catat'), 'catat 6');

  site.put('shifty', 'v2/shifty');
  const newer = /the database holds version 3 of shifty's tables, this plugin knows 1: install the newer one/;
  assert.match((await site.reloadRefused()).join(), newer);
  assert.equal(await site.version(), 'v4');
  await site.restart();
  const { problems } = await site.status();
  assert.equal(problems.length, 1);
  assert.match(problems[0], newer);
  site.put('shifty', 'v4/shifty');
  await site.reloadOk();
  assert.equal(await site.ask(31, '/catat'), 'catat 7');
});

test('what a start() wrote before it failed is not there', async (t) => {
  const site = await Site.start(t);
  assert.equal(await site.ask(31, '/catat'), 'catat 1');
  site.put('shifty', 'v5/shifty');
  assert.match((await site.reloadRefused()).join(), /shifty: its start\(\) failed/);
  assert.equal(await site.version(), 'v1');
  assert.equal(await site.ask(31, '/catat'), 'catat 2');
  await site.restart(); // the same at a start
  assert.match((await site.status()).problems.join(), /shifty: its start\(\) failed/);
  site.put('shifty', 'v1/shifty');
  await site.reloadOk();
  assert.equal(await site.ask(31, '/catat'), 'catat 3');
});

// ---- while other things happen ---------------------------------------------------------------------

test('a plugin file that is overwritten where it lies does not harm the bot', async (t) => {
  const site = await Site.start(t);
  const host = site.bot.host(), good = readFileSync(site.file('shifty'));
  const damages = [['bukan pustaka\n'.repeat(2000), /no shared library/], ['', /is empty/], [good.subarray(0, 4000), /cut short/]];
  for (const [bytes, says] of damages) {
    writeFileSync(site.file('shifty'), bytes); // the same inode
    for (const text of ['/versi', 'dengar', '/kata', '/catat']) assert.match(await site.ask(31, text), /v1|catat/);
    assert.match((await site.reloadRefused()).join(), says);
    assert.equal(await site.version(), 'v1');
  }
  writeFileSync(site.file('shifty'), good);
  assert.equal((await site.reload()).result, 'unchanged');
  writeFileSync(site.file('shifty'), bytesOf('v2/shifty'));
  await site.reloadOk();
  assert.equal(await site.version(), 'v2');
  assert.equal(site.bot.host(), host);
});

test('what is asked for during a reload follows it', async (t) => {
  const site = await Site.start(t);
  site.on('init-hangs'); // its trial takes 2 s
  const first = site.reload();
  await until(() => processesOf(site.dir).length > 2, 'the trial');
  assert.equal(await site.version(), 'v1', 'messages are answered meanwhile');
  site.off('init-hangs');
  site.put('shifty', 'v2/shifty');
  process.kill(site.bot.pid, 'SIGHUP');
  await sleep(50);
  const second = site.reload(), third = site.reload(); // all three in one
  const results = await Promise.all([first, second, third]);
  assert.deepEqual(results.map((r) => `${r.reload} ${r.result}`), ['1 refused', '2 ok', '2 ok']);
  assert.equal(await site.version(), 'v2');
  await site.line(/result=ok number=2/);
  const logged = site.lines(RELOAD).map((line) => line.match(/result=(\w+) number=(\d+)/).slice(1).join(' '));
  assert.deepEqual(logged, ['refused 1', 'ok 2']);
});

test('twenty reloads under load, every fifth refused: each message is answered once', async (t) => {
  const site = await Site.start(t);
  const host = site.bot.host();
  const crowd = new Crowd(site.waha, { count: 800, rate: 300 / SLOW, text: askOfVersions });
  const results = [];
  for (let i = 1; i <= 20; i++) {
    if (i % 5 === 0) writeFileSync(site.file('shifty'), bytesOf('v2/shifty').subarray(0, 5000)); // where it lies
    else site.put('shifty', i % 2 ? 'v2/shifty' : 'v1/shifty');
    results.push((await site.reload()).result);
    await sleep(100);
  }
  const wanted = Array.from({ length: 20 }, (_, i) => ((i + 1) % 5 ? 'ok' : 'refused'));
  assert.deepEqual(results.map((r, i) => (r === 'unchanged' && i % 5 === 0 ? 'ok' : r)), wanted);
  (await crowd.answers()).forEach(isAnswer);
  assert.equal(site.bot.host(), host);
  await until(async () => (await site.generations('shifty')).length === 1, 'one generation');
  await site.line(/result=ok number=19/);
  assert.equal(site.lines(RELOAD).length, 20);
  assert.equal(site.lines(/level=error/).length, 4, 'and nothing else went wrong');
});

test('the gateway itself is exchanged under load: each message is answered once', async (t) => {
  const site = await Site.start(t);
  const bytes = readFileSync(join(BUILD, 'plugins/waha.so'));
  const install = (n) => writeFileSync(site.file('waha'), Buffer.concat([bytes, Buffer.from(`${n}`)])); // another content
  install(0);
  site.set({ plugins: { waha: site.file('waha') } });
  assert.match((await site.reloadOk()).join(), /^waha \S+ \(generation \d+: its file\)$/);
  const crowd = new Crowd(site.waha, { count: 500, rate: 250 / SLOW, text: askOfVersions });
  for (let i = 1; i <= 10; i++) {
    install(i);
    await site.reloadOk();
    await sleep(150);
  }
  (await crowd.answers()).forEach(isAnswer);
  await until(async () => (await site.generations('waha')).length === 1, 'one generation');
  await site.healthy();
  assert.equal(site.lines(/level=error/).length, 0);
});

test('SIGHUP opens the log file again', async (t) => {
  const site = await Site.start(t);
  const file = join(site.dir, 'bot.log'), has = (what) => existsSync(file) && what.test(readFileSync(file, 'utf8'));
  renameSync(file, `${file}.1`);
  process.kill(site.bot.pid, 'SIGHUP');
  await until(() => has(RELOAD), 'the new log file');
  const host = site.bot.crash();
  await site.nextHost(host);
  await until(() => has(/the host crashed/), "the supervisor's line in it");
  assert.doesNotMatch(readFileSync(`${file}.1`, 'utf8'), /the host crashed/);
});

test(`kill -9 of the host ${KILLS} times during reloads: it comes back, and each message is answered once`, async (t) => {
  const site = await Site.start(t);
  const crowd = new Crowd(site.waha, { count: 40 * KILLS, rate: 60 / SLOW, text: askOfVersions });
  const ends = [];
  for (let i = 0, last = null; i < KILLS; i++) {
    await until(() => site.bot.host() && site.bot.host() !== last, 'a host');
    if (i % 3 === 2) {
      await sleep(Math.random() * 300 * SLOW); // while it starts
    } else {
      await site.serves();
      site.put('shifty', i % 2 ? 'v1/shifty' : 'v2/shifty');
      ends.push(site.reload().then((r) => r.result, () => 'cut'));
      await sleep(i ? Math.random() * 120 * SLOW : 5); // the first is cut for certain: its probe takes longer than that
    }
    last = site.bot.crash();
  }
  const cut = (await Promise.all(ends)).filter((end) => end === 'cut').length;
  t.diagnostic(`${cut} of ${ends.length} reloads did not come to their end`);
  assert.ok(cut > 0);
  await site.serves();
  (await crowd.answers(60000)).forEach(isAnswer);
  site.put('shifty', 'v1/shifty');
  await site.reload();
  assert.equal(await site.version(), 'v1');
  await site.healthy();
  const mapped = site.mapped();
  assert.deepEqual(site.copies().filter((copy) => !mapped.includes(copy)), []);
});
