#!/usr/bin/env python3
"""How soon a webhook is answered while a thousand sends wait: slow_waha.py BUILD_FOLDER [ROUNDS]

A round: webhooks one after another while nothing waits (WAHA answers at once); then WAHA takes 2 s for each answer, 1,000
customers write, and webhooks are timed again while their answers wait; then WAHA answers all of them. Every second round
begins with the load. Printed: p50 and p99 of POST -> 200 in both, their ratio, and how busy the machine was with other things.
Nothing is judged. Exit 1 when a message was not answered, or the sends did not wait as they should."""
import asyncio
import hashlib
import hmac
import http.client
import json
import multiprocessing
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

build = os.path.abspath(sys.argv[1])
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
HERE = os.path.dirname(os.path.abspath(__file__))
BINARY, KEY = os.path.join(build, "bin", "tokobot"), "RAHASIA"
WAITING, SLOW_S, PROBES, PAUSE_S, BOUND = 1000, 2.0, 200, 0.02, 1.2
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- a WAHA that takes its time, in a process of its own -----------------------------------------


class Waha(asyncio.Protocol):
    delay, sent, held, number = 0.0, 0, set(), 0

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def connection_lost(self, _):
        Waha.held.discard(self)

    def data_received(self, data):
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if not found or len(rest) < int(length[1] if length else 0):
            return
        self.buffer, self.path = b"", head.split(b" ", 2)[1].decode()
        if self.path.startswith("/control/"):
            Waha.delay = float(self.path[9:])
            self.answer()
            for one in list(Waha.held) if not Waha.delay else []:
                one.answer_held()
        elif Waha.delay:
            Waha.held.add(self)
            asyncio.get_running_loop().call_later(Waha.delay, self.answer_held)
        else:
            self.answer()

    def answer_held(self):
        if self in Waha.held:
            Waha.held.discard(self)
            self.answer()

    def answer(self):
        Waha.number += 1
        identity = f"3EB0{Waha.number:012X}"
        body, status = {"id": identity}, "200 OK"  # GET new-message-id
        if self.path.startswith("/api/sessions/"):
            body = {"name": "default", "status": "WORKING", "engine": {"engine": "NOWEB"}}
        elif self.path == "/api/sendText":
            Waha.sent += 1
            body, status = {"key": {"remoteJid": "x@s.whatsapp.net", "fromMe": True, "id": identity}}, "201 Created"
        elif self.path.startswith("/control/"):
            body = {"sent": Waha.sent}
        data = json.dumps(body).encode()
        self.transport.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(data)}\r\n\r\n".encode() + data)


def serve_waha(port):
    async def serve():
        server = await asyncio.get_running_loop().create_server(Waha, "127.0.0.1", port)
        await server.serve_forever()
    asyncio.run(serve())


# ---- the bot -------------------------------------------------------------------------------------


def config(folder, port, waha_port):
    return f"""
[core]
listen = 127.0.0.1:{port}
data_dir = {folder}/data
super_admin = 6281190000001
log_file =
[database]
url = sqlite:{folder}/bot.db
[plugins]
waha = on
super-admin = on
catalog = on
[waha]
base_url = http://127.0.0.1:{waha_port}
api_key = kunci
hmac_key = {KEY}
pace = off
"""


def cpu_s(pid):
    """Of a process and its children, so far."""
    total = 0
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total = (int(fields[11]) + int(fields[12])) / TICKS
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            total += sum(map(cpu_s, f.read().split()))
    except OSError:
        pass
    return total


def busy_s():
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


class Bench:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tokobot-slow-")
        self.port, self.waha_port, self.number = free_port(), free_port(), 0
        self.waha = multiprocessing.Process(target=serve_waha, args=(self.waha_port,), daemon=True)
        self.waha.start()
        self.ini = self.folder + "/bot.ini"
        with open(self.ini, "w") as f:
            f.write(config(self.folder, self.port, self.waha_port))
        self.start()
        self.stop()  # an empty database, made by the bot itself
        subprocess.check_call([sys.executable, HERE + "/seed.py", self.folder + "/bot.db", "1", "20", str(WAITING)])
        self.start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, port, path):
        h = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        h.request("GET", path)
        return h.getresponse().read().decode()

    def start(self):
        self.bot = subprocess.Popen([BINARY, "run", "-c", self.ini], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if '"waha":"connected"' in self.get(self.port, "/health"):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise SystemExit("tokobot does not start")

    def stop(self):
        self.bot.terminate()
        return self.bot.wait(60)

    def waiting(self):
        text = self.get(self.port, "/metrics")
        return int(float(re.search(r"^tokobot_outbox_queued (\S+)", text, re.M)[1]))

    def slow(self, delay):
        """Sets how long WAHA takes; 0 also answers what it holds. Returns how many it has sent."""
        return json.loads(self.get(self.waha_port, f"/control/{delay}"))["sent"]

    def message(self, text="Produk"):
        self.number += 1
        i, now = self.number, int(time.time())
        chat = f"62811{(i - 1) % WAITING:08d}"
        body = json.dumps({
            "id": f"evt_{i:08x}", "timestamp": now * 1000, "event": "message", "session": "default",
            "me": {"id": "6281900000099@c.us", "pushName": "Bot"}, "payload": {
                "id": f"false_{chat}@c.us_3A{os.getpid():08X}{i:08X}", "timestamp": now, "from": chat + "@c.us",
                "fromMe": False, "source": "app", "body": text, "hasMedia": False, "media": None, "ack": 2,
                "ackName": "DEVICE", "_data": {"key": {"remoteJid": chat + "@s.whatsapp.net", "fromMe": False},
                                               "pushName": "Pelanggan"}}, "engine": "NOWEB"}).encode()
        mac = hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest()
        return body, {"Content-Type": "application/json", "X-Webhook-Hmac": mac, "X-Webhook-Hmac-Algorithm": "sha512"}

    def post(self, connection, message):
        start = time.perf_counter()
        connection.request("POST", "/webhook/waha", *message)
        response = connection.getresponse()
        response.read()
        took = time.perf_counter() - start
        if response.status != 200:
            raise SystemExit(f"a webhook was answered {response.status}")
        return took * 1e3

    def probe(self):
        """The times of PROBES webhooks, ms, sorted; and how many cores others used meanwhile."""
        own = lambda: sum(map(cpu_s, (self.bot.pid, self.waha.pid))) + time.process_time()  # noqa: E731
        start, busy, ours, times = time.monotonic(), busy_s(), own(), []
        for _ in range(PROBES):
            times.append(self.post(self.connection, self.message()))
            time.sleep(PAUSE_S)
        wall = time.monotonic() - start
        return sorted(times), max(0, (busy_s() - busy - (own() - ours)) / wall)

    def burst(self):
        messages = [self.message() for _ in range(WAITING)]

        def run(part):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            for m in part:
                self.post(connection, m)
        threads = [threading.Thread(target=run, args=(messages[i::8],)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def idle(self):
        return self.probe() + (0,)

    def loaded(self):
        self.slow(SLOW_S)
        self.burst()
        time.sleep(1)  # the answers are made
        times, others = self.probe()
        waiting = self.waiting()
        self.slow(0)
        until = time.monotonic() + 60
        while self.waiting() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)
        return times, others, waiting

    def end(self):
        code, sent = self.stop(), self.slow(0)
        self.waha.terminate()
        shutil.rmtree(self.folder, ignore_errors=True)
        return code == 0 and sent == self.number


def at(times, part):
    return times[int((len(times) - 1) * part)]


def main():
    bench, ratios, p50s, waited, others = Bench(), [], ([], []), [], []
    bench.idle()  # warm
    print(f"{rounds} rounds of {PROBES} webhooks, {WAITING} sends waiting on a WAHA that takes {SLOW_S:.0f} s; load average"
          f" {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for i in range(rounds):
        order = (bench.idle, bench.loaded) if i % 2 == 0 else (bench.loaded, bench.idle)
        results = [one() for one in order]
        (idle, idle_others, _), (loaded, loaded_others, waiting) = results if i % 2 == 0 else results[::-1]
        ratios.append(at(loaded, 0.5) / at(idle, 0.5))
        p50s[0].append(at(idle, 0.5))
        p50s[1].append(at(loaded, 0.5))
        waited.append(waiting)
        others += [idle_others, loaded_others]
        print(f"  idle p50 {at(idle, 0.5):.2f} ms, p99 {at(idle, 0.99):.2f}; loaded p50 {at(loaded, 0.5):.2f}, p99"
              f" {at(loaded, 0.99):.2f}; ratio {ratios[-1]:.2f}; {waiting} wait; others used {idle_others:.2f} and"
              f" {loaded_others:.2f} cores", flush=True)
    good = bench.end()
    print(f"POST -> 200, p50: idle {statistics.median(p50s[0]):.2f} ms, loaded {statistics.median(p50s[1]):.2f} ms; ratio, median"
          f" [min–max] of rounds: {statistics.median(ratios):.2f} [{min(ratios):.2f}–{max(ratios):.2f}] (wanted: <= {BOUND});"
          f" others used {statistics.mean(others):.2f} cores")
    if min(waited) < WAITING * 0.9:
        print(f"only {min(waited)} sends waited at the end of a round: this measured something else")
        good = False
    if not good:
        print("a message was lost, doubled, or the bot did not stop as it should")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
