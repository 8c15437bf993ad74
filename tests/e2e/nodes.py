#!/usr/bin/env python3
"""Contexts on other nodes: the same results as here, and what happens when a node goes away, freezes or talks nonsense."""
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import time
import unittest

from contexts import tells
from flowactors import Case, captures, limit, main, pcap_header, udp_record


xxhash = ctypes.CDLL("libxxhash.so.0")
for function in (xxhash.XXH3_64bits, xxhash.XXH3_64bits_withSeed):
    function.restype = ctypes.c_uint64


def checksum(content):
    """The sum of a frame, as nodes/frame.cpp has it."""
    head, body = content[:40], content[40:]
    seed = ctypes.c_uint64(xxhash.XXH3_64bits(head, ctypes.c_size_t(len(head))))
    return xxhash.XXH3_64bits_withSeed(body, ctypes.c_size_t(len(body)), seed)


def frame(kind, body=b"", lane=0, count=0, serial=0, value=0):
    head = lambda sum: struct.pack("<4sIBBHIQQQ", b"FLAW", len(body), kind, 0, lane, count, serial, value, sum)
    return head(checksum(head(0) + body)) + body


def hello(node, context, version=2, lanes=1, incarnation=7):
    """A greeting that is right but for the hashes of what both ends must agree on."""
    return frame(1, struct.pack("<IHHQQQQ64s64s", version, lanes, 0, 0, 0, incarnation, 0, node.encode(), context.encode()))


class NodeCase(Case):
    """Sensors and analyzers as processes of their own, with the context `own` at the analyzers."""

    def setUp(self):
        super().setUp()
        folder = self.inline.parent / "own"
        folder.mkdir()
        (folder / "script.lua").write_text(tells)
        self.analyzers = []

    def keys(self, **keys):
        return [word for key, value in keys.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def analyzer(self, port=None, name=None, **keys):
        """A node that runs the context; the process and where it listens."""
        port = port or self.free_port()
        number = len(self.analyzers)
        where = f"127.0.0.1:{port}"
        values = {"node.listen": where, "node.name": name or f"analyzer-{number}", "node.heartbeat": "100ms", "node.timeout": "1s", "context.own.shards": 1, **keys}
        out = open(self.folder / f"out-{number}", "wb")
        self.addCleanup(out.close)
        words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        process = self.start_to(out, "--strict-ledger", "--report", self.folder / f"analyzer-{number}.json", *words)
        self.analyzers.append(process)
        self.wait_for(process, "listens")
        return process, where

    def start_to(self, out, *args):
        process = subprocess.Popen(self.command(*args), stdout=out, stderr=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        return process

    def sensor_keys(self, places, **keys):
        values = {"node__name": "sensor", "node__heartbeat": "100ms", "node__timeout": "1s", "context__own__at": ",".join(places), **keys}
        return ["--report", self.folder / "sensor.json", *self.keys(**values)]

    def end_analyzers(self):
        """Their standard outputs together, sorted."""
        out = []
        for number, process in enumerate(self.analyzers):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                _, err = process.communicate(timeout=limit)
                self.assertEqual(process.returncode, 0, err.decode(errors="replace"))
            out += (self.folder / f"out-{number}").read_text().splitlines()
        return sorted(out)

    def lanes(self, name="sensor"):
        return json.loads((self.folder / f"{name}.json").read_text())["contexts"]["own"]["lanes"]

    def total(self, key, name="sensor"):
        return sum(sum(lane[key].values()) for lane in self.lanes(name))

    def losses(self, name="sensor"):
        out = {}
        for lane in self.lanes(name):
            for reason, kinds in lane["lost"].items():
                out[reason] = out.get(reason, 0) + sum(kinds.values())
        return {reason: n for reason, n in out.items() if n}

    def until(self, what):
        end = time.monotonic() + limit
        while not what():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def many(self, count):
        path = self.folder / "many.pcap"
        path.write_bytes(pcap_header() + b"".join(udp_record(i) for i in range(count)))
        return path

    def local_log(self, *args):
        out, _ = self.run_it("-q", "--strict-ledger", "--set", "context.own.shards=1", *args)
        return sorted(out.splitlines())


class Nodes(NodeCase):
    def test_one_analyzer_or_three_give_what_a_context_here_gives(self):
        expected = self.local_log("-r", captures)
        self.assertGreater(len(expected), 100)
        for count, batch, shards, workers in [(1, 256, 1, 1), (3, 7, 1, 1), (2, 64, 3, 2)]:
            self.analyzers = []
            places = [self.analyzer(**{"context.own.shards": shards})[1] for _ in range(count)]
            keys = self.sensor_keys(places, context__own__batch=batch, capture__workers=workers)
            self.run_it("-q", "--strict-ledger", "-r", captures, *keys)
            self.assertEqual(self.end_analyzers(), expected, (count, batch, shards))
            self.assertEqual(self.losses(), {})
            self.assertEqual(len(self.lanes()), count * workers)
            self.assertEqual(self.total("handled"), sum(self.total("handled", f"analyzer-{i}") for i in range(count)))

    def test_two_sensors_share_an_analyzer(self):
        expected = self.local_log("-r", captures)
        process, place = self.analyzer()
        first = self.start("-q", "--strict-ledger", "-r", captures, *self.keys(node__name="one", context__own__at=place))
        second = self.start("-q", "--strict-ledger", "-r", captures, *self.keys(node__name="two", context__own__at=place))
        self.finish(first)
        self.finish(second)
        self.assertEqual(self.end_analyzers(), sorted(expected * 2))

    def test_a_sensor_waits_for_its_analyzer_and_nothing_is_lost(self):
        expected = self.local_log("-r", captures)
        port = self.free_port()
        sensor = self.start("--strict-ledger", "-r", captures, *self.sensor_keys([f"127.0.0.1:{port}"]))
        self.wait_for(sensor, "Connection refused")
        self.analyzer(port)
        self.finish(sensor)
        self.assertEqual(self.end_analyzers(), expected)

    def test_a_killed_analyzer_leaves_its_share_to_the_other(self):
        path = self.many(30000)
        killed, first = self.analyzer(**{"context.own.lane": 256})
        _, second = self.analyzer(**{"context.own.lane": 256})
        killed.send_signal(signal.SIGSTOP)  # so that it has something in hand
        sensor = self.start("--strict-ledger", "-r", path, *self.sensor_keys([first, second], context__own__lane=2048))
        self.wait_for(sensor, "others take its share")
        killed.kill()
        killed.wait(timeout=limit)
        self.finish(sensor)
        self.end_analyzers()
        losses = self.losses()
        self.assertLessEqual(set(losses), {"unreachable", "crashed"})
        self.assertEqual(self.total("taken"), self.total("handled") + sum(losses.values()))
        self.assertEqual(self.total("handled"), self.total("handled", "analyzer-1"))

    def test_a_frozen_analyzer_that_wakes_takes_its_share_back(self):
        frozen, first = self.analyzer()
        _, second = self.analyzer()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        sensor = self.start("--strict-ledger", "-r", fifo, *self.sensor_keys([first, second], context__own__linger="1ms"))
        with open(fifo, "wb", buffering=0) as packets:
            packets.write(pcap_header() + b"".join(udp_record(i) for i in range(100)))
            self.wait_for(sensor, "runs")
            frozen.send_signal(signal.SIGSTOP)
            self.wait_for(sensor, "others take its share")
            frozen.send_signal(signal.SIGCONT)
            self.wait_for(sensor, "runs")
            packets.write(b"".join(udp_record(i * 60000) for i in range(200)))
        self.finish(sensor)
        self.end_analyzers()
        self.assertEqual(self.losses().get("crashed", 0), 0)
        for number in (0, 1):
            self.assertGreater(self.total("handled", f"analyzer-{number}"), 0)
        self.assertEqual(self.total("handled"), sum(self.total("handled", f"analyzer-{i}") for i in (0, 1)))

    def test_what_strangers_send_ends_nothing(self):
        process, place = self.analyzer()
        port = int(place.rsplit(":")[-1])
        magic = struct.pack("<I", 0x57414C46)
        header = lambda kind, length: magic + struct.pack("<IBBHIQQQ", length, kind, 0, 0, 0, 0, 0, 0)
        kinds = [b"GET / HTTP/1.1\r\n\r\n" * 4, bytes(1000), os.urandom(100000), header(1, 0xFFFFFFFF), header(1, 168) + bytes(168),
                 header(4, 0), header(8, 0), header(99, 0), header(1, 0), header(1, 10) + b"x" * 10, b"", header(1, 168)[:20]]
        held = []
        for round in range(20):
            for content in kinds:
                client = socket.create_connection(("127.0.0.1", port))
                self.addCleanup(client.close)
                try:
                    client.sendall(content)
                except OSError:
                    pass
                if round == 0:
                    held.append(client)
                else:
                    client.close()
        for client in held:  # they are told why, or cut off when their time is over
            client.settimeout(limit)
            try:
                while client.recv(1000):
                    pass
            except ConnectionResetError:
                pass
        self.run_it("-q", "--strict-ledger", "-r", captures, *self.sensor_keys([place]))
        self.assertEqual(self.end_analyzers(), self.local_log("-r", captures))

    def test_a_greeting_of_another_kind_is_told_why(self):
        _, place = self.analyzer()
        host, port = place.split(":")
        for content, words in [
            (hello("sensor", "own", version=1), b"other_version"),
            (frame(1, struct.pack("<I", 9) + bytes(100)), b"other_version"),
            (hello("sensor", "own"), b"other_layout"),
            (hello("sen sor", "own"), b"bad_greeting"),
            (hello("sensor", "own")[:-1] + b"x", b"damaged"),
            (frame(4), b"out_of_turn"),
        ]:
            with socket.create_connection((host, int(port))) as client:
                client.settimeout(limit)
                client.sendall(content)
                self.assertIn(words, client.recv(1000))
        self.end_analyzers()
        counts = json.loads((self.folder / "analyzer-0.json").read_text())["node"]["refused"]
        self.assertEqual({reason: count for reason, count in counts.items() if count}, {"other_version": 2, "other_layout": 1, "bad_greeting": 1, "damaged": 1, "out_of_turn": 1})

    def test_a_context_that_is_not_there_is_named(self):
        process, place = self.analyzer()
        sensor = self.start("-r", captures, *self.keys(node__name="sensor", context__other__at=place))
        self.wait_for(sensor, "no_such_context")
        for number in (signal.SIGTERM, signal.SIGTERM):
            sensor.send_signal(number)
        self.finish(sensor, code=1)

    def test_two_nodes_of_one_name_are_told_apart(self):
        process, place = self.analyzer()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        first = self.start("--strict-ledger", "-r", fifo, *self.sensor_keys([place]))
        with open(fifo, "wb", buffering=0) as packets:
            packets.write(pcap_header() + udp_record(1))
            self.wait_for(first, "runs")
            second = self.start("-r", captures, *self.keys(node__name="sensor", context__own__at=place))
            self.assertIn("same_name", self.wait_for(second, "is lost"))
            self.assertIn("same_name", self.wait_for(process, "refuses"))
            for number in (signal.SIGTERM, signal.SIGTERM):
                second.send_signal(number)
            self.finish(second, code=1)
        self.finish(first)
        self.assertEqual(len(self.end_analyzers()), len(self.local_log("-r", self.many(1))))

    def test_a_link_to_itself_by_another_address_is_named(self):
        port = self.free_port()
        process = self.start("-r", captures, *self.keys(node__name="both", node__listen=f"127.0.0.1:{port}", context__own__at=f"localhost:{port}"))
        self.assertIn("same_name", self.wait_for(process, "is lost"))
        for number in (signal.SIGTERM, signal.SIGTERM):
            process.send_signal(number)
        self.finish(process, code=1)

    def test_a_reload_of_the_analyzer_loses_nothing(self):
        process, place = self.analyzer()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        sensor = self.start("--strict-ledger", "-r", fifo, *self.sensor_keys([place], context__own__linger="1ms"))
        out = self.folder / "out-0"
        with open(fifo, "wb", buffering=0) as packets:
            packets.write(pcap_header() + b"".join(udp_record(i) for i in range(1000)))
            self.until(lambda: out.read_text().count("flowCreate") == 1000)
            script = self.inline.parent / "own" / "script.lua"
            script.write_text(tells.replace("io.write(what", "io.write('again ', what"))
            process.send_signal(signal.SIGHUP)
            sent = 1000

            def tells_again():  # what comes meanwhile, to old code or new
                nonlocal sent
                packets.write(b"".join(udp_record(i) for i in range(sent, sent + 20)))
                sent += 20
                return "again " in out.read_text()

            self.until(tells_again)
        self.finish(sensor)
        log = self.end_analyzers()
        self.assertEqual(self.losses(), {})
        self.assertEqual(sum("flowCreate" in line for line in log), sent)
        self.assertEqual(self.total("handled"), self.total("handled", "analyzer-0"))
        (link,) = json.loads((self.folder / "sensor.json").read_text())["contexts"]["own"]["links"]
        self.assertEqual(link["connections"], 1)

    def each_for_the_other(self, inputs):
        """Two nodes that both listen; each with packets sends its events to the other. What each has written."""
        ports = [self.free_port(), self.free_port()]
        fifos, running = [], []
        for number, port in enumerate(ports):
            keys = {"node__name": f"node-{number}", "node__listen": f"127.0.0.1:{port}", "node__heartbeat": "100ms", "node__timeout": "1s"}
            other = f"127.0.0.1:{ports[1 - number]}"
            keys |= {"control__socket": self.folder / f"control-{number}", f"context__for_{number}__shards": 1, **({f"context__for_{1 - number}__at": other} if inputs[number] else {})}
            more = ["-r", inputs[number]] if inputs[number] else []
            running.append(self.start("--strict-ledger", "--report", self.folder / f"node-{number}.json", *more, *self.keys(**keys)))
            self.wait_for(running[-1], "listens")
        for number, process in enumerate(running):
            if inputs[number]:
                self.until(lambda: self.is_done(self.folder / f"control-{number}"))
        for process in running:
            process.send_signal(signal.SIGTERM)
        return [sorted(self.finish(process)[0].splitlines()) for process in running]

    def is_done(self, socket_path):
        """Whether all inputs have ended, and what they gave is done."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(limit)
            control.connect(str(socket_path))
            control.sendall(b"status\ncontexts\n")
            status, contexts = (json.loads(line)["result"] for line in (answers.readline() for answers in [control.makefile()] for _ in range(2)))
            return all(each["state"] == "ended" for each in status["inputs"]) and not any(lane["waiting"] for each in contexts for lane in each["lanes"])

    def test_sensor_and_analyzer_change_places(self):
        for number in range(2):
            folder = self.inline.parent / f"for_{number}"
            folder.mkdir()
            (folder / "script.lua").write_text(tells)
        expected = self.local_log("-r", captures)
        for inputs in ((captures, None), (None, captures), (captures, captures)):
            logs = self.each_for_the_other(inputs)
            # Each runs its own context on what it captures itself, and on what the other sends.
            self.assertEqual(logs, [sorted(expected * sum(each is not None for each in inputs))] * 2)

    def test_a_clock_that_is_set_changes_nothing(self):
        library = os.environ.get("CLOCK_JUMP_LIBRARY")
        if not library:
            self.skipTest("needs the library of tests/e2e/clock_jump.cpp")
        jump = self.folder / "jump"
        jump.write_text("0")
        preload = {"LD_PRELOAD": library, "CLOCK_JUMP": str(jump), "ASAN_OPTIONS": "verify_asan_link_order=0"}
        os.environ.update(preload)
        self.addCleanup(lambda: [os.environ.pop(key) for key in preload])
        process, place = self.analyzer()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        sensor = self.start("--strict-ledger", "-r", fifo, *self.sensor_keys([place], context__own__linger="1ms"))
        first = sensor.stderr.readline().decode()
        out = self.folder / "out-0"
        with open(fifo, "wb", buffering=0) as packets:
            packets.write(pcap_header())
            self.wait_for(sensor, "runs")
            for turn, seconds in enumerate((86400 * 400, -86400 * 400, 0)):
                jump.write_text(str(seconds))
                packets.write(b"".join(udp_record(i) for i in range(turn * 500, turn * 500 + 500)))
                self.until(lambda: out.read_text().count("flowCreate") == turn * 500 + 500)
        _, err = self.finish(sensor)
        self.assertNotEqual(first[:10], time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400 * 400)))
        self.end_analyzers()
        self.assertEqual(self.losses(), {})
        (link,) = json.loads((self.folder / "sensor.json").read_text())["contexts"]["own"]["links"]
        self.assertEqual((link["connections"], link["resent"]), (1, 0))

    def test_wrong_settings_are_named(self):
        for keys, words in [
            (["node.listen=127.0.0.1"], "expected host:port"),
            (["node.listen=0.0.0.0:4711"], "insecure"),
            (["context.own.at=192.0.2.1:4711"], "insecure"),
            (["node.listen=127.0.0.1:4711", "context.own.at=127.0.0.1:4711"], "this node itself"),
            (["context.own.at=127.0.0.1:1, 127.0.0.1:1"], "only once"),
            (["node.timeout=1s"], "at least twice heartbeat"),
            (["context.own.at=no-such-host.invalid:1"], "a host that is known"),
        ]:
            _, err = self.run_it("-T", *[word for key in keys for word in ("--set", key)], code=2)
            self.assertIn(words, err)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            _, err = self.run_it("-T", "--set", f"node.listen=127.0.0.1:{other.getsockname()[1]}", code=2)
            self.assertIn("Address already in use", err)


if __name__ == "__main__":
    main()
