#!/usr/bin/env python3
"""Fill an existing, empty Tokobot database for the benchmark: seed.py DB STORES PRODUCTS_A_STORE CUSTOMERS

Customers are 6281100000000 and up, member i of store i % STORES + 1, as the load rig writes to them. Products come
interleaved, as those of many stores do over time. The search index stays empty: the benchmark lists, it does not search."""
import sqlite3
import sys
import time

path, stores, per, customers = sys.argv[1], *map(int, sys.argv[2:5])
db = sqlite3.connect(path)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def code(i):
    out = ""
    while True:
        out += LETTERS[i % 24]
        i //= 24
        if not i:
            return "BEN" + out


now = int(time.time() * 1000)
with db:
    db.executemany("INSERT INTO stores(id, code, name, created_at) VALUES (?, ?, ?, ?)",
                   ((i, code(i), f"Toko {i}", now) for i in range(1, stores + 1)))
    db.executemany("INSERT INTO persons(id, name, phone, created_at, gateway, session, chat)"
                   " VALUES (?, ?, ?, ?, 'waha', 'default', ?)",
                   ((i + 1, f"Pelanggan {i}", f"62811{i:08d}", now, f"62811{i:08d}@c.us") for i in range(customers)))
    db.executemany("INSERT INTO aliases(alias, person) VALUES (?, ?)",
                   ((f"p:62811{i:08d}", i + 1) for i in range(customers)))
    db.executemany("INSERT INTO members(person, store, first_seen, last_seen) VALUES (?, ?, ?, ?)",
                   ((i + 1, i % stores + 1, now, now) for i in range(customers)))
    db.executemany("INSERT INTO catalog_products(store, name, folded, price, stock, created_at, updated_at)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?)",
                   ((s, f"Produk {p} toko {s}", f"produk {p} toko {s}", 1000 * (p % 90 + 10), p % 50, now, now)
                    for p in range(per) for s in range(1, stores + 1)))
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
