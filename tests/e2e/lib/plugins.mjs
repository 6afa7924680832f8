// A bot whose plugins and bot.ini a test exchanges while it runs. The plugins are those of tests/plugins,
// built into tests/plugins of the build folder; what a bot is given is a copy of its own.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { BIN, BUILD, Bot, SUPER, freePort, freshFolder, iniFor, runTokobot, writeIni } from './bot.mjs';
import { FakeWaha, Person, sleep } from './fake-waha.mjs';

// Everything takes longer under a sanitizer.
export const SLOW = existsSync(BIN) && readFileSync(BIN).includes('__asan_init') ? 4 : 1;

// 'bomb', 'v2/shifty': its file.
export function testPlugin(name) {
  const file = join(BUILD, 'tests/plugins', `${name}.so`);
  if (existsSync(file)) return file;
  throw new Error(`no ${file}: build the test plugins first: cmake --build ${BUILD} --target test_plugins`);
}

// Polls until `look` gives something; what it gave.
export async function until(look, what, ms = 10000) {
  const end = Date.now() + ms * SLOW;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${ms * SLOW} ms: ${typeof what === 'function' ? what() : what}`);
    await sleep(20);
  }
}

// Puts one file in another's place, as an installer does: whoever has the old one open keeps it.
export function replaceFile(file, source) {
  copyFileSync(source, `${file}.new`);
  renameSync(`${file}.new`, file);
}

// Processes, by their arguments, that have to do with a folder.
export function processesOf(dir) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
    } catch {
      return false; // it has ended
    }
  });
}

export class Site {
  // A folder with a bot.ini, for run(). plugins: { NAME: test plugin }, above the bot's own in bot.ini. `crashes`:
  // they are to crash the bot; a sanitizer's reports of that are kept apart, and stop() looks for others among them.
  static async make(t, { plugins = { shifty: 'v1/shifty' }, crashes = false } = {}) {
    const site = new Site();
    site.dir = freshFolder();
    site.ini = join(site.dir, 'bot.ini');
    site.reports = crashes && SLOW > 1 ? freshFolder() : null;
    site.waha = await new FakeWaha({ retry: { attempts: 400, delayMs: 250 } }).up();
    t.after(() => site.waha.stop());
    mkdirSync(join(site.dir, 'plugins'));
    site.port = await freePort();
    site.sections = iniFor(site.port, site.waha);
    const own = site.sections.plugins;
    site.sections.plugins = {};
    for (const [name, which] of Object.entries(plugins)) site.sections.plugins[name] = site.put(name, which);
    site.set({ plugins: own });
    const env = {};
    if (site.reports) env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ''}:log_path=${join(site.reports, 'asan')}`;
    site.bot = await Bot.make(site.waha, { dir: site.dir, port: site.port, ini: site.sections, env });
    t.after(() => site.stop());
    return site;
  }

  static async start(t, options) {
    return (await Site.make(t, options)).run();
  }

  // Starts the bot, for the first time or again.
  async run(ms = 20000) {
    await this.bot.spawn(ms * SLOW);
    return this;
  }

  // Ends the bot; nothing that it has started may be left.
  async stop() {
    try {
      await this.bot.stop(20000 * SLOW);
    } finally {
      const left = processesOf(this.dir);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      assert.deepEqual(left, [], 'processes that are left');
    }
    for (const name of this.reports ? readdirSync(this.reports) : []) {
      const report = readFileSync(join(this.reports, name), 'utf8');
      assert.match(report, /AddressSanitizer: (SEGV on unknown address 0x000000000010|ABRT)/, 'only what the test wanted');
    }
  }

  // ---- files ----

  file(name) {
    return join(this.dir, 'plugins', `${name}.so`);
  }

  // Installs a test plugin, or another version of it; its file.
  put(name, which = name) {
    replaceFile(this.file(name), testPlugin(which));
    return this.file(name);
  }

  // Changes bot.ini: { section: { key: value } }; undefined removes a key.
  set(change) {
    for (const [section, keys] of Object.entries(change)) {
      this.sections[section] = { ...this.sections[section], ...keys };
      for (const [key, value] of Object.entries(keys)) if (value === undefined) delete this.sections[section][key];
    }
    writeIni(this.ini, this.sections);
  }

  // Switches test plugins on.
  on(...names) {
    this.set({ plugins: Object.fromEntries(names.map((name) => [name, this.put(name)])) });
  }

  off(...names) {
    this.set({ plugins: Object.fromEntries(names.map((name) => [name, undefined])) });
  }

  // The copies that the bot has made for itself.
  copies() {
    return readdirSync(join(this.dir, 'data/plugin-cache')).sort();
  }

  // Those that are part of the host.
  mapped() {
    const maps = readFileSync(`/proc/${this.bot.host()}/maps`, 'utf8');
    return [...new Set([...maps.matchAll(/\/data\/plugin-cache\/(\S+\.so)$/gm)].map((m) => m[1]))].sort();
  }

  // ---- asking the bot ----

  tokobot(...args) {
    return runTokobot([...args, '-c', this.ini], { cwd: this.dir, ms: 30000 * SLOW });
  }

  // One JSON line to the control socket; the one that answers it.
  control(request) {
    return new Promise((ok, bad) => {
      const s = net.connect(join(this.dir, 'data/tokobot.sock'));
      let text = '';
      s.setTimeout(30000 * SLOW, () => s.destroy(new Error(`no answer to ${JSON.stringify(request)}`)));
      s.on('connect', () => s.write(JSON.stringify(request) + '\n'));
      s.on('data', (d) => {
        text += d;
        if (!text.includes('\n')) return;
        ok(JSON.parse(text.split('\n')[0]));
        s.destroy();
      });
      s.on('error', bad);
      s.on('close', () => bad(new Error(`the connection was closed before an answer to ${JSON.stringify(request)}`)));
    });
  }

  // { ok, result, reload, changes | errors }
  reload() {
    return this.control({ cmd: 'reload' });
  }

  // A reload that succeeds; what has changed.
  async reloadOk() {
    const r = await this.reload();
    assert.equal(r.result, 'ok', JSON.stringify(r));
    return r.changes;
  }

  // A reload that does not; why.
  async reloadRefused() {
    const r = await this.reload();
    assert.equal(r.result, 'refused', JSON.stringify(r));
    return r.errors;
  }

  // A reload after which there is nothing to complain about, whether or not anything else changes.
  async mended() {
    const r = await this.reload();
    assert.notEqual(r.result, 'refused', JSON.stringify(r));
    await this.healthy();
    assert.deepEqual((await this.status()).problems, []);
  }

  // As `tokobot plugin list --json` has it.
  async list() {
    return (await this.control({ cmd: 'plugins' })).plugins;
  }

  // All generations of one plugin, the running one first.
  async generations(name) {
    return (await this.list()).filter((p) => p.name === name);
  }

  status() {
    return this.control({ cmd: 'status' });
  }

  // ---- the log ----

  mark() {
    return this.bot.err.length;
  }

  lines(what, since = 0) {
    return this.bot.err.slice(since).split('\n').filter((line) => what.test(line));
  }

  line(what, since = 0, ms = 10000) {
    const text = () => `a log line like ${what}; there is:\n${this.bot.err.slice(since)}`;
    return until(() => this.lines(what, since)[0], text, ms);
  }

  // ---- people ----

  person(n) {
    return new Person(this.waha, `6281100000${String(n).padStart(3, '0')}`);
  }

  ask(n, text) {
    return this.person(n).ask(text, 10000 * SLOW);
  }

  get boss() {
    return new Person(this.waha, SUPER);
  }

  // What the super admin was told that fits; the first of it, soon.
  told(what) {
    return this.waha.to(SUPER).filter((m) => what.test(m.text));
  }

  hears(what) {
    return until(() => this.told(what)[0], `a note to the super admin like ${what}`);
  }

  // The version of shifty that answers a customer, like "v1".
  async version(n = 31) {
    return (await this.ask(n, '/versi')).replace('shifty ', '');
  }

  async metric(name) {
    const { text } = await this.bot.get('/metrics');
    return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  }

  // SIGTERM, the end, a new start.
  async restart(ms) {
    process.kill(this.bot.pid, 'SIGTERM');
    assert.deepEqual(await this.bot.ended, { code: 0, signal: null });
    return this.run(ms);
  }

  // The host after this one.
  nextHost(pid, ms = 10000) {
    return until(() => {
      const now = this.bot.host();
      return now && now !== pid ? now : null;
    }, `another host than ${pid}`, ms);
  }

  // Soon, if not now: a gateway needs a moment after a start.
  healthy() {
    return this.bot.waitHealth((h) => h.status === 'healthy', 10000 * SLOW);
  }

  // Until it answers /health again.
  serves(ms = 10000) {
    return until(() => this.bot.get('/health').then((r) => r.status === 200, () => false), 'an answer to /health', ms);
  }
}

// Many people who each write one message; each is to get one answer.
export class Crowd {
  // text(n): what number n of them writes.
  constructor(waha, { from = 100, count = 300, rate = 300, text }) {
    Object.assign(this, { waha, from, count, rate, text });
    this.since = waha.delivered.length;
    this.done = this.#write();
  }

  phone(n) {
    return `6281100000${String(this.from + n).padStart(3, '0')}`;
  }

  async #write() {
    const began = Date.now(), writes = [];
    while (writes.length < this.count) {
      while (writes.length < Math.min(this.count, ((Date.now() - began) * this.rate) / 1000)) {
        const n = writes.length;
        writes.push(this.waha.write({ phone: this.phone(n), text: this.text(n) }));
      }
      await sleep(5);
    }
    const acks = await Promise.all(writes);
    assert.ok(acks.every((a) => a.status === 200), 'every message was taken in the end');
  }

  // The answers, by number, once each has one and no more have come for a while. `more`: numbers who may get other
  // texts, too.
  async answers(ms = 30000, more = []) {
    await this.done;
    const heard = () => {
      const texts = Array.from({ length: this.count }, () => []);
      for (const m of this.waha.delivered.slice(this.since)) {
        const n = Number(m.chatId.slice(0, 13)) - Number(this.phone(0));
        if (n >= 0 && n < this.count) texts[n].push(m.text);
      }
      return texts;
    };
    const missing = () => heard().filter((texts) => !texts.length).length;
    await until(() => !missing(), () => `an answer to all: ${missing()} have none`, ms);
    await sleep(1000);
    const texts = heard(), numbered = texts.map((list, n) => ({ n, list }));
    assert.deepEqual(numbered.filter(({ n, list }) => list.length !== 1 && !more.includes(n)), [], 'one answer each');
    return texts.map((list) => list[0]);
  }
}

// Somebody who asks for /ping all the time. `refused`: connections that were not taken.
export class Pinger {
  constructor(t, bot) {
    Object.assign(this, { bot, refused: [], answered: 0, longest: 0, going: true });
    this.done = this.#run();
    t.after(() => this.stop()); // also when the test fails before it stops it
  }

  #once() {
    return new Promise((ok) => {
      const rq = http.get(`${this.bot.url}/ping`, { agent: false }, (rs) => {
        rs.resume().on('end', () => ok(null)).on('error', ok);
      });
      rq.on('error', ok);
    });
  }

  async #run() {
    while (this.going) {
      const began = Date.now();
      const error = await this.#once();
      if (error?.code === 'ECONNREFUSED') this.refused.push(Date.now());
      if (!error) this.answered++;
      this.longest = Math.max(this.longest, Date.now() - began);
      await sleep(2);
    }
  }

  async stop() {
    this.going = false;
    await this.done;
  }

  toString() {
    return `the longest of ${this.answered} pings took ${this.longest} ms`;
  }
}
