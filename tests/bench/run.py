#!/usr/bin/env python3
"""Run Tokobot and its rivals against the load rig, interleaved, and print ratios: run.py RIG_FOLDER BUILD_FOLDER ROUNDS

All plugins on, signatures checked, pace = off. Throughput and CPU: closed loop, at most 512 unanswered. Rounds are
interleaved, every second one backwards; ratios are taken within a round, then their median is shown."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

folder, build, rounds = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3])
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, folder)
import bench  # noqa: E402

KEY = "RAHASIA"
DATA = os.path.join(folder, "tokobot-data")
INI = os.path.join(folder, "tokobot.ini")
BINARY = os.path.join(build, "bin", "tokobot")
CONFIG = f"""
[core]
listen = 127.0.0.1:{bench.PORT}
data_dir = {DATA}
super_admin = 6281190000001
log_file =
[database]
url = sqlite:{bench.RUN_DB}
[limits]
customers_per_store = 1000000
customers_warning = 1000000
[plugins]
waha = on
simulator = on
super-admin = on
store-admin = on
catalog = on
orders = on
[waha]
base_url = {bench.WAHA}
api_key = kunci
hmac_key = {KEY}
pace = off
"""


def rig(pid, name, chats, *args):
    """bench.rig, with our webhook's path and a signature."""
    argv = [folder + "/rig", "-j", "-l", str(bench.WAHA_PORT), "-c", str(bench.CONNS), "-m", str(chats),
            "-W", str(bench.WARM_S), "-e", "Produk"]
    path = "/webhook"
    if name == "tokobot":
        argv += ["-k", KEY]
        path = "/webhook/waha"
    c0, b0, t0 = bench.cpu(bench.tree(pid)), bench.busy(), time.monotonic()
    p = subprocess.run(argv + list(args) + [f"http://127.0.0.1:{bench.PORT}{path}"], stdout=subprocess.PIPE)
    c1, b1, wall = bench.cpu(bench.tree(pid)), bench.busy(), time.monotonic() - t0
    r = json.loads(p.stdout)
    r["rc"] = p.returncode
    r["cpu_s_per_10k"] = (c1 - c0) / r["sent"] * 1e4
    r["others_cpu"] = (b1[0] - b0[0] - (c1 - c0)) / wall - r["rig_cpu"]
    r["steal"] = (b1[1] - b0[1]) / wall
    return r


def seed(name, stores, per, customers):
    """An empty database made by the bot itself, then filled."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return path
    for end in ("", "-wal", "-shm"):
        if os.path.exists(bench.RUN_DB + end):
            os.remove(bench.RUN_DB + end)
    p = subprocess.Popen([BINARY, "run", "-c", INI], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not bench.ready(time.monotonic() + 20):
        raise SystemExit("tokobot does not start")
    p.terminate()
    p.wait()
    subprocess.check_call([sys.executable, here + "/seed.py", bench.RUN_DB, str(stores), str(per), str(customers)])
    shutil.move(bench.RUN_DB, path)
    return path


def measure(name, size, chats):
    shutil.rmtree(DATA, ignore_errors=True)
    db = ("tokobot-" if name == "tokobot" else "") + size + ".db"
    r = bench.measure(name, os.path.join(folder, db), chats)
    r["size"] = size
    return r


def median(rows, pick):
    return statistics.median(pick(r) for r in rows)


def ratio(rows, name, base, size, pick):
    pairs = [(pick(a), pick(b)) for a in rows for b in rows if a["round"] == b["round"] and a["size"] == b["size"] == size
             and a["subject"] == name and b["subject"] == base]
    values = [a / b for a, b in pairs]
    return f"{statistics.median(values):.2f} [{min(values):.2f}–{max(values):.2f}]" if values else "not run"


def throughput(r):
    return r["sat"]["replies_per_s"]


def cpu(r):
    return r["sat"]["cpu_s_per_10k"]


def wrong(r):
    return sum(r[k][w] for k in ("open", "sat") for w in ("lost", "unacked", "dup", "order", "bad", "stray", "nack"))


def report(rows):
    names = list(dict.fromkeys(r["subject"] for r in rows))
    print("\n| subject | data | msgs/s | CPU s per 10k | p50 ms at 200/s | PSS idle MB | first 200 ms | wrong |")
    print("|---|---|---|---|---|---|---|---|")
    for size in ("small", "big"):
        for name in names:
            R = [r for r in rows if r["subject"] == name and r["size"] == size]
            if R:
                print(f"| {name} | {size} | {median(R, throughput):.0f} | {median(R, cpu):.2f} |"
                      f" {median(R, lambda r: r['open']['e2e_ms']['p50']):.1f} | {median(R, lambda r: r['pss_idle']):.1f} |"
                      f" {median(R, lambda r: r['start_ms']):.0f} | {sum(map(wrong, R))} |")
    print("\n| ratio, median [min–max] of rounds | is | wanted |\n|---|---|---|")
    for base, wanted in (("c-e-marked", "≥ 0.5"), ("node", "≥ 2.5"), ("flask", "≥ 20")):
        print(f"| throughput, tokobot / {base} | {ratio(rows, 'tokobot', base, 'small', throughput)} | {wanted} |")
    own = {s: {r["round"]: cpu(r) for r in rows if r["subject"] == "tokobot" and r["size"] == s} for s in ("small", "big")}
    growth = [own["big"][i] / own["small"][i] for i in own["big"] if i in own["small"]]
    if growth:
        print(f"| CPU per message, big / small data | {statistics.median(growth):.2f} [{min(growth):.2f}–{max(growth):.2f}] |"
              " ≤ 1.15 |")
    pss = {n: median([r for r in rows if r["subject"] == n], lambda r: r["pss_idle"]) for n in names}
    if "c-e-marked" in pss:
        print(f"| idle PSS, tokobot − c-e-marked, MB | {pss['tokobot'] - pss['c-e-marked']:.1f} | ≤ 6 |")
    print(f"| first 200 after, ms | {median([r for r in rows if r['subject'] == 'tokobot'], lambda r: r['start_ms']):.0f} |"
          " ≤ 100 |")


def main():
    with open(INI, "w") as f:
        f.write(CONFIG)
    bench.rig = rig
    bench.SUBJECTS["tokobot"] = ([BINARY, "run", "-c", INI], {})
    seed("tokobot-small.db", 1, 100, 1000)
    seed("tokobot-big.db", 10000, 100, 100000)
    names = ["tokobot", "c-e-marked", "flask"]
    if os.path.exists(folder + "/subjects/node/node_modules/better-sqlite3/build/Release/better_sqlite3.node"):
        names.append("node")
    rows = []
    for i in range(rounds):
        plan = [(n, "small", 1000) for n in names] + [("tokobot", "big", 100000), ("c-e-marked", "big", 100000)]
        for name, size, chats in plan if i % 2 == 0 else reversed(plan):
            r = measure(name, size, chats)
            r["round"] = i
            rows.append(r)
            print(f"{i} {name} {size}: {throughput(r):.0f}/s, {cpu(r):.2f} CPU s per 10k, others used"
                  f" {r['sat']['others_cpu']:.2f} cores", file=sys.stderr)
    report(rows)


if __name__ == "__main__":
    main()
