// A WAHA server without WhatsApp, after the documented contract: its HTTP API as far as a text bot needs
// it, and its webhooks as the engines NOWEB, GOWS and WEBJS send them. `delivered` is what a customer's
// phone would show: one message an id, however often it was sent.
//
// Faults are set with `fault`: { kind, only, method, chat, times }. kind: 'slow' (ms), 401, 422, 500, 'html',
// 'redirect' (to), 'reset-before' (the connection breaks, nothing is sent), 'reset-after' (it is sent, then the connection
// breaks), 'hang' (it is sent, no answer ever). down() and up() close and open the port.
import http from 'node:http';
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export const OWN = { phone: '6281100000900', lid: '100000000000900' };
const B32 = '0123456789abcdefghjkmnpqrstvwxyz';
const VERSION = '2026.7.1';
// A PNG of one pixel.
export const QR = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

export const nativeId = (prefix = '3EB0') => prefix + randomBytes(8).toString('hex').toUpperCase();

function eventId() {
  let s = 'evt_01';
  for (const b of randomBytes(24)) s += B32[b & 31];
  return s;
}

function page(list, query) {
  const offset = Number(query.get('offset') ?? 0), limit = query.get('limit');
  return list.slice(offset, limit === null ? undefined : offset + Number(limit));
}

export function sign(body, key) {
  return createHmac('sha512', key).update(body).digest('hex');
}

export class FakeWaha {
  constructor({ engine = 'NOWEB', apiKey = 'kunci-uji', hmacKey = 'rahasia-uji', session = 'default', ids = engine !== 'WEBJS',
                retry = { attempts: 15, delayMs: 2000 }, echo = false } = {}) {
    Object.assign(this, { engine, apiKey, hmacKey, session, ids, retry, echo });
    this.status = 'WORKING';
    this.config = {}; // of the session, as GET tells it and PUT sets it
    this.hook = null; // URL of the bot's webhook
    this.lids = new Map(); // lid digits -> phone digits
    this.delivered = []; // { chatId, text, id, at }
    this.byId = new Map();
    this.messages = new Map(); // chat -> messages as the API lists them
    this.lists = true; // false: this engine has no store, so it lists no chats
    this.clock = 0; // so many ms is WAHA's clock ahead
    this.watch = null; // (path, 1 | -1): a call begins, ends
    this.calls = []; // { method, path, body, at, status }
    this.fault = null;
    this.files = new Map(); // path below /api/files/ -> bytes
    this.waiters = new Set();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 512, timeout: 4000 });
    this.sockets = new Set();
  }

  // ---- the port ----

  async up() {
    this.server = http.createServer((rq, rs) => this.#request(rq, rs));
    this.server.keepAliveTimeout = 60000;
    this.server.on('connection', (s) => {
      this.sockets.add(s);
      s.on('close', () => this.sockets.delete(s));
      s.on('error', () => {});
    });
    // It comes back where it was; some connection of this machine may have been given that port meanwhile, for a moment.
    for (const until = Date.now() + 20000; ;) {
      const error = await new Promise((done) => {
        this.server.once('error', done);
        this.server.listen(this.port ?? 0, '127.0.0.1', 1024, () => { this.server.off('error', done); done(null); });
      });
      if (!error) break;
      if (error.code !== 'EADDRINUSE' || Date.now() > until) throw error;
      await sleep(100);
    }
    this.port = this.server.address().port;
    return this;
  }

  async down() {
    const server = this.server;
    this.server = null;
    if (!server) return;
    const closed = new Promise((ok) => server.close(ok));
    for (const s of this.sockets) s.resetAndDestroy ? s.resetAndDestroy() : s.destroy();
    await closed;
  }

  async stop() {
    this.stopped = true;
    this.agent.destroy();
    await this.down();
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // ---- the API ----

  async #request(rq, rs) {
    const chunks = [];
    try {
      for await (const c of rq) chunks.push(c);
    } catch {
      return;
    }
    const raw = Buffer.concat(chunks).toString('utf8');
    const url = new URL(rq.url, 'http://waha');
    const path = url.pathname.split('/').map(decodeURIComponent).join('/');
    const call = { method: rq.method, path, query: url.searchParams, at: Date.now() };
    this.calls.push(call);
    this.watch?.(path, 1);
    const answer = (status, body) => {
      call.status = status;
      this.watch?.(path, -1);
      if (rs.destroyed) return;
      const text = body === undefined ? '' : JSON.stringify(body);
      rs.writeHead(status, { 'content-type': 'application/json; charset=utf-8',
                             'content-length': Buffer.byteLength(text) });
      rs.end(text);
    };
    try {
      call.body = raw ? JSON.parse(raw) : undefined;
    } catch {
      return answer(400, { message: 'Unexpected token in JSON', error: 'Bad Request', statusCode: 400 });
    }
    call.key = rq.headers['x-api-key'];
    if (path !== '/ping' && this.apiKey && rq.headers['x-api-key'] !== this.apiKey)
      return answer(401, { message: 'Unauthorized', statusCode: 401 });
    const fault = this.#takeFault(path, call);
    if (fault?.kind === 'slow') await sleep(fault.ms);
    else if (fault && (await this.#misbehave(fault, call, rq, rs, answer))) return;
    if (path.startsWith('/api/files/') && rq.method === 'GET') return this.#file(path.slice(11), call, rs, answer);
    this.#route(rq.method, path, call, answer, rs);
  }

  // A file that a message brought; a number is a file of so many bytes.
  #file(name, call, rs, answer) {
    const file = this.files.get(name);
    if (file === undefined)
      return answer(404, { error: { code: 404, key: 'FILE_NOT_FOUND', message: 'File not found',
                                    details: 'File not found or no longer available' } });
    const bytes = typeof file === 'number' ? Buffer.alloc(file, 0xff) : Buffer.from(file);
    call.status = 200;
    rs.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    rs.end(bytes);
  }

  #takeFault(path, call) {
    const f = this.fault;
    if (!f || (f.only && !path.startsWith(f.only)) || (f.method && f.method !== call.method) || (f.chat && call.body?.chatId !== f.chat)) return null;
    if (f.times !== undefined && f.times-- <= 0) {
      this.fault = null;
      return null;
    }
    f.hits = (f.hits ?? 0) + 1;
    return f;
  }

  async #misbehave(fault, call, rq, rs, answer) {
    const { kind } = fault;
    const version = { version: VERSION, engine: this.engine, tier: 'CORE' };
    if (kind === 401) answer(401, { message: 'Unauthorized', statusCode: 401 });
    else if (kind === 422)
      answer(422, { error: 'Session status is not as expected. Try again later or restart the session',
                    session: this.session, status: fault.status ?? 'FAILED', expected: ['WORKING'] });
    else if (kind === 500)
      answer(500, { statusCode: 500, timestamp: new Date().toISOString(),
                    exception: { message: fault.message ?? 'Session closed', name: 'Error', stack: 'Error' },
                    request: { path: call.path, method: call.method, body: call.body, query: {} }, version });
    else if (kind === 'html') {
      call.status = fault.status ?? 502;
      rs.writeHead(call.status, { 'content-type': 'text/html' });
      rs.end('<html><body><h1>Bad Gateway</h1></body></html>');
    } else if (kind === 'redirect') {
      call.status = 302;
      rs.writeHead(302, { location: fault.to });
      rs.end();
    } else if (kind === 'reset-before') rq.socket.resetAndDestroy?.() ?? rq.socket.destroy();
    else if (kind === 'reset-after' || kind === 'hang') {
      this.#route(call.method, call.path, call, () => {}); // it happens all the same
      if (kind === 'reset-after') rq.socket.resetAndDestroy?.() ?? rq.socket.destroy();
    } else return false;
    return true;
  }

  #picture(bytes, call, rs) {
    call.status = 200;
    rs.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length });
    rs.end(bytes);
  }

  #route(method, path, call, answer, rs) {
    const at = `${method} ${path}`;
    let m;
    if (at === 'GET /ping') return answer(200, { message: 'pong' });
    if (at === 'POST /api/sendText') return this.#sendText(call, answer);
    if (at === 'POST /api/sendImage' || at === 'POST /api/sendFile') return this.#sendFile(call, answer);
    if (at === 'POST /api/sendSeen') return answer(201, { ids: [] });
    if (at === 'POST /api/startTyping' || at === 'POST /api/stopTyping') return answer(201, { result: true });
    if ((m = at.match(/^GET \/api\/sessions\/([^/]+)$/))) return this.#session(m[1], answer);
    if ((m = at.match(/^PUT \/api\/sessions\/([^/]+)$/))) return this.#put(m[1], call.body ?? {}, answer);
    if ((m = at.match(/^POST \/api\/([^/]+)\/auth\/request-code$/)))
      return this.status === 'SCAN_QR_CODE' ? answer(201, { code: 'ABCD-1234' })
        : answer(422, { error: 'Session status is not as expected. Try again later or restart the session',
                        session: m[1], status: this.status, expected: ['SCAN_QR_CODE'] });
    if ((m = at.match(/^GET \/api\/([^/]+)\/auth\/qr$/))) {
      if (this.status === 'SCAN_QR_CODE') return this.#picture(QR, call, rs);
      return answer(422, { error: 'Session status is not as expected. Try again later or restart the session',
                           session: m[1], status: this.status, expected: ['SCAN_QR_CODE'] });
    }
    if (at === 'POST /api/sessions') return this.#make(call.body ?? {}, answer);
    if ((m = at.match(/^POST \/api\/sessions\/([^/]+)\/(start|restart)$/))) return this.#help(m[1], answer);
    if ((m = at.match(/^GET \/api\/([^/]+)\/new-message-id$/))) return this.#newId(answer);
    if (at === 'GET /api/server/status') {
      const now = Date.now() + this.clock;
      return answer(200, { startTimestamp: now - 3600000, uptime: 3600000, worker: { id: null } });
    }
    if ((m = at.match(/^GET \/api\/([^/]+)\/chats$/))) return this.#listChats(call, answer);
    if ((m = at.match(/^GET \/api\/([^/]+)\/chats\/([^/]+)\/messages$/))) return this.#list(m[2], call, answer);
    if ((m = at.match(/^GET \/api\/([^/]+)\/chats\/([^/]+)\/messages\/([^/]+)$/)))
      return this.#lookUp(m[2], m[3], answer);
    if ((m = at.match(/^GET \/api\/([^/]+)\/lids\/pn\/([^/]+)$/))) {
      const phone = m[2].replace(/@.*/, '');
      const lid = [...this.lids].find(([, p]) => p === phone)?.[0];
      return answer(200, { lid: lid ? `${lid}@lid` : null, pn: `${phone}@c.us` });
    }
    if ((m = at.match(/^GET \/api\/([^/]+)\/lids\/([^/]+)$/))) {
      const lid = m[2].replace(/@.*/, '');
      const phone = this.lids.get(lid);
      return answer(200, { lid: `${lid}@lid`, pn: phone ? `${phone}@c.us` : null });
    }
    answer(404, { message: `Cannot ${method} ${path}`, error: 'Not Found', statusCode: 404 });
  }

  // A new session, or one that was helped up, asks for nothing more.
  #make({ name, start }, answer) {
    if (name !== this.session || this.status !== 'missing')
      return answer(422, { message: `Session '${name}' already exists. Use PUT to update it.`,
                           error: 'Unprocessable Entity', statusCode: 422 });
    this.status = start ? 'WORKING' : 'STOPPED';
    answer(201, { name, status: start ? 'STARTING' : 'STOPPED', config: {}, me: null, engine: { engine: this.engine } });
  }

  #help(name, answer) {
    if (name !== this.session || this.status === 'missing')
      return answer(404, { message: 'Session not found', error: 'Not Found', statusCode: 404 });
    this.status = 'WORKING';
    answer(201, { name, status: 'STARTING', config: {}, me: null, engine: { engine: this.engine } });
  }

  // The whole config, nothing is kept of the one before; the session restarts.
  #put(name, { config }, answer) {
    if (name !== this.session || this.status === 'missing')
      return answer(404, { message: 'Session not found', error: 'Not Found', statusCode: 404 });
    this.config = config;
    answer(200, { name, status: 'STARTING', config, me: null, engine: { engine: this.engine } });
  }

  #session(name, answer) {
    if (name !== this.session || this.status === 'missing')
      return answer(404, { message: 'Session not found', error: 'Not Found', statusCode: 404 });
    answer(200, { name, status: this.status, config: this.config, presence: 'offline', timestamps: {},
                  me: this.status === 'WORKING' ? { ...this.#me(), jid: undefined } : null, engine: { engine: this.engine } });
  }

  #newId(answer) {
    if (!this.ids || this.engine === 'WEBJS')
      return answer(501, { message: `The method is not implemented by '${this.engine}' engine.`,
                           error: 'Not Implemented', statusCode: 501 });
    answer(200, { id: nativeId() });
  }

  #sendText(call, answer) {
    const { session, chatId, text, id: wanted } = call.body ?? {};
    if (!session) return answer(400, { message: 'Session name is required', error: 'Bad Request', statusCode: 400 });
    if (session !== this.session) return answer(422, { error: `Session "${session}" does not exist`, session });
    if (this.status !== 'WORKING')
      return answer(422, { error: 'Session status is not as expected. Try again later or restart the session',
                           session, status: this.status, expected: ['WORKING'] });
    if (!chatId || typeof text !== 'string') return answer(500, { statusCode: 500, exception: { message: 'x' } });
    const id = (this.ids && wanted) || nativeId();
    if (!this.byId.has(id)) this.#deliver(chatId, text, id);
    else this.byId.get(id).repeats++;
    answer(201, this.#sendAnswer(chatId, text, id));
  }

  // No id can be given for these.
  #sendFile(call, answer) {
    const { session, chatId, file, caption = '' } = call.body ?? {};
    if (!session) return answer(400, { message: 'Session name is required', error: 'Bad Request', statusCode: 400 });
    if (this.status !== 'WORKING')
      return answer(422, { error: 'Session status is not as expected. Try again later or restart the session',
                           session, status: this.status, expected: ['WORKING'] });
    if (!chatId || !file?.mimetype || !file.data) return answer(500, { statusCode: 500, exception: { message: 'x' } });
    const id = nativeId();
    this.#deliver(chatId, caption, id, { mimetype: file.mimetype, filename: file.filename,
                                         bytes: Buffer.from(file.data, 'base64') });
    answer(201, this.#sendAnswer(chatId, caption, id));
  }

  #deliver(chatId, text, id, file) {
    const message = { chatId, text, id, at: Date.now(), repeats: 0, ...(file ? { file } : {}) };
    this.byId.set(id, message);
    this.delivered.push(message);
    this.#remember(chatId, { id: `true_${chatId}_${id}`, timestamp: Math.floor(message.at / 1000),
                             from: chatId, fromMe: true, source: 'api', body: text, ack: 1 });
    for (const check of [...this.waiters]) check(message);
    if (!this.echo || !this.hook) return;
    const own = this.payload({ chatId, text, id, fromMe: true, source: 'api', ack: this.engine === 'NOWEB' ? 0 : 1 });
    this.post('message.any', own);
    this.post('message.ack', { id: own.id, from: chatId, fromMe: true, ack: 2, ackName: 'DEVICE' });
  }

  #remember(chatId, message) {
    if (!this.messages.has(chatId)) this.messages.set(chatId, []);
    this.messages.get(chatId).push(message);
  }

  #sendAnswer(chatId, text, id) {
    const seconds = Math.floor(Date.now() / 1000);
    const jid = chatId.replace('@c.us', '@s.whatsapp.net');
    const raw = { extendedTextMessage: { text } };
    if (this.engine === 'NOWEB')
      return { key: { remoteJid: jid, fromMe: true, id }, message: raw, messageTimestamp: String(seconds),
               status: 'PENDING' };
    if (this.engine === 'GOWS')
      return { id: `true_${chatId}_${id}`, _data: { Info: { Chat: jid, IsFromMe: true, ID: id }, Message: raw } };
    const full = { fromMe: true, remote: chatId, id, _serialized: `true_${chatId}_${id}` };
    return { _data: { id: full, body: text, type: 'chat', t: seconds, ack: 0 }, id: full, ack: 0, hasMedia: false,
             body: text, type: 'chat', timestamp: seconds, from: `${OWN.phone}@c.us`, to: chatId, fromMe: true,
             vCards: [], links: [] };
  }

  #list(chatId, call, answer) {
    const q = call.query;
    if (!q.get('limit')) return answer(400, { message: 'limit must be a number', statusCode: 400 });
    const since = Number(q.get('filter.timestamp.gte') ?? 0), until = Number(q.get('filter.timestamp.lte') ?? Infinity);
    let found = (this.messages.get(chatId) ?? []).filter((m) => m.timestamp >= since && m.timestamp <= until);
    if (q.get('filter.fromMe')) found = found.filter((m) => String(m.fromMe) === q.get('filter.fromMe'));
    found = [...found].reverse().sort((a, b) => b.timestamp - a.timestamp);
    if (q.get('sortOrder') === 'asc') found.reverse();
    answer(200, page(found, q));
  }

  // As the engines word it: all kinds of chats, by when something was last written there.
  #listChats(call, answer) {
    if (!this.lists)
      return answer(400, { message: 'Enable NOWEB store "config.noweb.store.enabled=True" and "config.noweb.store.full_sync=True" ' +
                                    'when starting a new session.', error: 'Bad Request', statusCode: 400 });
    const q = call.query;
    const chats = [...this.messages].map(([id, list]) => ({ id, at: Math.max(...list.map((m) => m.timestamp)) }));
    if (q.get('sortBy') === 'conversationTimestamp') chats.sort((a, b) => a.at - b.at);
    if (q.get('sortOrder') === 'desc') chats.reverse();
    answer(200, page(chats, q).map(({ id, at }) => {
      const [user, server] = id.split('@');
      return this.engine === 'WEBJS'
        ? { id: { server, user, _serialized: id }, name: user, isGroup: server === 'g.us', unreadCount: 0, timestamp: at }
        : { id, name: null, conversationTimestamp: at };
    }));
  }

  #lookUp(chatId, id, answer) {
    const found = (this.messages.get(chatId) ?? []).find((m) => m.id === id);
    if (!found) return answer(404, { message: 'Message not found', error: 'Not Found', statusCode: 404 });
    answer(200, found);
  }

  // ---- webhooks ----

  #me() {
    const me = { id: `${OWN.phone}@c.us`, pushName: 'Toko Uji', lid: `${OWN.lid}@lid` };
    return this.engine === 'GOWS' ? { ...me, jid: `${OWN.phone}:12@s.whatsapp.net` } : me;
  }

  envelope(event, payload) {
    return { id: eventId(), timestamp: Date.now(), event, session: this.session, metadata: {}, me: this.#me(), payload,
             engine: this.engine, environment: { version: VERSION, engine: this.engine, tier: 'CORE', browser: null,
                                                 platform: 'linux/x64', worker: { id: null } } };
  }

  // A message's payload as the engine words it. `lid`: the chat is addressed by the hidden id of `phone`.
  payload({ phone, lid, chatId, text, id = nativeId('3A'), fromMe = false, source = 'app', ack, name = 'Pelanggan Uji',
            quote = null, at = Date.now(), media, location, vCards, raw }) {
    const chat = chatId ?? (lid ? `${lid}@lid` : `${phone}@c.us`);
    const jid = chat.replace('@c.us', '@s.whatsapp.net');
    const other = lid ? `${phone}@s.whatsapp.net` : '';
    const seconds = Math.floor(at / 1000);
    const p = { id: `${fromMe}_${chat}_${id}`, timestamp: seconds, from: chat, fromMe, source, body: text,
                hasMedia: false, media: null, ack: ack ?? 2, ackName: 'DEVICE', location: null, vCards: null,
                ...(media !== undefined ? { hasMedia: true, media } : {}), ...(location ? { location } : {}),
                ...(vCards ? { vCards } : {}),
                replyTo: quote && { id: quote, participant: `${OWN.phone}@c.us`, body: '' } };
    if (this.engine === 'NOWEB') {
      p._data = { key: { remoteJid: jid, ...(lid && phone ? { remoteJidAlt: other } : {}), fromMe, id, participant: '',
                         addressingMode: lid ? 'lid' : 'pn' },
                  messageTimestamp: seconds, pushName: name, broadcast: false, status: 3,
                  message: raw ?? { conversation: text } };
    } else if (this.engine === 'GOWS') {
      Object.assign(p, { to: null, participant: null });
      p._data = { Info: { Chat: jid, Sender: jid, IsFromMe: fromMe, IsGroup: false, AddressingMode: '',
                          SenderAlt: fromMe || !phone ? '' : other, RecipientAlt: fromMe && phone ? other : '', ID: id,
                          Type: 'text', PushName: name, Timestamp: new Date(at).toISOString() },
                  Message: raw ?? { conversation: text }, Status: 3 };
    } else {
      const own = `${OWN.phone}@c.us`;
      Object.assign(p, fromMe ? { from: own, to: chat } : { to: own });
      Object.assign(p, { vCards: vCards ?? [], ack: ack ?? 1, ackName: 'SERVER' });
      if (!quote) delete p.replyTo;
      p._data = { id: { fromMe, remote: chat, id, _serialized: p.id }, viewed: false, body: text, type: 'chat',
                  notifyName: name, t: seconds, from: p.from, to: p.to, ack: p.ack };
    }
    return p;
  }

  // One POST of a body (string or Buffer). { status, body } or { error }.
  postOnce(body, headers = {}, signed = true) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    const all = { 'content-type': 'application/json', 'user-agent': `WAHA/${VERSION}`,
                  'content-length': bytes.length, 'x-webhook-request-id': randomBytes(8).toString('hex'),
                  'x-webhook-timestamp': String(Date.now()),
                  ...(signed ? { 'x-webhook-hmac': sign(bytes, this.hmacKey), 'x-webhook-hmac-algorithm': 'sha512' } : {}),
                  ...headers };
    const once = (agent) => new Promise((ok) => {
      const rq = http.request(this.hook, { method: 'POST', headers: all, agent }, (rs) => {
        const chunks = [];
        rs.on('data', (c) => chunks.push(c));
        rs.on('end', () => ok({ status: rs.statusCode, headers: rs.headers, body: Buffer.concat(chunks).toString() }));
        rs.on('error', (error) => ok({ error }));
      });
      rq.on('error', (error) => ok({ error, reused: rq.reusedSocket }));
      rq.end(bytes);
    });
    return once(this.agent);
  }

  // As WAHA does it: the same bytes again after each answer that is not 2xx and each broken connection.
  // { status, tries, ackedAt }; status 0 when it was given up.
  async post(event, payload) {
    const bytes = Buffer.from(JSON.stringify(this.envelope(event, payload)));
    const sentAt = Date.now();
    for (let tries = 1; tries <= this.retry.attempts + 1; tries++) {
      const r = await this.postOnce(bytes);
      if (r.status >= 200 && r.status < 300) return { status: r.status, tries, sentAt, ackedAt: Date.now() };
      if (this.stopped) break;
      const wait = Math.max(this.retry.delayMs, Number(r.headers?.['retry-after'] ?? 0) * 1000);
      await sleep(wait, undefined, { ref: !this.stopped });
    }
    return { status: 0, sentAt };
  }

  // A person writes.
  write(message) {
    const p = this.payload(message);
    this.#remember(message.chatId ?? (message.lid ? `${message.lid}@lid` : `${message.phone}@c.us`), p);
    return this.post('message', p);
  }

  // A person writes, or our side does (fromMe), and no webhook ever tells of it.
  missed(message) {
    const p = this.payload(message);
    this.#remember(message.chatId ?? (message.lid ? `${message.lid}@lid` : `${message.phone}@c.us`), p);
    return p;
  }

  // ---- waiting ----

  to(phone, since = 0) {
    return this.delivered.slice(since).filter((m) => m.chatId.startsWith(`${phone}@`));
  }

  // The first delivered message from index `since` on that fits.
  waitFor(fits, { since = 0, ms = 10000, what = 'a message' } = {}) {
    const here = this.delivered.slice(since).find(fits);
    if (here) return Promise.resolve(here);
    return new Promise((ok, bad) => {
      const check = (m) => {
        if (!fits(m)) return;
        clearTimeout(timer);
        this.waiters.delete(check);
        ok(m);
      };
      const timer = setTimeout(() => {
        this.waiters.delete(check);
        bad(new Error(`${what} did not come within ${ms} ms; delivered since:\n` +
                      this.delivered.slice(since).map((m) => `${m.chatId}: ${m.text}`).join('\n---\n')));
      }, ms);
      this.waiters.add(check);
    });
  }
}

// Somebody with a phone: says something and gets the answer's text.
export class Person {
  constructor(waha, phone, { lid, name } = {}) {
    Object.assign(this, { waha, phone, lid, name });
  }

  // `more`: what comes along (media, location, vCards, raw).
  async ask(text, ms = 10000, more = {}) {
    const chat = this.lid ? `${this.lid}@lid` : `${this.phone}@c.us`;
    const since = this.waha.delivered.length;
    const waiting = this.waha.waitFor((m) => m.chatId === chat, { since, ms, what: `an answer to ${this.phone}: ${(text ?? 'no text').slice(0, 60)}` });
    waiting.catch(() => {});
    const ack = await this.waha.write({ phone: this.phone, lid: this.lid, name: this.name, text, ...more });
    if (ack.status !== 200) throw new Error(`the webhook was answered ${ack.status}`);
    return (await waiting).text;
  }
}

export { sleep };
