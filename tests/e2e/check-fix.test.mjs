// `tokobot check --fix`: WAHA's webhook settings, as the running bot needs them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { BIN, Bot, iniFor, runTokobot, writeIni } from './lib/bot.mjs';
import { FakeWaha, sleep } from './lib/fake-waha.mjs';
import { misfits } from './lib/openapi.mjs';

const EVENTS = ['message.any', 'message.ack', 'message.edited', 'message.revoked', 'message.reaction', 'poll.vote', 'session.status'];
const RETRIES = { policy: 'linear', delaySeconds: 2, attempts: 15 };
const URL = 'http://bot.example:5000/webhook/waha';
const KEY = 'rahasia-uji'; // the fake WAHA's, and so the bot's
const GOOD = { url: URL, events: EVENTS, hmac: { key: KEY }, retries: RETRIES };
const FOREIGN = { url: 'https://crm.example/in?token=7', events: ['message', 'group.v2.join'], hmac: { key: 'milik-crm' },
                  retries: { policy: 'linear', delaySeconds: 5, attempts: 3 }, customHeaders: [{ name: 'X-A', value: 'b:c' }] };
const CONFIG = { metadata: { 'user.id': '17', 'toko': 'Maju "1" \\ é' }, proxy: null, debug: false, ignore: { status: true, groups: null },
                 noweb: { markOnline: true, store: { enabled: true, fullSync: false } } };

async function start(t, webhooks, { settings = {}, ini = {}, waha: options = {} } = {}) {
  const waha = await new FakeWaha(options).up();
  t.after(() => waha.stop());
  waha.config = webhooks === undefined ? structuredClone(CONFIG) : structuredClone({ ...CONFIG, webhooks });
  const bot = await Bot.start(waha, { change: { waha: settings, ...ini } });
  t.after(() => bot.stop());
  await bot.waitHealth((h) => h.waha === 'connected'); // it looks at its session no more for 5 minutes
  return { waha, bot };
}

const fix = (bot, ...more) => runTokobot(['check', '-c', bot.file, '--fix', ...more], { ms: 60000 });
const puts = (waha) => waha.calls.filter((c) => c.method === 'PUT');

function untold(r, bot, ...more) {
  for (const secret of [KEY, 'kunci-uji', 'kunci-lain', 'milik-crm', 'token=7', ...more])
    for (const [where, text] of Object.entries({ out: r.out, err: r.err, log: bot.err }))
      assert.ok(!text.includes(secret), `${secret} is in ${where}`);
}

test('wrong events: the missing ones are added, all else stays', async (t) => {
  const ours = { ...GOOD, events: ['message', 'session.status', 'presence.update'], retries: { policy: 'constant', delaySeconds: 1, attempts: 99 },
                 customHeaders: [{ name: 'X-B', value: '1' }] };
  const { waha, bot } = await start(t, [FOREIGN, ours]);
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.match(r.out, /bot\.ini is fine\n/);
  assert.match(r.out, /waha: session 'default': webhook http:\/\/bot\.example:5000\/webhook\/waha: add the events message\.ack, message\.edited, message\.revoked, message\.reaction, poll\.vote\. The session restarts for some seconds\n/);
  assert.match(r.out, /waha: session 'default': written\n/);
  assert.doesNotMatch(r.out, /hmac|retries/);
  assert.equal(puts(waha).length, 1);
  assert.equal(puts(waha)[0].path, '/api/sessions/default');
  const events = ['message', 'session.status', 'presence.update', ...EVENTS.slice(1, 6)];
  assert.deepEqual(puts(waha)[0].body, { config: { ...CONFIG, webhooks: [FOREIGN, { ...ours, events }] } });
  untold(r, bot);
  const again = await fix(bot, '--yes');
  assert.equal(again.code, 0);
  assert.match(again.out, /nothing to mend\n/);
  assert.equal(puts(waha).length, 1);
});

test('a wrong key, a missing key: the bot\'s is set, and nobody is told', async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, hmac: { key: 'kunci-lain' } }]);
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.match(r.out, /sign with the bot's hmac_key instead of another key\. The session restarts/);
  assert.deepEqual(waha.config.webhooks, [GOOD]);
  untold(r, bot);
  waha.config.webhooks = [{ url: URL, events: ['*'], hmac: null, retries: null }];
  const second = await fix(bot, '--yes');
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /sign with the bot's hmac_key; keep trying/);
  assert.deepEqual(waha.config.webhooks, [{ ...GOOD, events: ['*'] }]);
  untold(second, bot);
});

test('no webhook of ours: it is added under webhook_url, a foreign one is kept, and both may fire', async (t) => {
  const { waha, bot } = await start(t, [FOREIGN], { settings: { webhook_url: URL } });
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.match(r.out, /add the webhook http:\/\/bot\.example:5000\/webhook\/waha.*WHATSAPP_HOOK_URL.*both send.*The session restarts/);
  assert.deepEqual(waha.config, { ...CONFIG, webhooks: [FOREIGN, GOOD] });
  untold(r, bot);
  assert.match((await fix(bot)).out, /nothing to mend/);
});

test('a session without any settings gets them', async (t) => {
  const { waha, bot } = await start(t, undefined, { settings: { webhook_url: URL } });
  for (const config of [{}, null, { webhooks: null }]) {
    waha.config = config;
    assert.equal((await fix(bot, '--yes')).code, 0);
    assert.deepEqual(waha.config, { webhooks: [GOOD] });
  }
});

test('neither a webhook nor webhook_url: it says what to set, and nothing is written', async (t) => {
  const { waha, bot } = await start(t, [FOREIGN]);
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 1);
  assert.match(r.err, /session 'default' has no webhook of its own for the bot: set webhook_url in \[waha\].*WHATSAPP_HOOK_URL/);
  assert.doesNotMatch(r.out, /Write this|written/);
  assert.deepEqual(puts(waha), []);
});

test('a webhook that leads to a bot keeps its URL; that of another bot is let be; of several webhook_url says which', async (t) => {
  const staging = { ...GOOD, url: 'http://staging.example/webhook/waha', events: ['message'] };
  const { waha, bot } = await start(t, [staging], { settings: { webhook_url: URL } });
  const others = await fix(bot, '--yes');
  assert.equal(others.code, 1);
  assert.match(others.err, /http:\/\/staging\.example\/webhook\/waha is not webhook_url/);
  assert.deepEqual(waha.config.webhooks, [staging]);
  waha.config.webhooks = [staging, { ...GOOD, events: ['message', 'message.ack'] }];
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.deepEqual(waha.config.webhooks[0], staging);
  assert.equal(waha.config.webhooks[1].events.length, 7);
  waha.config.webhooks = [staging, { ...GOOD, url: 'http://a.example/webhook/waha' }];
  const open = await fix(bot, '--yes');
  assert.equal(open.code, 1);
  assert.match(open.err, /2 webhooks lead to a bot: set webhook_url/);
});

test('without a terminal and without --yes nothing is written', async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, events: [] }]);
  const r = await fix(bot);
  assert.equal(r.code, 1);
  assert.match(r.out, /add the events message\.any/);
  assert.match(r.err, /nothing was written: say --yes/);
  assert.deepEqual(puts(waha), []);
});

// On a terminal of its own, which script(1) makes; what is typed as `said`.
function typed(bot, said) {
  return new Promise((ok, bad) => {
    const p = spawn('script', ['-qec', `${BIN} check -c ${bot.file} --fix`, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    const timer = setTimeout(() => p.kill('SIGKILL'), 60000);
    p.stdout.on('data', (d) => {
      out += d;
      if (!p.asked && /\[y\/N\] $/.test(out)) (p.asked = true), p.stdin.write(`${said}\n`);
    });
    p.once('error', bad);
    p.once('close', (code) => (clearTimeout(timer), ok({ code, out, err: '' })));
  });
}

test('on a terminal it asks: n and Enter leave everything, y writes', { skip: spawnSync('script', ['-V']).error && 'no script(1)' }, async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, events: [] }]);
  for (const no of ['n', '', 'apa']) {
    const r = await typed(bot, no);
    assert.equal(r.code, 1, r.out);
    assert.match(r.out, /Write this\? \[y\/N\] [^]*nothing was written/);
  }
  assert.deepEqual(puts(waha), []);
  const r = await typed(bot, 'y');
  assert.equal(r.code, 0, r.out);
  assert.match(r.out, /session 'default': written/);
  assert.deepEqual(waha.config.webhooks, [GOOD]);
});

for (const [fault, says] of [[{ kind: 422, status: 'STARTING' }, /WAHA did not take the settings; look whether the session works \(422\)/],
                             [{ kind: 500, message: 'boom' }, /WAHA did not take the settings; look whether the session works \(500\)/],
                             [{ kind: 401 }, /refuses the API key \(401\)/],
                             [{ kind: 'html', status: 504 }, /did not say what became of the settings/],
                             [{ kind: 'reset-after' }, /did not say what became of the settings/]]) {
  test(`a PUT that ends with ${fault.kind} is told`, async (t) => {
    const { waha, bot } = await start(t, [{ ...GOOD, hmac: { key: 'kunci-lain' } }]);
    waha.fault = { ...fault, method: 'PUT', only: '/api/sessions/' };
    const r = await fix(bot, '--yes');
    assert.equal(r.code, 1);
    assert.match(r.err, says);
    assert.doesNotMatch(r.out, /: written/);
    untold(r, bot, 'boom');
    waha.fault = null;
    assert.equal((await fix(bot, '--yes')).code, 0);
    assert.deepEqual(waha.config.webhooks, [GOOD]);
  });
}

test('a WAHA that does not tell its settings: why, and nothing is asked or written', async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, events: [] }]);
  for (const [change, says] of [[() => (waha.fault = { kind: 401 }), /WAHA refuses the API key \(401\): set api_key/],
                                [() => (waha.fault = { kind: 'html', status: 200 }), /something else than WAHA answers/],
                                [() => (waha.fault = { kind: 'html', status: 404 }), /not WAHA: is base_url right/],
                                [() => (waha.fault = { kind: 500 }), /WAHA does not tell its settings \(500\)/],
                                [() => ((waha.fault = null), (waha.config = 7)), /not known: change them in its dashboard/],
                                [() => (waha.config = { webhooks: { 0: GOOD } }), /not known: change them in its dashboard/],
                                [() => (waha.status = 'missing'), /WAHA has no such session/],
                                [() => waha.down(), /WAHA cannot be reached/]]) {
    await change();
    const r = await fix(bot, '--yes');
    assert.equal(r.code, 1, r.out);
    assert.match(r.err, says);
    assert.doesNotMatch(r.out, /nothing to mend|written/);
    untold(r, bot);
  }
  assert.deepEqual(puts(waha), []);
});

test('two accounts: each at its own WAHA, the one that is away does not hold the other back', async (t) => {
  const own = await new FakeWaha({ engine: 'GOWS', session: 'jaya', apiKey: 'kunci-kedua' }).up();
  t.after(() => own.stop());
  own.config = { webhooks: [] };
  const { waha, bot } = await start(t, [FOREIGN, { ...GOOD, events: ['message.any'] }],
    { settings: { webhook_url: URL }, ini: { 'waha.jaya': { base_url: own.url, api_key: own.apiKey } } });
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.match(r.out, /session 'default': webhook [^]*session 'jaya': add the webhook [^]*session 'default': written[^]*session 'jaya': written/);
  assert.deepEqual(waha.config.webhooks, [FOREIGN, { ...GOOD, events: EVENTS }]);
  assert.deepEqual(own.config, { webhooks: [GOOD] });
  assert.deepEqual(misfits(own.calls), []);
  untold(r, bot, 'kunci-kedua');

  waha.config.webhooks[1].events = [];
  await own.down();
  const half = await fix(bot, '--yes');
  assert.equal(half.code, 1);
  assert.match(half.out, /session 'default': written/);
  assert.equal(half.err.match(/session 'jaya': WAHA cannot be reached/g).length, 1, 'it is told once');
  assert.deepEqual(waha.config.webhooks[1], GOOD);
});

test('a stopped session stays so, and nothing is said of a restart', async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, events: [] }], { settings: { manage_session: 'no' } });
  waha.status = 'STOPPED';
  const r = await fix(bot, '--yes');
  assert.equal(r.code, 0, r.err);
  assert.doesNotMatch(r.out, /restarts/);
  assert.ok(!waha.calls.some((c) => c.method === 'POST' && /\/(re)?start$/.test(c.path)));
});

test('a reload in between: it is told, and the next question is answered', async (t) => {
  const { waha, bot } = await start(t, [{ ...GOOD, events: [] }], { ini: { core: { drain: '1s' } } });
  waha.fault = { kind: 'hang', method: 'GET', only: '/api/sessions/', times: 1 };
  const asked = fix(bot, '--yes');
  while (!waha.fault.hits) await sleep(20);
  const ini = iniFor(bot.port, waha, { core: { drain: '1s' }, waha: { per_minute: 19 } });
  writeIni(bot.file, ini);
  const reload = await runTokobot(['reload', '-c', bot.file]);
  assert.equal(reload.code, 0, reload.err + reload.out);
  const r = await asked;
  assert.equal(r.code, 1, r.out);
  assert.match(r.err, /waha: the bot reloads or stops: ask again/);
  assert.equal((await fix(bot, '--yes')).code, 0);
  assert.deepEqual(waha.config.webhooks, [GOOD]);
});

test('nobody to ask: no running bot, no plugin that mends anything, a wrong bot.ini', async (t) => {
  const { bot } = await start(t, [GOOD]);
  const well = await fix(bot);
  assert.equal(well.code, 0, well.err);
  assert.match(well.out, /nothing to mend/);
  const asked = await runTokobot(['check', '-c', bot.file, '--yes']);
  assert.equal(asked.code, 64);
  assert.match((await runTokobot(['check', '--help'])).out, /--fix[^]*--yes/);
  const other = await Bot.make(null, { change: {} });
  t.after(() => other.discard());
  const none = await fix(other);
  assert.equal(none.code, 69);
  assert.match(none.out, /is fine/);
  assert.match(none.err, /no bot is running here/);
});
