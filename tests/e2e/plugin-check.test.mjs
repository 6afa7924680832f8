// tokobot plugin check: what is sound and what is not, in words.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, freshFolder, runTokobot } from './lib/bot.mjs';
import { testPlugin } from './lib/plugins.mjs';

const TMPDIR = freshFolder();
// Some crash on purpose: under AddressSanitizer, too, that is a SIGSEGV, as anywhere, and no report.
const ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ''}:handle_segv=0`;
const check = (file, ...more) => runTokobot(['plugin', 'check', file, ...more], { ms: 60000, env: { TMPDIR, ASAN_OPTIONS } });

for (const name of ['catalog', 'super-admin', 'simulator', 'waha']) {
  test(`our own ${name} is sound`, async () => {
    const r = await check(join(BUILD, 'plugins', `${name}.so`));
    assert.equal(r.code, 0, r.out + r.err);
    assert.match(r.out, /50 reloads with work pending: \d+ callbacks, 0 failed; every generation came to its end/);
    assert.match(r.out, /^sound$/m);
  });
}

test('a plugin with three migrations is upgraded from each of them, with rows', async () => {
  const r = await check(testPlugin('v4/shifty'));
  assert.equal(r.code, 0, r.out + r.err);
  assert.match(r.out, /migrations: 3 on an empty database; 2 upgrades with rows/);
  assert.match(r.out, /registers \/versi \/tunda \/kata \/catat message\.text:50/);
  assert.match(r.out, /settings of \[shifty\]: word=kata/);
});

const bad = {
  'no-symbol': /exports no bot_plugin_v1: use BOT_PLUGIN/,
  'two-symbols': /exports `two_symbols_answer` beside bot_plugin_v1/,
  'text-relocations': /has text relocations: compile with -fPIC/,
  'init-forks': /uses `fork`: a plugin may not start processes/,
  'init-exits': /uses `exit`: a plugin may not end the process/,
  'uses-atexit': /may not leave something to the process's end/,
  'uses-signal': /may not change signals/,
  'thread-left': /uses `pthread_create`: a plugin may not start threads/,
  'thread-left-hidden': /its init\(\) started a thread/,
  'init-forks-hidden': /its init\(\) started a process/,
  'init-exits-hidden': /its init\(\) ended the process/,
  'init-crashes': /its init\(\) crashed \(/,
  'init-hangs': /its init\(\) did not return within 2 s/,
  'constructor-crashes': /loading it \(a constructor, before init\(\)\) crashed/,
  'wrong-major': /build it again/,
  'init-fails': /its init\(\) failed/,
  'start-crashes': /start of start-crashes crashed/,
  'start-fails': /its start\(\) failed/,
  'migration-fails': /migration 2 of migration-fails failed/,
  'needs-service': /needs the service weather\/0, which no plugin that is on provides/,
  'foreign-statement': /BAD +a statement uses tables that are not the plugin's: SELECT id, name FROM persons/,
  'unscoped-statement': /BAD +a statement reaches rows of all stores \(no \$store\), and nothing here is declared BOT_ALL_STORES/,
};
for (const [name, words] of Object.entries(bad)) {
  test(`not sound: ${name}`, async () => {
    const r = await check(testPlugin(name));
    assert.equal(r.code, 1, r.out + r.err);
    assert.match(r.out, words);
    assert.match(r.out, /^not sound$/m);
  });
}

test('a callback that crashes is named', async () => {
  const r = await check(testPlugin('bomb'));
  assert.equal(r.code, 1, r.out + r.err);
  assert.match(r.out, /BAD +\w+ of bomb (crashed|ended the process)/);
});

test('a stop() that never returns is named', { skip: !process.env.TOKOBOT_LONG && 'takes 20 s: TOKOBOT_LONG=1' }, async () => {
  const r = await check(testPlugin('v6/shifty'));
  assert.equal(r.code, 1, r.out + r.err);
  assert.match(r.out, /stop of shifty did not return/);
});

test('what is no plugin at all, and words that are no file', async () => {
  assert.equal((await check('/nowhere/promo.so')).code, 1);
  assert.match((await check('/nowhere/promo.so')).out, /No such file/);
  assert.match((await check('/etc/hostname')).err, /NAME\.so/);
  assert.equal((await runTokobot(['plugin', 'check'])).code, 64);
  assert.equal((await runTokobot(['plugin'])).code, 64);
});

test('nothing is left behind', () => {
  assert.deepEqual(readdirSync(TMPDIR), []);
});
