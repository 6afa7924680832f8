#!/usr/bin/env python3
"""How long an import of products holds the loop: import.py BUILD_FOLDER [LINES]

A bot with a database file of its own takes a file of LINES products (5,000) through /impor: new ones, each of them changed,
the same again; then a file as large as one may be, one of 50,000 lines that is refused, and a photo of 4 MB that comes and goes.
Printed for each, against 5 ms and since a start of its own: the longest callback of a plugin, the longest turn without its
fsyncs (what else the loop did between two turns included), and, apart, the longest fsync: that is the disk's. Nothing is judged.
Exit 1 when an import did not end as it should."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

build = os.path.abspath(sys.argv[1])
lines = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
BINARY, KEY, ADMIN = os.path.join(build, "bin", "tokobot"), "RAHASIA", "6281100000012"
WANTED_MS, PATIENCE_S = 5, 60
files, said, news = {}, [], threading.Condition()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Waha(http.server.BaseHTTPRequestHandler):
    protocol_version, number = "HTTP/1.1", 0

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the bot was stopped

    def answer(self, data, status=200):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        Waha.number += 1
        if self.path in files:
            self.answer(files[self.path])
        elif self.path.startswith("/api/sessions/"):
            self.answer({"name": "default", "status": "WORKING", "engine": {"engine": "NOWEB"}})
        else:
            self.answer({"id": f"3EB0{Waha.number:012X}"})

    def do_POST(self):
        Waha.number += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if self.path in ("/api/sendText", "/api/sendFile", "/api/sendImage"):
            with news:
                said.append((body.get("text") or body.get("caption") or "", body.get("file")))
                news.notify_all()
        identity = f"3EB0{Waha.number:012X}"
        self.answer({"key": {"remoteJid": "x@s.whatsapp.net", "fromMe": True, "id": identity}}, 201)


class Bot:
    def __init__(self):
        self.folder, self.number = tempfile.mkdtemp(prefix="tokobot-import-"), 0
        self.port, self.waha_port = free_port(), free_port()
        waha = http.server.ThreadingHTTPServer(("127.0.0.1", self.waha_port), Waha)
        threading.Thread(target=waha.serve_forever, daemon=True).start()
        self.ini = self.folder + "/bot.ini"
        with open(self.ini, "w") as f:
            f.write(f"""
[core]
listen = 127.0.0.1:{self.port}
data_dir = {self.folder}/data
log_file =
[database]
url = sqlite:{self.folder}/bot.db
[plugins]
waha = on
super-admin = on
catalog = on
[waha]
base_url = http://127.0.0.1:{self.waha_port}
api_key = kunci
hmac_key = {KEY}
pace = off
""")
        self.start()
        self.stop()
        with sqlite3.connect(self.folder + "/bot.db") as db:
            db.executescript(f"""
INSERT INTO stores(id, code, name, created_at) VALUES (1, 'MAJU2', 'Toko Maju', 1);
INSERT INTO persons(id, phone, created_at) VALUES (90, '{ADMIN}', 1);
INSERT INTO aliases(alias, person) VALUES ('p:{ADMIN}', 90);
INSERT INTO roles(store, person, role, created_at) VALUES (1, 90, 4, 1);""")
        self.start()

    def get(self, path):
        h = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        h.request("GET", path)
        return h.getresponse().read().decode()

    def start(self):
        self.bot = subprocess.Popen([BINARY, "run", "-c", self.ini], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if '"waha":"connected"' in self.get("/health"):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise SystemExit("tokobot does not start")

    def stop(self):
        self.bot.terminate()
        return self.bot.wait(60)

    def figures(self):
        """In milliseconds the longest callback, turn without fsync, and fsync; which callback it was."""
        metrics = dict(re.findall(r"^tokobot_(\w+)_microseconds_max (\S+)", self.get("/metrics"), re.M))
        told = subprocess.run([BINARY, "plugin", "list", "--json", "-c", self.ini], capture_output=True, text=True).stdout
        plugins = json.loads(told.splitlines()[0])["plugins"]
        us, which = max((p.get("max_us", 0), f"{p['name']} {p.get('slowest', '')}") for p in plugins)
        return us / 1000, float(metrics["turn_work"]) / 1000, float(metrics["sync"]) / 1000, which

    def say(self, text, file=None):
        self.number += 1
        picture = file and file.startswith(b"\xff\xd8")
        payload = {
            "id": f"false_{ADMIN}@c.us_3A{os.getpid():08X}{self.number:08X}", "timestamp": int(time.time()),
            "from": ADMIN + "@c.us", "fromMe": False, "source": "app", "body": text, "hasMedia": bool(file), "media": None,
            "ack": 2, "ackName": "DEVICE", "_data": {
                "key": {"remoteJid": ADMIN + "@s.whatsapp.net", "fromMe": False}, "pushName": "Admin"}}
        if file:
            path = f"/api/files/default/{self.number}.{'jpg' if picture else 'csv'}"
            files[path] = file
            payload["media"] = {"url": f"http://127.0.0.1:{self.waha_port}{path}",
                                "filename": None if picture else "produk.csv",
                                "mimetype": "image/jpeg" if picture else "text/csv"}
            payload["_data"]["message"] = {"imageMessage" if picture else "documentMessage": {}}
        body = json.dumps({
            "id": f"evt_{self.number:08x}", "timestamp": int(time.time() * 1000), "event": "message", "session": "default",
            "me": {"id": "6281100000099@c.us", "pushName": "Bot"}, "payload": payload, "engine": "NOWEB"}).encode()
        h = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        h.request("POST", "/webhook/waha", body, {
            "Content-Type": "application/json", "X-Webhook-Hmac-Algorithm": "sha512",
            "X-Webhook-Hmac": hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest()})
        if h.getresponse().status != 200:
            raise SystemExit("a webhook was refused")

    def ask(self, text, wanted, file=None):
        """Says it, and waits for a text with `wanted` in it; returns that text and its file."""
        with news:
            said.clear()
        self.say(text, file)
        return self.hear(wanted)

    def hear(self, wanted):
        with news:
            if not news.wait_for(lambda: any(wanted in one[0] for one in said), PATIENCE_S):
                raise SystemExit(f"{wanted!r} did not come, but {said!r}")
            return next(one for one in said if wanted in one[0])


def table(count, price, text=""):
    rows = [f"Barang nomor {i} merah,{price + i},{i % 50},Kategori {i % 20},{text}" for i in range(count)]
    return ("nama,harga,stok,kategori,deskripsi\n" + "\n".join(rows) + "\n").encode()


def measure(what, steps):
    bot.stop()
    bot.start()
    begun = time.monotonic()
    steps()
    took = time.monotonic() - begun
    time.sleep(0.3)  # what happened last is told within that time
    callback, turn, sync, which = bot.figures()
    print(f"  {what:<31} {took:6.2f} s  callback {callback:6.2f} ms {callback / WANTED_MS:5.2f}"
          f"  turn {turn:6.2f} ms {turn / WANTED_MS:5.2f}  fsync {sync:6.2f} ms {sync / WANTED_MS:5.2f}"
          f"  ({which})", flush=True)


def number(count):
    return f"{count:,}".replace(",", ".")


def saves(file, report, done):
    def steps():
        bot.ask("/impor", report, file)
        bot.ask("ya", "impor dimulai")
        bot.hear(done)
    return steps


def export_and_import():
    _, file = bot.ask("/ekspor", "Daftar ")
    bot.ask("/impor", "Tidak ada yang perlu diubah", base64.b64decode(file["data"]))


def photo_comes_and_goes():
    photo = b"\xff\xd8\xff\xe0" + os.urandom((4 << 20) - 4)
    bot.ask("/foto 1", "Foto", photo)
    _, file = bot.ask("/foto 1", "Barang nomor 0")
    if base64.b64decode(file["data"]) != photo:
        raise SystemExit("another photo came back")


bot = Bot()
try:
    print(f"import: {number(lines)} lines; the longest of each, against {WANTED_MS} ms", flush=True)
    measure("new products", saves(table(lines, 1000), f"Baru: {number(lines)}", f"{number(lines)} baru"))
    measure("each of them changed", saves(table(lines, 2000), f"Berubah: {number(lines)}", f"{number(lines)} diubah"))
    measure("exported, and that file again", export_and_import)
    measure("10,000 lines of 400 characters",
            saves(table(10000, 3000, "Keterangan yang panjang. " * 14), "Salah: 0", "Impor selesai"))
    measure("exported, and that file again", export_and_import)
    measure("50,000 lines, refused", lambda: bot.ask("/impor", "50.000 baris", table(50000, 1000)))
    measure("a photo of 4 MB comes and goes", photo_comes_and_goes)
    measure("/stok_menipis after it", lambda: bot.ask("/stok_menipis", "Stok menipis"))
finally:
    bot.stop()
    shutil.rmtree(bot.folder, ignore_errors=True)
