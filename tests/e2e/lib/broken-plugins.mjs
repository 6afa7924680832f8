// What is wrong with a plugin, one thing at a time: { what, make(site), says }. make() switches it on in a Site;
// says is the sentence with which it is refused, at a reload as at a start: who, why, and what to do.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testPlugin } from './plugins.mjs';

const shiftyBytes = () => readFileSync(testPlugin('v2/shifty'));

function forAnotherProcessor() {
  const bytes = Buffer.from(shiftyBytes());
  bytes.writeUInt16LE(bytes.readUInt16LE(18) === 62 ? 183 : 62, 18); // e_machine: x86-64, 64-bit ARM
  return bytes;
}

// Ways to break something: test plugins that are switched on; a file with these bytes; something else with a path.
const on = (...names) => (site) => site.on(...names);
const file = (name, bytes, mode = 0o755) => (site) => {
  writeFileSync(site.file(name), bytes());
  chmodSync(site.file(name), mode);
  site.set({ plugins: { [name]: site.file(name) } });
};
const path = (name, find) => (site) => site.set({ plugins: { [name]: find(site) } });

function aPipe(site) {
  execFileSync('mkfifo', [site.file('pipa')]);
  return site.file('pipa');
}

function inFolderForAll(site) {
  const dir = join(site.dir, 'umum');
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, 'umum.so'), shiftyBytes());
  return join(dir, 'umum.so');
}

const CRASHED = '(crashed \\(Segmentation fault\\)|ended the process)'; // the latter under a sanitizer
const OWN_TABLES = 'it may only make and use tables whose names begin with';

export const broken = [
  // the file
  { what: 'a missing file', make: path('hilang', (site) => site.file('hilang')),
    says: /plugins\/hilang\.so: No such file or directory; build or install it, or set hilang = off/ },
  { what: 'a folder', make: path('map', (site) => site.dir),
    says: /tokobot-e2e-\w+ cannot be copied: it is no regular file; name a plugin's \.so/ },
  { what: 'a pipe', make: path('pipa', aPipe),
    says: /plugins\/pipa\.so cannot be copied: it is no regular file; name a plugin's \.so/ },
  { what: 'an empty file', make: file('kosong', () => ''),
    says: /plugins\/kosong\.so is empty: copy or build it again/ },
  { what: 'a text', make: file('teks', () => '#!/bin/sh\necho halo\n'),
    says: /plugins\/teks\.so is no shared library for this machine: build it here/ },
  { what: 'half of a file', make: file('separuh', () => shiftyBytes().subarray(0, shiftyBytes().length / 2)),
    says: /plugins\/separuh\.so is cut short: copy or build it again/ },
  { what: 'a file for another processor', make: file('lain', forAnotherProcessor),
    says: /plugins\/lain\.so is built for another processor \(.+\): build it here/ },
  { what: 'a file that everybody may write', make: file('terbuka', shiftyBytes, 0o666),
    says: /plugins\/terbuka\.so can be written by everybody \(mode 0666\): chmod o-w it/ },
  { what: 'a folder that everybody may write', make: path('umum', inFolderForAll),
    says: /umum\.so lies in \S+umum, which can be written by everybody \(mode 0777\): chmod o-w \S+umum/ },

  // what it exports and uses
  { what: 'no manifest', make: on('no-symbol'),
    says: /plugins\/no-symbol\.so exports no bot_plugin_v1: use BOT_PLUGIN/ },
  { what: 'a second symbol', make: on('two-symbols'),
    says: /two-symbols\.so exports `two_symbols_answer` beside bot_plugin_v1: compile with -fvisibility=hidden/ },
  { what: 'text relocations', make: on('text-relocations'),
    says: /plugins\/text-relocations\.so has text relocations: compile with -fPIC/ },
  { what: 'exit()', make: on('init-exits'),
    says: /plugins\/init-exits\.so uses `exit`: a plugin may not end the process: return an error instead/ },
  { what: 'fork()', make: on('init-forks'),
    says: /plugins\/init-forks\.so uses `fork`: a plugin may not start processes; use api->work\(\) or api->http\(\)/ },
  { what: 'atexit()', make: on('uses-atexit'),
    says: /uses-atexit\.so uses `\w*atexit`: a plugin may not leave something to the process's end .*: do it in stop\(\)/ },
  { what: 'signal()', make: on('uses-signal'),
    says: /plugins\/uses-signal\.so uses `signal`: a plugin may not change signals: they are the host's/ },
  { what: 'a thread', make: on('thread-left'),
    says: /plugins\/thread-left\.so uses `pthread_create`: a plugin may not start threads: use api->work\(\)/ },

  // its manifest
  { what: 'another major version of the SDK', make: on('wrong-major'),
    says: /plugins\/wrong-major\.so is built for SDK \d+\.\d+, this host has \d+\.\d+: build it again/ },
  { what: 'a newer SDK', make: on('newer-minor'),
    says: /plugins\/newer-minor\.so needs SDK \d+\.\d+, this host has \d+\.\d+: install a newer Tokobot/ },
  { what: 'a manifest without a size', make: on('size-zero'),
    says: /plugins\/size-zero\.so: its manifest is cut short \(0 bytes\): use BOT_PLUGIN and build it again/ },
  { what: 'a manifest that is cut', make: on('cut-manifest'),
    says: /plugins\/cut-manifest\.so: its manifest is cut short \(16 bytes\): use BOT_PLUGIN and build it again/ },
  { what: 'no name', make: on('null-name'),
    says: /plugins\/null-name\.so: its manifest lacks a name, a version or init\(\): fill BOT_PLUGIN's arguments/ },
  { what: "another's name", make: on('other-name'),
    says: /plugins\/other-name\.so calls itself "somebody-else": write somebody-else = on/ },
  { what: "a name of the host's", make: on('sqlite'),
    says: /plugins\/sqlite\.so: the name "sqlite" is taken: choose another/ },

  // its init()
  { what: 'an init() that fails', make: on('init-fails'),
    says: /init-fails: its init\(\) failed; its log may say why/ },
  { what: 'a command with a bad name', make: on('bad-command'),
    says: /bad-command: command "Lihat Produk": a name is a-z 0-9 _/ },
  { what: 'a setting with a bad name', make: on('bad-config'),
    says: /bad-config: config key "Base URL" needs a name of a-z 0-9 _/ },
  { what: 'a dialog without steps', make: on('bad-dialog'),
    says: /bad-dialog: dialog "ask" needs a name, steps and done/ },
  { what: 'migrations that do not count 1, 2, 3', make: on('bad-migration'),
    says: /bad-migration: migration 1: ids are 1, 2, 3 \.\.\. and each has SQL/ },
  { what: 'a time of day that there is not', make: on('bad-schedule'),
    says: /bad-schedule: schedule "nightly" needs .*daily_at "HH:MM"/ },

  // beside others
  { what: 'a command of another plugin', make: on('command-clash', 'command-clash-too'),
    says: /command-clash-too: command "hello" is already command-clash's; switch one of the two off, or rename it/ },
  { what: 'a verb of another plugin', make: on('route-clash-a', 'route-clash-b'),
    says: /route-clash-b: route "clash" is already route-clash-a's; switch one of the two off, or rename it/ },
  { what: 'a verb of the simulator', make: (site) => {
    site.set({ plugins: { simulator: 'on' } });
    site.on('route-clash');
  }, says: /route-clash: route "chat" is already simulator's; switch one of the two off, or rename it/ },
  { what: 'a circle of services', make: on('cycle-a', 'cycle-b'),
    says: /cycle-a: these need each other's services in a circle, so none can be first: cycle-a, cycle-b; switch one off/ },
  { what: 'a service that nobody provides', make: on('needs-service'),
    says: /needs-service needs the service weather\/0, which no plugin that is on provides: switch one on that does/ },

  // its tables and its start()
  { what: 'a migration that does not compile', make: on('migration-fails'),
    says: /migration 2 of migration-fails failed: unknown datatype for migration_fails_more\.id: "NOSUCHTYPE"/ },
  { what: 'a migration that fails half-way', make: on('migration-half'),
    says: /migration 2 of migration-half failed: cannot store TEXT value in INTEGER column/ },
  { what: 'a migration that commits', make: on('migration-commits'),
    says: new RegExp(`migration 2 of migration-commits failed: .*${OWN_TABLES} "migration_commits_"`) },
  { what: 'a migration that rolls back', make: on('migration-rolls'),
    says: /migration 2 of migration-rolls says ROLLBACK: use ABORT or FAIL/ },
  { what: "a migration of somebody else's table", make: on('migration-foreign'),
    says: new RegExp(`migration 2 of migration-foreign failed: .*${OWN_TABLES} "migration_foreign_"`) },
  { what: "a table without the plugin's name", make: on('migration-unnamed'),
    says: new RegExp(`migration 2 of migration-unnamed failed: .*${OWN_TABLES} "migration_unnamed_"`) },
  { what: "a table in another plugin's name", make: on('table-clash', 'table-clash-too'),
    says: new RegExp(`migration 2 of table-clash failed: .*${OWN_TABLES} "table_clash_"`) },
  { what: 'a start() that fails', make: on('start-fails'),
    says: /start-fails: its start\(\) failed; its log may say why/ },
  { what: 'a start() that registers', make: on('late-register'),
    says: /late-register: its start\(\) failed; its log may say why/ },
];

// Only a process of its own shows what these do.
export const tried = [
  { what: 'an init() that crashes', make: on('init-crashes'),
    says: new RegExp(`init-crashes\\.so: its init\\(\\) ${CRASHED}; init\\(\\) may only register: mend it and reload`) },
  { what: 'a constructor that crashes', make: on('constructor-crashes'),
    says: new RegExp(`constructor-crashes\\.so: loading it \\(a constructor, .*\\) ${CRASHED}; mend it and reload`) },
  { what: 'an init() that ends the process behind our back', make: on('init-exits-hidden'),
    says: /init-exits-hidden\.so: its init\(\) ended the process; init\(\) may only register: mend it and reload/ },
  { what: 'an init() that starts a process behind our back', make: on('init-forks-hidden'),
    says: /plugins\/init-forks-hidden\.so: its init\(\) started a process: use api->work\(\) or api->http\(\) instead/ },
  { what: 'an init() that starts a thread behind our back', make: on('thread-left-hidden'),
    says: /plugins\/thread-left-hidden\.so: its init\(\) started a thread: use api->work\(\) instead/ },
];

// At a start they may take longer.
export const hanging = [
  { what: 'an init() that hangs', make: on('init-hangs'),
    says: /init-hangs\.so: its init\(\) did not return within [25] s; init\(\) may only register: mend it and reload/ },
  { what: 'a constructor that hangs', make: on('constructor-hangs'),
    says: /constructor-hangs\.so: loading it \(a constructor, .*\) did not return within [25] s; mend it and reload/ },
];
