// The parent process: whoever of the two is killed, whenever, and as process 1 of a container.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { BIN } from './lib/bot.mjs';
import { Crowd, Pinger, SLOW, Site, processesOf, until } from './lib/plugins.mjs';
import { sleep } from './lib/fake-waha.mjs';

const RESTARTED = /msg="the host crashed and is started again"/;

// Nobody listens there, and somebody could.
function isFree(port) {
  const s = net.createServer();
  return new Promise((ok) => {
    s.once('error', () => ok(false));
    s.listen(port, '127.0.0.1', () => s.close(() => ok(true)));
  });
}

async function isGone(site) {
  await until(() => processesOf(site.dir).length === 0, () => `nobody is left: ${processesOf(site.dir)}`, 5000);
  await site.bot.ended;
  await until(() => isFree(site.port), 'a free port', 1000); // the kernel closes it a moment later
}

// A start after whatever happened: nothing to mend, no row lost.
async function startsClean(site, count) {
  await site.run();
  assert.equal((await site.bot.health()).database, 'connected');
  assert.equal(site.lines(/level=error/).length, 0, site.bot.err);
  assert.equal(await site.ask(31, '/catat'), `catat ${count}`);
  await site.healthy();
}

test('kill -9 of the host: another one answers, and the port was open all the time', async (t) => {
  const site = await Site.start(t);
  const pinger = new Pinger(t, site.bot), times = [];
  const crowd = new Crowd(site.waha, { count: 300, rate: 100 / SLOW, text: () => '/versi' });
  for (let i = 0; i < 3; i++) {
    await sleep(300);
    const host = site.bot.crash(), began = Date.now();
    await site.nextHost(host);
    assert.equal(await site.version(), 'v1');
    times.push(Date.now() - began);
  }
  assert.deepEqual([...new Set(await crowd.answers(60000))], ['shifty v1']);
  await pinger.stop();
  t.diagnostic(`from the kill to the next answer: ${times.join(', ')} ms; ${pinger}`);
  assert.ok(Math.max(...times) < 5000 * SLOW);
  assert.deepEqual(pinger.refused, []);
  const logged = site.lines(RESTARTED).map((line) => line.match(/signal=(\S+) .*crashes=(\d)/).slice(1).join(' '));
  assert.deepEqual(logged, ['Killed 1', 'Killed 2', 'Killed 3']);
  assert.deepEqual(site.told(/./), [], 'which is no news for the super admin');
});

test('kill -9 of the supervisor: the host dies with it, and the next start is clean', async (t) => {
  const site = await Site.start(t);
  assert.equal(await site.ask(31, '/catat'), 'catat 1');
  const host = site.bot.host();
  process.kill(site.bot.pid, 'SIGKILL');
  await until(() => !existsSync(`/proc/${host}`), 'the end of the host', 5000);
  await isGone(site);
  await startsClean(site, 2);
});

test('kill -9 of both at once, ten times', async (t) => {
  const site = await Site.start(t);
  for (let i = 1; i <= 10; i++) {
    assert.equal(await site.ask(31, '/catat'), `catat ${2 * i - 1}`);
    const pair = [site.bot.pid, site.bot.host()];
    if (i % 2) pair.reverse();
    for (const pid of pair) {
      try { process.kill(pid, 'SIGKILL'); } catch { /* the host dies with its supervisor */ }
    }
    await isGone(site);
    await startsClean(site, 2 * i);
  }
});

test('kill -9 of the supervisor during a reload: the trial dies, too', async (t) => {
  const site = await Site.start(t);
  for (const [i, delay] of [0, 5, 200].entries()) {
    site.on('init-hangs', 'constructor-hangs');
    process.kill(site.bot.pid, 'SIGHUP');
    await until(() => processesOf(site.dir).length === 4, 'two trials');
    await sleep(delay);
    process.kill(site.bot.pid, 'SIGKILL');
    await isGone(site);
    site.off('init-hangs', 'constructor-hangs');
    await startsClean(site, i + 1);
  }
});

test('SIGTERM during a reload: it stops at once, with 0', async (t) => {
  const site = await Site.start(t);
  site.on('init-hangs', 'constructor-hangs');
  const reload = site.reload().then((r) => r.result, () => 'no answer');
  await until(() => processesOf(site.dir).length === 4, 'two trials');
  const began = Date.now();
  process.kill(site.bot.pid, 'SIGTERM');
  assert.deepEqual(await site.bot.ended, { code: 0, signal: null });
  t.diagnostic(`ended after ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 1500 * SLOW, 'it does not wait for the trials');
  assert.equal(await reload, 'no answer');
  await isGone(site);
  site.off('init-hangs', 'constructor-hangs');
  await startsClean(site, 1);
});

test('SIGHUP while the host starts is a reload, and no crash', async (t) => {
  const site = await Site.make(t);
  const starting = site.run();
  await until(() => processesOf(site.dir).length === 2, 'a host');
  const supervisor = Math.min(...processesOf(site.dir));
  for (let i = 0; i < 20; i++) {
    process.kill(supervisor, 'SIGHUP');
    await sleep(2);
  }
  await starting;
  assert.equal(await site.version(), 'v1');
  await site.line(/msg=reload result=unchanged/);
  assert.equal(site.lines(RESTARTED).length, 0);
  await site.healthy();
});

test('SIGTERM while the host starts ends it with 0', async (t) => {
  const site = await Site.make(t);
  for (const delay of [0, 3, 10, 30]) {
    const starting = site.run().catch(() => {});
    await until(() => processesOf(site.dir).length === 2, 'a host');
    await sleep(delay);
    process.kill(Math.min(...processesOf(site.dir)), 'SIGTERM');
    await starting;
    assert.deepEqual(await site.bot.ended, { code: 0, signal: null });
    await isGone(site);
  }
  await startsClean(site, 1);
});

// ---- process 1 of a container ----------------------------------------------------------------------

// How to get a namespace of processes here; null when that is not permitted.
const alone = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const namespace = [alone, ['--user', '--map-root-user', ...alone]]
  .find((words) => spawnSync('unshare', [...words, 'true']).status === 0) ?? null;
const skip = namespace ? false : 'unshare cannot make a namespace of processes here';

// { pid, state } of each whose parent this is; state 'Z': nobody has taken its end.
function childrenOf(pid) {
  const found = [];
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    let status = '';
    try { status = readFileSync(`/proc/${name}/status`, 'utf8'); } catch { continue; /* it has ended */ }
    const field = (key) => status.match(new RegExp(`^${key}:\\s*(\\w+)`, 'm'))?.[1];
    if (Number(field('PPid')) === pid) found.push({ pid: Number(name), state: field('State') });
  }
  return found;
}

// Site.run() in a namespace: site.bot.pid is unshare's, the supervisor its child.
async function runAsFirst(site) {
  await site.run();
  await site.bot.kill();
  const options = { cwd: site.dir, env: site.bot.env, stdio: ['ignore', 'ignore', 'pipe'] };
  const p = spawn('unshare', [...namespace, BIN, 'run', '-c', site.ini], options);
  const first = { err: '', exit: null };
  p.stderr.on('data', (d) => (first.err += d));
  first.ended = new Promise((ok) => p.once('close', (code, signal) => ok((first.exit = { code, signal }))));
  first.supervisor = await until(() => site.bot.children(p.pid)[0], 'the supervisor');
  first.host = () => site.bot.children(first.supervisor)[0];
  await site.serves();
  return first;
}

test('as process 1: it serves, reaps orphans, starts a host again, and ends with 0', { skip }, async (t) => {
  const site = await Site.make(t);
  const first = await runAsFirst(site);
  t.after(() => first.exit ?? process.kill(first.supervisor, 'SIGKILL'));
  assert.match(readFileSync(`/proc/${first.supervisor}/status`, 'utf8'), /^NSpid:\t\d+\t1$/m);
  assert.equal(await site.version(), 'v1');

  const enter = namespace.includes('--user') ? ['--user', '--preserve-credentials'] : [];
  const orphans = ['sh', '-c', '(sleep 0.7 & sleep 0.7 &) ; exit 0'], children = () => childrenOf(first.supervisor);
  execFileSync('nsenter', ['--target', String(first.supervisor), ...enter, '--pid', '--mount', ...orphans], { stdio: 'ignore' });
  await until(() => children().length === 3, () => `two orphans: ${JSON.stringify(children())}`, 2000);
  await until(() => children().length === 1, () => `no orphan: ${JSON.stringify(children())}`);

  const host = first.host();
  process.kill(host, 'SIGKILL');
  await until(() => first.host() && first.host() !== host, 'another host');
  assert.equal(await site.version(), 'v1');
  assert.match(first.err, RESTARTED);
  site.put('shifty', 'v2/shifty');
  await site.reloadOk();
  assert.equal(await site.version(), 'v2');
  assert.deepEqual(children().map((c) => c.pid), [first.host()], 'no zombie of the trial');

  process.kill(first.supervisor, 'SIGTERM');
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  await isGone(site);
  for (const line of first.err.match(/level=error.*/g)) assert.match(line, /signal=Killed/);
  await startsClean(site, 1);
});

test('as process 1: when it is killed nothing is left', { skip }, async (t) => {
  const site = await Site.make(t);
  const first = await runAsFirst(site);
  t.after(() => first.exit ?? process.kill(first.supervisor, 'SIGKILL'));
  assert.equal(await site.ask(31, '/catat'), 'catat 1');
  process.kill(first.supervisor, 'SIGKILL');
  await first.ended;
  await isGone(site);
  await startsClean(site, 2);
});
