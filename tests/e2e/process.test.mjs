// Starting, refusing to start, stopping: exit codes and sentences; /health and /metrics.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, existsSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { BIN, Bot, freePort, freshFolder, iniFor, runTokobot, writeIni } from './lib/bot.mjs';
import { FakeWaha } from './lib/fake-waha.mjs';

async function startOnce(change, { sections, dir = freshFolder() } = {}) {
  const ini = sections ?? iniFor(await freePort(), null, change);
  writeIni(join(dir, 'bot.ini'), ini);
  return { dir, ...(await runTokobot(['run', '-c', join(dir, 'bot.ini')], { cwd: dir })) };
}

test('71: the port is in use', async () => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await new Promise((ok) => other.once('listening', ok));
  const { port } = other.address();
  const r = await startOnce({ core: { listen: `127.0.0.1:${port}` } });
  other.close();
  assert.equal(r.code, 71, r.err);
  assert.match(r.err, new RegExp(String(port)));
});

test('73: data_dir cannot be written', async () => {
  const dir = freshFolder();
  writeFileSync(join(dir, 'berkas'), 'a file, not a folder');
  const r = await startOnce({ core: { data_dir: 'berkas/data' } }, { dir });
  assert.equal(r.code, 73, r.err);
  assert.match(r.err, /berkas/);
});

test('75: a second instance on the same data_dir', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  const r = await startOnce({ core: { data_dir: join(bot.dir, 'data') } });
  assert.equal(r.code, 75, r.err);
  assert.equal((await bot.get('/health')).status, 200, 'the first goes on');
});

test('78: each error of bot.ini is a line that says where and what to do', async () => {
  const dir = freshFolder();
  const file = join(dir, 'bot.ini');
  writeFileSync(file, '[core]\nlisten = 127.0.0.1:abc\ndata_dir = data\nlangage = id\n[plugins]\nwaha = on\n');
  const r = await runTokobot(['run', '-c', file], { cwd: dir });
  assert.equal(r.code, 78, r.err);
  const lines = r.err.split('\n').filter((l) => /bot\.ini:\d+: /.test(l));
  assert.equal(lines.length, 2, r.err);
  assert.match(lines[0], /bot\.ini:2: .*listen/);
  assert.match(lines[1], /bot\.ini:4: .*langage/);
  assert.match(lines[1], /language/, 'did you mean');
  assert.ok(!existsSync(join(dir, 'data/tokobot.sock')));
});

test('78: no configuration at all', async () => {
  const dir = freshFolder();
  const r = await runTokobot(['run', '-c', join(dir, 'tidak-ada.ini')], { cwd: dir });
  assert.equal(r.code, 78, r.err);
  assert.match(r.err, /tidak-ada\.ini/);
});

test('78: errors of a plugin and of the environment', async () => {
  const dir = freshFolder();
  const file = join(dir, 'bot.ini');
  writeIni(file, iniFor(await freePort(), null, { waha: { base_url: 'ftp://waha', pace: 'cepat' } }));
  const r = await runTokobot(['run', '-c', file], { cwd: dir, env: { TARGET_LIMIT_USER: 'banyak' } });
  assert.equal(r.code, 78, r.err);
  assert.match(r.err, /base_url/);
  assert.match(r.err, /pace/);
  assert.match(r.err, /TARGET_LIMIT_USER/);
});

test('64: words that are no command', async () => {
  assert.equal((await runTokobot(['menari'])).code, 64);
  assert.equal((await runTokobot([])).code, 64);
});

test('69: status of a bot that does not run', async () => {
  const dir = freshFolder();
  writeIni(join(dir, 'bot.ini'), iniFor(await freePort(), null));
  assert.equal((await runTokobot(['status', '-c', join(dir, 'bot.ini')], { cwd: dir })).code, 69);
});

test('version', async () => {
  const r = await runTokobot(['version']);
  assert.equal(r.code, 0);
  assert.match(r.out, /\d+\.\d+\.\d+/);
});

test('a healthy bot says so, counts, and stops cleanly', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  const h = await bot.waitHealth((x) => x.waha === 'connected');
  assert.equal(h.status, 'healthy');
  assert.equal(h.database, 'connected');
  assert.match(h.uptime, /^\d+ \w+/);
  assert.equal(typeof h.uptime_seconds, 'number');
  assert.ok(h.uptime_seconds < 60);
  assert.ok(Math.abs(new Date(h.timestamp) - Date.now()) < 60000, h.timestamp);
  assert.match(h.version, /^\d+\.\d+\.\d+/);
  const m = await bot.get('/metrics');
  assert.equal(m.status, 200);
  assert.match(m.headers['content-type'], /^text\/plain/);
  const names = m.text.split('\n').filter((l) => l && !l.startsWith('#')).map((l) => l.split(/[ {]/)[0]);
  assert.ok(names.length > 3 && names.every((n) => n.startsWith('tokobot_')), m.text);
  assert.equal(readFileSync(`/proc/${bot.host()}/cmdline`, 'utf8').includes('run'), true);
  assert.equal(readFileSync(`/proc/${bot.host()}/comm`, 'utf8').trim(), 'tokobot');
  await bot.stop(); // exit 0, nobody left
  assert.ok(!existsSync(join(bot.dir, 'data/tokobot.sock')));
});

test('SIGTERM to the supervisor in the middle of work loses nothing', async (t) => {
  const waha = await new FakeWaha({ retry: { attempts: 60, delayMs: 200 } }).up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  const writes = Array.from({ length: 40 }, (_, i) =>
    waha.write({ phone: `6281100000${300 + i}`, text: `halo ${i}` }));
  await Promise.race(writes);
  process.kill(bot.pid, 'SIGTERM');
  assert.deepEqual(await bot.ended, { code: 0, signal: null });
  await bot.spawn();
  t.after(() => bot.stop());
  assert.ok((await Promise.all(writes)).every((a) => a.status === 200));
  for (let i = 0; i < 40; i++)
    await waha.waitFor((m) => m.chatId === `6281100000${300 + i}@c.us`, { ms: 20000 });
  assert.equal(waha.delivered.length, 40);
});

test('a crashed host is started again by its supervisor', async (t) => {
  const waha = await new FakeWaha().up();
  t.after(() => waha.stop());
  const bot = await Bot.start(waha);
  t.after(() => bot.stop());
  const first = bot.crash();
  await bot.waitHealth(() => bot.host() && bot.host() !== first);
  assert.equal((await waha.write({ phone: '6281100000400', text: 'halo' })).status, 200);
  await waha.waitFor((m) => m.chatId === '6281100000400@c.us');
});

test('--no-supervisor runs the host alone', async (t) => {
  const dir = freshFolder();
  const port = await freePort();
  writeIni(join(dir, 'bot.ini'), iniFor(port, null));
  const { spawn } = await import('node:child_process');
  const p = spawn(BIN, ['run', '--no-supervisor', '-c', join(dir, 'bot.ini')], { cwd: dir, stdio: 'ignore' });
  t.after(() => p.kill('SIGKILL'));
  const ended = new Promise((ok) => p.once('close', (code) => ok(code)));
  const get = () => fetch(`http://127.0.0.1:${port}/health`).then((r) => r.status, () => 0);
  for (let i = 0; i < 200 && (await get()) !== 200; i++) await new Promise((ok) => setTimeout(ok, 25));
  assert.equal(await get(), 200);
  assert.equal(readFileSync(`/proc/${p.pid}/task/${p.pid}/children`, 'utf8').trim(), '');
  p.kill('SIGTERM');
  assert.equal(await ended, 0);
});
