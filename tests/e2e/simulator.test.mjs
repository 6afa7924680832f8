// The simulator over the control socket: the lines that `tokobot chat` and the transcript runner use.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Bot, SUPER } from './lib/bot.mjs';
import { sleep } from './lib/fake-waha.mjs';

let bot;
before(async () => {
  bot = await Bot.start(null, { change: { plugins: { waha: 'off', simulator: 'on' } } });
});
after(() => bot?.stop());

class Line {
  static async open() {
    const l = new Line();
    l.got = [];
    l.waiters = [];
    l.socket = net.connect(join(bot.dir, 'data/tokobot.sock'));
    let rest = '';
    l.socket.on('data', (d) => {
      const parts = (rest + d).split('\n');
      rest = parts.pop();
      for (const p of parts) (l.waiters.shift() ?? ((x) => l.got.push(x)))(JSON.parse(p));
    });
    l.socket.on('error', () => {});
    await new Promise((ok) => l.socket.once('connect', ok));
    return l;
  }
  send(o) {
    this.socket.write((typeof o === 'string' ? o : JSON.stringify({ cmd: 'chat', ...o })) + '\n');
    return this;
  }
  next(ms = 5000) {
    if (this.got.length) return Promise.resolve(this.got.shift());
    return new Promise((ok, bad) => {
      const timer = setTimeout(() => bad(new Error('no line came')), ms);
      this.waiters.push((x) => (clearTimeout(timer), ok(x)));
    });
  }
  async ask(o) {
    return this.send(o).next();
  }
}

test('the socket is for its owner only', () => {
  assert.equal(statSync(join(bot.dir, 'data/tokobot.sock')).mode & 0o777, 0o600);
});

test('joining, saying, and what the bot says', async () => {
  const l = await Line.open();
  assert.deepEqual(await l.ask({ as: SUPER }), { ok: true, joined: SUPER });
  const said = await l.ask({ as: SUPER, say: '/lihat_toko' });
  assert.equal(said.ok, true);
  const answer = await l.next();
  assert.equal(answer.from, 'bot');
  assert.equal(answer.to, SUPER);
  assert.match(answer.text, /Toko: 0/);
  assert.match(answer.id, /^SIM\d+$/);
  await sleep(200);
  assert.equal(l.got.length, 0);
  l.socket.destroy();
});

test('an observer hears all, others only their own', async () => {
  const all = await Line.open(), other = await Line.open(), talker = await Line.open();
  await all.ask({ as: SUPER, all: true });
  await other.ask({ as: '6281100000032' });
  assert.equal((await talker.ask({ as: '6281100000031', say: 'halo' })).ok, true);
  assert.equal((await all.next()).to, '6281100000031');
  await sleep(200);
  assert.equal(other.got.length + talker.got.length, 0);
  for (const l of [all, other, talker]) l.socket.destroy();
});

test('the same native id is one message', async () => {
  const l = await Line.open();
  await l.ask({ as: '6281100000033' });
  for (let i = 0; i < 5; i++) l.send({ as: '6281100000033', say: 'halo', id: 'SAMA1' });
  await sleep(600);
  const said = l.got.filter((x) => x.from === 'bot');
  assert.equal(l.got.filter((x) => x.ok).length, 5);
  assert.equal(said.length, 1);
  l.socket.destroy();
});

test('bad lines get a sentence and the connection goes on', async () => {
  const l = await Line.open();
  for (const bad of ['halo', '[]', '{}', '{"cmd":7}', '{"cmd":"tidak_ada"}', '{"cmd":"chat"}', '{"cmd":"chat","as":"x"}',
                     '{"cmd":"chat","as":"6281100000031","say":""}', '{"cmd":"chat","as":"6281100000031","say":7}']) {
    const r = await l.ask(bad);
    assert.equal(r.ok, false, bad);
    assert.ok(r.error.length > 3, bad);
  }
  assert.equal((await l.ask({ as: '6281100000031' })).ok, true);
  l.socket.destroy();
});

test('a listener that went away harms nobody', async () => {
  const gone = await Line.open(), stays = await Line.open();
  await gone.ask({ as: '6281100000034' });
  await stays.ask({ as: '6281100000034' });
  gone.socket.destroy();
  await sleep(50);
  await stays.ask({ as: '6281100000034', say: 'halo' });
  assert.equal((await stays.next()).to, '6281100000034');
  stays.socket.destroy();
});
