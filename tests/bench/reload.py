#!/usr/bin/env python3
"""The reload storm, and how soon a crashed host answers again: reload.py RIG_FOLDER BUILD_FOLDER [RELOADS] [RATE]

While the rig sends RATE messages a second, the plugin `shifty` is replaced again and again by two versions of itself in turn,
every tenth time by a file that is broken. Printed: what was lost or doubled, and how long the loop stood still for a reload.
Then, without messages, the memory that a kept generation costs; then a host is killed, twenty times: how long until the next
answer, and whether a connection was refused. Exit 1 when something was lost, doubled or refused; times are printed, not judged."""
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

rig_folder, build = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
reloads = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
rate = int(sys.argv[4]) if len(sys.argv) > 4 else 2000
PORT, WAHA_PORT, KEY = 4210, 3998, "RAHASIA"
BINARY, PLUGINS = os.path.join(build, "bin", "tokobot"), os.path.join(build, "tests", "plugins")
CRASHES = 20


def config(folder):
    return f"""
[core]
listen = 127.0.0.1:{PORT}
data_dir = {folder}/data
super_admin = 6281190000001
log_file = {folder}/bot.log
backlog = 1000000
[database]
url = sqlite:{folder}/bot.db
[limits]
customers_per_store = 1000000
customers_warning = 1000000
[plugins]
waha = on
super-admin = on
catalog = on
shifty = {folder}/shifty.so
[waha]
base_url = http://127.0.0.1:{WAHA_PORT}
api_key = kunci
hmac_key = {KEY}
allow_unsigned = yes
pace = off
"""


class Bot:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tokobot-storm-")
        self.put("v1/shifty.so")
        with open(self.folder + "/bot.ini", "w") as f:
            f.write(config(self.folder))
        self.process = subprocess.Popen([BINARY, "run", "-c", self.folder + "/bot.ini"], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self.ping():
            if time.monotonic() > until:
                raise SystemExit("tokobot does not start")
            time.sleep(0.01)

    @staticmethod
    def ping():
        try:
            h = http.client.HTTPConnection("127.0.0.1", PORT, timeout=2)
            h.request("GET", "/ping")
            return h.getresponse().status == 200
        except OSError:
            return False

    def put(self, name):
        shutil.copy(os.path.join(PLUGINS, name), self.folder + "/put.tmp")
        os.rename(self.folder + "/put.tmp", self.folder + "/shifty.so")

    def host(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path) as f:
            children = f.read().split()
        return int(children[0]) if children else None

    def pss_kib(self):
        with open(f"/proc/{self.host()}/smaps_rollup") as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))

    def log(self):
        with open(self.folder + "/bot.log", errors="replace") as f:
            return f.read()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


def reload_lines(log):
    return re.findall(r"msg=reload result=(\w+) number=(\d+) .*pause_ms=([\d.]+)", log)


def reload_once(bot, name):
    """Puts a file there, asks, and waits: result and pause."""
    before = len(reload_lines(bot.log()))
    bot.put(name)
    os.kill(bot.process.pid, signal.SIGHUP)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        lines = reload_lines(bot.log())
        if len(lines) > before:
            return lines[-1]
        time.sleep(0.002)
    raise SystemExit("a reload did not end")


def memory():
    bot, pss = Bot(), []
    for count in (20, 100):
        for i in range(count):
            reload_once(bot, "v2/shifty.so" if i % 2 == 0 else "v1/shifty.so")
        time.sleep(0.5)
        pss.append(bot.pss_kib())
    print(f"a kept generation: {(pss[1] - pss[0]) / 100:.1f} KiB of PSS (wanted: <= 32)")
    return bot.stop() == 0


def storm():
    bot = Bot()
    seconds = int(reloads * 0.06) + 20
    rig = subprocess.Popen([rig_folder + "/rig", "-j", "-l", str(WAHA_PORT), "-c", "64", "-m", "1000", "-W", "1", "-r", str(rate),
                            "-d", str(seconds), "-D", "30", "-k", KEY, f"http://127.0.0.1:{PORT}/webhook/waha"],
                           stdout=subprocess.PIPE)
    time.sleep(3)
    with open(bot.folder + "/bot.log", errors="replace") as log:
        seen, buffered, pauses, results, good = 0, "", [], {}, 0
        for i in range(reloads):
            broken = i % 10 == 9
            good += not broken
            bot.put("two-symbols.so" if broken else "v2/shifty.so" if good % 2 else "v1/shifty.so")
            os.kill(bot.process.pid, signal.SIGHUP)
            until = time.monotonic() + 20
            while seen <= i and time.monotonic() < until:
                buffered += log.read()
                lines = reload_lines(buffered)
                if lines:
                    seen += len(lines)
                    for result, _, pause in lines:
                        results[result] = results.get(result, 0) + 1
                        pauses.append(float(pause))
                    buffered = ""
                else:
                    time.sleep(0.002)
            if seen <= i:
                raise SystemExit(f"reload {i} did not end")
    out, _ = rig.communicate()
    r = json.loads(out)
    pauses.sort()
    p99 = pauses[int(len(pauses) * 0.99) - 1]
    wrong = {k: r[k] for k in ("lost", "unacked", "dup", "order", "bad", "stray", "nack") if k in r}
    print(f"{reloads} reloads at {rate} messages/s: {results}; {r['sent']} messages, wrong {wrong}")
    print(f"pause of the loop, ms: p50 {statistics.median(pauses):.1f}, p99 {p99:.1f}, max {pauses[-1]:.1f} (wanted: p99 <= 5)")
    print(f"answers, ms: {r.get('e2e_ms')}")
    code = bot.stop()
    return code == 0 and not any(wrong.values())


class Waha(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sent = {}
    came = threading.Condition()

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200 if self.command == "GET" else 201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer({"name": "default", "status": "WORKING", "engine": {"engine": "NOWEB"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if "/sendText" in self.path:
            with Waha.came:
                Waha.sent[body["chatId"]] = time.monotonic()
                Waha.came.notify_all()
        self.answer({"key": {"id": "3EB0" + os.urandom(9).hex().upper()}})

    def log_message(self, *args):
        pass


def webhook(chat, text):
    """One message, as WAHA delivers it; the HTTP status, or None when the connection was refused."""
    now = int(time.time())
    body = {"id": f"evt_{os.urandom(8).hex()}", "timestamp": now * 1000, "event": "message", "session": "default", "engine": "NOWEB",
            "payload": {"id": f"false_{chat}_3A{os.urandom(9).hex().upper()}", "timestamp": now, "from": chat, "fromMe": False,
                        "body": text, "hasMedia": False}}
    try:
        h = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        h.request("POST", "/webhook/waha", json.dumps(body), {"Content-Type": "application/json"})
        return h.getresponse().status
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException):
        return 0  # it was in the dying host's hands: WAHA comes again


def crashes():
    server = ThreadingHTTPServer(("127.0.0.1", WAHA_PORT), Waha)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gaps, refused, codes = [], 0, 0
    for i in range(CRASHES):
        chat = f"62811{10000000 + i:08d}@c.us"
        bot = Bot()  # a new one: a host that crashes again within a minute is started with back-off
        time.sleep(0.3)
        os.kill(bot.host(), signal.SIGKILL)
        began = time.monotonic()
        while True:
            status = webhook(chat, "/versi")
            refused += status is None
            if status == 200:
                break
            time.sleep(0.002)
        with Waha.came:
            Waha.came.wait_for(lambda: chat in Waha.sent, 20)
        gaps.append((Waha.sent[chat] - began) * 1000)
        codes |= bot.stop()
    gaps.sort()
    print(f"crash to the next answer, ms: median {statistics.median(gaps):.0f}, max {gaps[-1]:.0f} of {CRASHES}"
          f" (wanted: <= 300); connections refused: {refused}")
    server.shutdown()
    return codes == 0 and refused == 0


if __name__ == "__main__":
    good = [storm() if reloads else True, memory(), crashes()]
    sys.exit(0 if all(good) else 1)
