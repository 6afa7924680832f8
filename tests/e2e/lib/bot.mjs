// The bot under test: `tokobot run` in a fresh folder, on a free port, against a fake WAHA. Its build is
// the folder in TOKOBOT_BUILD, else build/release.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTRACTS, misfits } from './openapi.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export { CONTRACTS };
export const BUILD = resolve(ROOT, process.env.TOKOBOT_BUILD ?? 'build/release');
export const BIN = join(BUILD, 'bin/tokobot');
export const SUPER = '6281100000001';

const folders = new Set();
const running = new Set();
process.on('exit', () => {
  for (const bot of running) bot.kill();
  if (process.env.TOKOBOT_KEEP) return;
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

// Node 18 waits for ever at its end for requests of sockets whose other side was killed (request_waiting_ in its
// CleanupHandles()). This listener comes behind the test runner's, whose exit code it keeps.
process.once('beforeExit', () => process.once('exit', () => process.exit()));

export function freePort() {
  return new Promise((ok, bad) => {
    const s = net.createServer();
    s.once('error', bad);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => ok(port));
    });
  });
}

// Removed when this process ends, unless TOKOBOT_KEEP is set.
export function freshFolder() {
  const dir = mkdtempSync(join(tmpdir(), 'tokobot-e2e-'));
  folders.add(dir);
  return dir;
}

// Sections of bot.ini as { section: { key: value } }.
export function writeIni(file, sections) {
  const lines = [];
  for (const [section, keys] of Object.entries(sections)) {
    lines.push(`[${section}]`);
    for (const [key, value] of Object.entries(keys)) lines.push(`${key} = ${value}`);
  }
  writeFileSync(file, lines.join('\n') + '\n');
}

export function iniFor(port, waha, change = {}) {
  const ini = {
    core: { listen: `127.0.0.1:${port}`, data_dir: 'data', super_admin: SUPER, log_file: 'bot.log' },
    database: { url: 'sqlite:bot.db' },
    limits: { customers_per_store: 100000, customers_warning: 90000 },
    plugins: { waha: 'on', 'super-admin': 'on', catalog: 'on' },
    waha: { base_url: waha?.url ?? 'http://127.0.0.1:9', api_key: waha?.apiKey ?? 'kunci-uji', session: 'default',
            hmac_key: waha?.hmacKey ?? 'rahasia-uji', pace: 'off' },
  };
  for (const [section, keys] of Object.entries(change)) ini[section] = { ...ini[section], ...keys };
  return ini;
}

// Only what is set here reaches the bot: a developer's own WAHA_API_KEY must not.
function cleanEnv(extra) {
  const env = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'])
    if (process.env[name]) env[name] = process.env[name];
  return { ...env, ...extra };
}

// Runs `tokobot ARGS` to its end: { code, out, err }.
export function runTokobot(args, { cwd, env = {}, ms = 15000, input = null } = {}) {
  return new Promise((ok, bad) => {
    const p = spawn(BIN, args, { cwd, env: cleanEnv(env), stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    p.stdin?.end(input);
    let out = '', err = '';
    p.stdout.on('data', (d) => (out += d));
    p.stderr.on('data', (d) => (err += d));
    const timer = setTimeout(() => {
      p.kill('SIGKILL');
      bad(new Error(`tokobot ${args.join(' ')} did not end within ${ms} ms:\n${err}`));
    }, ms);
    p.once('error', bad);
    p.once('close', (code, signal) => {
      clearTimeout(timer);
      ok({ code: code ?? signal, out, err });
    });
  });
}

export class Bot {
  static async start(waha, { ms = 20000, ...options } = {}) {
    return (await Bot.make(waha, options)).spawn(ms);
  }

  // One that does not run yet. waha.hook is set to its webhook.
  static async make(waha, { change, env, dir = freshFolder(), port, ini } = {}) {
    if (!existsSync(BIN)) throw new Error(`no ${BIN}: build it first, or set TOKOBOT_BUILD`);
    const bot = new Bot();
    bot.waha = waha;
    bot.dir = dir;
    bot.port = port ?? (await freePort());
    bot.url = `http://127.0.0.1:${bot.port}`;
    bot.file = join(dir, 'bot.ini');
    mkdirSync(dir, { recursive: true });
    writeIni(bot.file, ini ?? iniFor(bot.port, waha, change));
    bot.env = cleanEnv(env);
    if (waha) waha.hook = `${bot.url}/webhook/waha`;
    return bot;
  }

  async spawn(ms = 20000) {
    this.err = '';
    this.exit = null;
    this.process = spawn(BIN, ['run', '-c', this.file], { cwd: this.dir, env: this.env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.pid = this.process.pid;
    running.add(this);
    this.process.stderr.on('data', (d) => (this.err += d));
    this.ended = new Promise((ok) => this.process.once('close', (code, signal) => {
      this.exit = { code, signal };
      ok(this.exit);
    }));
    const until = Date.now() + ms;
    for (;;) {
      if (this.exit) throw new Error(`the bot ended with ${JSON.stringify(this.exit)}:\n${this.err}`);
      const r = await this.get('/health').catch(() => null);
      if (r?.status === 200) return this;
      if (Date.now() > until) {
        this.kill();
        throw new Error(`no healthy answer within ${ms} ms:\n${this.err}`);
      }
      await sleep(20);
    }
  }

  // kill -9 of all of it at once.
  kill() {
    for (const pid of [this.pid, ...this.family()]) {
      try { process.kill(pid, 'SIGKILL'); } catch { /* it is gone */ }
    }
    return this.ended;
  }

  get(path, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((ok, bad) => {
      const rq = http.request(this.url + path, { method, headers, agent: false }, (rs) => {
        const chunks = [];
        rs.on('data', (c) => chunks.push(c));
        rs.on('end', () => ok({ status: rs.statusCode, headers: rs.headers, text: Buffer.concat(chunks).toString() }));
        rs.on('error', bad);
      });
      rq.on('error', bad);
      rq.setTimeout(10000, () => rq.destroy(new Error('no answer in 10 s')));
      rq.end(body);
    });
  }

  async health() {
    return JSON.parse((await this.get('/health')).text);
  }

  // Until /health fits.
  async waitHealth(fits, ms = 15000) {
    const until = Date.now() + ms;
    let last;
    while (Date.now() < until) {
      last = await this.health().catch(() => null);
      if (last && fits(last)) return last;
      await sleep(50);
    }
    throw new Error(`health stayed ${JSON.stringify(last)}`);
  }

  children(pid) {
    try {
      return readdirSync(`/proc/${pid}/task`).flatMap((t) =>
        readFileSync(`/proc/${pid}/task/${t}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
    } catch {
      return [];
    }
  }

  // All descendants of the supervisor.
  family(pid = this.pid) {
    return this.children(pid).flatMap((c) => [c, ...this.family(c)]);
  }

  // The host: a direct child of the supervisor and the same executable.
  host() {
    return this.children(this.pid)[0] ?? null;
  }

  crash() {
    const pid = this.host();
    if (pid) process.kill(pid, 'SIGKILL');
    return pid;
  }

  // SIGTERM; exit 0 and nobody left, or an error.
  async stop(ms = 15000) {
    if (this.process && this.exit === null) {
      const family = this.family();
      process.kill(this.pid, 'SIGTERM');
      const timer = sleep(ms, 'late', { ref: false });
      if ((await Promise.race([this.ended, timer])) === 'late') {
        this.kill();
        throw new Error(`did not stop in ${ms} ms:\n${this.err}`);
      }
      if (this.exit.code !== 0) throw new Error(`ended with ${JSON.stringify(this.exit)}:\n${this.err}`);
      const left = family.filter((pid) => existsSync(`/proc/${pid}`));
      if (left.length) throw new Error(`still running after the stop: ${left}`);
    }
    this.discard();
    const wrong = misfits(this.waha?.calls ?? []);
    if (wrong.length) throw new Error(`what WAHA has no such call for:\n${wrong.join('\n')}`);
  }

  discard() {
    running.delete(this);
    if (!process.env.TOKOBOT_KEEP) rmSync(this.dir, { recursive: true, force: true });
  }
}

// A store with its admin; returns { id, code }.
export async function registerStore(superAdmin, name = 'Toko Maju', email = `maju${Date.now()}@example.com`) {
  await superAdmin.ask('/daftar_toko');
  await superAdmin.ask(name);
  await superAdmin.ask(email);
  let last = await superAdmin.ask('Rahasia-Toko-2026');
  if (!/ID toko:/.test(last)) last = await superAdmin.ask('YA');
  const id = last.match(/ID toko: *\*?(\d+)/)?.[1];
  const code = last.match(/Kode: *\*?#([A-Z2-9]{3,8})/)?.[1];
  if (!id || !code) throw new Error(`no store in: ${last}`);
  return { id: Number(id), code, said: last };
}

// A store with one product: what /lihat_produk says about a word then names the word.
export async function openShop(waha, makePerson) {
  const boss = makePerson(SUPER), admin = makePerson('6281100000012');
  const store = await registerStore(boss);
  await boss.ask(`/set_admin_toko ${store.id} 6281100000012`);
  await waha.waitFor((m) => m.chatId === '6281100000012@c.us', { what: 'the notice to the new admin' });
  await admin.ask('/tambah_produk\nNama: Sepatu Nike Air\nHarga: 500000\nStok: 10\nKategori: Sepatu');
  return store;
}
