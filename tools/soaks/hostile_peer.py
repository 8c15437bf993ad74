"""Hostile connections to a node that has work to do, under TLS and in the open."""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from soaks.common import TOP, Control, total, udp_frame

sys.path.insert(0, str(TOP / "tests" / "e2e"))
from nodes import frame, hello

TIMEOUT_MS = 500  # of the node
WHO = 8  # connections at a time; of those that keep silent, as many again
MOST_GROWTH = 16 << 20


def soak_hostile_peer(soak):
    soak.script("inline", "return {}\n")
    soak.script("own", "local M = {}\nfunction M.flowCreate() end\nfunction M.flowDelete() end\nreturn M\n")
    make_certs(soak, "keys", "analyzer=127.0.0.1", "sensor=127.0.0.1", "other=127.0.0.1")
    make_certs(soak, "foreign", "sensor=127.0.0.1")
    make_certs(soak, "keys", "old=127.0.0.1", days=0)
    for what in "TLS", "open":
        attack(soak, what == "TLS")


def make_certs(soak, folder, *names, days=30):
    subprocess.run([TOP / "tools" / "make-certs", soak.folder / folder, *names], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "FLOWACTORS_DAYS": str(days)})


def attack(soak, tls):
    count = 300 if soak.short else 10000
    load = Load(soak, tls)
    try:
        load.wait_until_busy()
        time.sleep(0.5 if soak.short else 8)
        before = high_water(load.analyzer.pid)
        began = time.monotonic()
        stranger = Stranger(soak, load.port, tls)
        expected = stranger.attack(count)
        took = time.monotonic() - began
        after = high_water(load.analyzer.pid)
        alive = load.analyzer.poll() is None and load.sensor.poll() is None
        sensor, analyzer = load.end()
    finally:
        load.kill()
    refused = {reason: n for reason, n in analyzer["node"]["refused"].items() if n}
    (link,) = sensor["contexts"]["own"]["links"]
    lost = {reason: total(kinds) for lane in sensor["contexts"]["own"]["lanes"] for reason, kinds in lane["lost"].items() if total(kinds)}
    sent = sum(total(lane["handled"]) for lane in sensor["contexts"]["own"]["lanes"])
    handled = sum(total(lane["handled"]) for lane in analyzer["contexts"]["own"]["lanes"])
    print(f"  {'under TLS' if tls else 'in the open'}: {count:,} connections of {len(stranger.kinds)} kinds in {took:.1f} s beside {handled:,} events "
          f"({link['round_trips']:,} round trips, p50 {link['p50_us']} us, p99 {link['p99_us']} us)")
    print("  refused: " + ", ".join(f"{reason} {n:,}" for reason, n in sorted(refused.items())))
    soak.check("sensor and node ran to the end", alive)
    soak.check("each connection was refused under the name that belongs to it", refused == expected)
    if refused != expected:
        print(f"          expected: {expected}")
    soak.check(f"no event was lost ({lost}) or doubled, and the link was never lost", not lost and sent == handled and link["connections"] == 1)
    soak.check("both ledgers balance", sensor["ledger"]["balanced"] and analyzer["ledger"]["balanced"])
    soak.judge(f"memory of the node {before / 1e6:.1f} MB before, at most {after / 1e6:.1f} MB after ({(after - before) / 1e6:+.1f} MB, at most 16 MiB)",
               after - before <= MOST_GROWTH)


def high_water(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


class Load:
    """A sensor that sends without end to an analyzer."""

    def __init__(self, soak, tls):
        self.folder = soak.folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        common = {"node.heartbeat": "100ms", "node.timeout": f"{TIMEOUT_MS}ms", "shutdown.grace": "60s"}
        keys = lambda name: {"node.certificate": self.folder / "keys" / f"{name}.pem", "node.key": self.folder / "keys" / f"{name}.key",
                             "node.authority": self.folder / "keys" / "authority.pem"} if tls else {}
        self.control = self.folder / "control"
        self.control.unlink(missing_ok=True)
        self.analyzer = self.start(soak, "analyzer", {"node.name": "analyzer", "node.listen": f"127.0.0.1:{self.port}", "control.socket": self.control, "context.own.shards": 1,
                                                      **common, **keys("analyzer")})
        Control(self.control, self.analyzer).ask("status")  # it listens
        self.fifo = self.folder / "fifo"
        self.fifo.unlink(missing_ok=True)
        os.mkfifo(self.fifo)
        self.sensor = self.start(soak, "sensor", {"node.name": "sensor", "context.own.at": f"127.0.0.1:{self.port}", "flows.idle_after": "5s",
                                                  **common, **keys("sensor")}, "-r", self.fifo)
        self.done = threading.Event()
        self.feeder = threading.Thread(target=self.feed)
        self.feeder.start()

    def start(self, soak, name, values, *more):
        words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        with open(self.folder / f"{name}.err", "wb") as err:
            return subprocess.Popen([soak.binary, "-q", "--strict-ledger", "--report", self.folder / f"{name}.json", "--set",
                                     f"scripts.root={self.folder}/scripts", *words, *more], stdout=subprocess.DEVNULL, stderr=err)

    def feed(self):
        """A thousand flows to each second of packet time: those of five seconds ago end."""
        frames = [udp_frame(i) for i in range(20000)]
        number = 0
        try:
            with self.open_fifo() as out:
                out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
                while not self.done.is_set():
                    block = b"".join(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(frames[0]), len(frames[0])) + frames[i % 20000]
                                     for i in range(number, number + 1000))
                    number += 1000
                    out.write(block)
        except BrokenPipeError:
            pass

    def open_fifo(self):
        """Once the sensor reads it; BrokenPipeError if it never does."""
        while self.sensor.poll() is None and not self.done.is_set():
            try:
                end = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
                os.set_blocking(end, True)
                return open(end, "wb", buffering=0)
            except OSError:
                time.sleep(0.01)
        raise BrokenPipeError

    def wait_until_busy(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.sensor.poll() is None:
            # the server ends connections that say nothing for a minute: each question has its own
            contexts = Control(self.control, self.analyzer).ask("contexts")
            if any(c["events"] > 10000 for c in contexts):
                return
            time.sleep(0.05)
        raise RuntimeError("no events come: " + (self.folder / "sensor.err").read_text()[-1000:])

    def end(self):
        """Both reports."""
        self.done.set()
        self.feeder.join()
        self.sensor.wait(timeout=120)
        self.analyzer.send_signal(signal.SIGTERM)
        self.analyzer.wait(timeout=120)
        return [json.loads((self.folder / f"{name}.json").read_text()) for name in ("sensor", "analyzer")]

    def kill(self):
        self.done.set()
        for process in self.sensor, self.analyzer:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.feeder.join()


class Stranger:
    """All that may come to an open port. Each kind is a function, and the name under which it is to be refused."""

    def __init__(self, soak, port, tls):
        self.folder, self.port, self.random = soak.folder, port, random.Random(7)
        noise = "not_tls" if tls else "not_flowactors"
        self.kinds = [
            (lambda: self.send(b"GET / HTTP/1.1\r\nHost: analyzer\r\n\r\n" * 4), noise),
            (lambda: self.send(b"\0" + self.random.randbytes(100000)), noise),
            (lambda: self.send(frame(1)[:4] + struct.pack("<I", 0xFFFFFFFF) + frame(1)[8:]), "not_tls" if tls else "too_long"),
            (lambda: self.send(hello("sensor", "own")), "not_tls" if tls else "other_layout"),
            (lambda: self.open().close(), "left"),
        ]
        self.silent = [(self.keep_silent, "silent"), (self.dribble, "silent")]
        if tls:
            self.sealed_kinds()
        else:
            self.kinds += [
                (lambda: self.send(hello("sensor", "own", version=9)), "other_version"),
                (lambda: self.send(hello("", "own")), "bad_greeting"),
                (lambda: self.send(hello("sensor", "own", lanes=60000)), "bad_greeting"),
                (lambda: self.send(hello("sensor", "own")[:-1] + b"x"), "damaged"),
                (lambda: self.send(frame(4, bytes(100), count=1)), "out_of_turn"),
                (lambda: self.send(struct.pack(">32s", b"\0" * 32) * 40), "not_flowactors"),
            ]

    def sealed_kinds(self):
        foreign, old, other, mine = (self.context(at) for at in ("foreign/sensor", "keys/old", "keys/other", "keys/sensor"))
        bare = self.context(None)
        tls12 = self.context("keys/sensor")
        tls12.maximum_version = ssl.TLSVersion.TLSv1_2
        recorded = self.record(mine)
        self.kinds += [
            (lambda: self.send(b"\x16\x03\x01\x02\x00" + bytes(512)), "broken_tls"),
            (lambda: self.send(b"\x16\x03\x01\xff\xff" + bytes(65535)), "broken_tls"),
            (lambda: self.send(recorded), "broken_tls"),
            (lambda: self.sealed(tls12), "broken_tls"),
            (lambda: self.sealed(bare), "no_certificate"),
            (lambda: self.sealed(foreign), "foreign_certificate"),
            (lambda: self.sealed(old), "expired_certificate"),
            (lambda: self.sealed(other, hello("sensor", "own")), "other_certificate"),
            (lambda: self.sealed(mine, hello("sensor", "own")), "other_layout"),
            (lambda: self.sealed(mine, frame(1)[:4] + struct.pack("<I", 0xFFFFFFFF) + frame(1)[8:]), "too_long"),
        ]

    def attack(self, count):
        """What is to be refused, by name. Whoever keeps silent has others beside it, not behind it."""
        kinds = self.kinds + self.silent
        expected = {"left": 1} if hasattr(self, "was_recorded") else {}
        with concurrent.futures.ThreadPoolExecutor(WHO) as quick, concurrent.futures.ThreadPoolExecutor(WHO) as slow:
            done = []
            for i in range(count):
                what, name = kinds[i % len(kinds)]
                expected[name] = expected.get(name, 0) + 1
                done.append((slow if name == "silent" else quick).submit(what))
            for each in done:
                each.result()
        self.kinds = kinds
        return expected

    def context(self, at):
        out = ssl.create_default_context(cafile=self.folder / "keys" / "authority.pem")
        if at:
            out.load_cert_chain(self.folder / f"{at}.pem", self.folder / f"{at}.key")
        return out

    def open(self):
        out = socket.create_connection(("127.0.0.1", self.port))
        out.settimeout(60)
        return out

    def until_closed(self, client):
        try:
            while client.recv(65536):
                pass
        except (ConnectionError, ssl.SSLError):
            pass

    def send(self, content):
        with self.open() as client:
            try:
                client.sendall(content)
            except ConnectionError:
                return
            self.until_closed(client)

    def sealed(self, context, content=b""):
        with self.open() as plain:
            try:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
                    client.sendall(content)
                    self.until_closed(client)
            except (ConnectionError, ssl.SSLError):
                pass

    def keep_silent(self):
        with self.open() as client:
            self.until_closed(client)

    def dribble(self):
        """A byte now and then, of what could be a greeting."""
        with self.open() as client:
            client.settimeout(TIMEOUT_MS / 5000)
            for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" if len(self.kinds) > 12 else b"FLAW" + bytes([168]) + bytes(50):
                try:
                    client.send(bytes([byte]))
                    if not client.recv(1000):
                        return
                except socket.timeout:
                    pass
                except ConnectionError:
                    return
            client.settimeout(60)
            self.until_closed(client)

    def record(self, context):
        """All that a peer which is let in says until it is."""
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(came, goes, server_hostname="127.0.0.1")
        said = b""
        with self.open() as client:
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    said += (more := goes.read())
                    client.sendall(more)
                    came.write(client.recv(65536))
            said += (more := goes.read())
            client.sendall(more)
        self.was_recorded = True
        return said
