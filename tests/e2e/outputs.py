#!/usr/bin/env python3
"""Records reach files, sockets and pipes whole, keep their schema, and what can't be written is lost by name."""
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time
import unittest

from flowactors import Case, captures, limit, main, pcap_header, top, udp_record
from schema import breaches

emitting = "return {flowCreate = function(f) emit {n = f.cli_port} end}\n"


class Outputs(Case):
    schema = json.loads((top / "tests" / "outputs.schema.json").read_text())

    def setUp(self):
        super().setUp()
        self.out = self.folder / "out.json"

    def to(self, path=None, **keys):
        """The options for an output called o."""
        keys = {"path": path or self.out, **keys} if keys.get("kind") != "stdout" else keys
        return [word for key, value in keys.items() for word in ("--set", f"output.o.{key}={value}")]

    def capture(self, count):
        """A file with so many flows."""
        path = self.folder / "many.pcap"
        path.write_bytes(pcap_header() + b"".join(udp_record(i) for i in range(count)))
        return path

    def report(self):
        return json.loads((self.folder / "report.json").read_text())

    def books(self):
        report = self.report()
        self.assertTrue(report["ledger"]["balanced"], report["ledger"])
        return report["outputs"]["o"]

    def options(self, *args):
        return ("-q", "--report", self.folder / "report.json", "--strict-ledger", *args)

    def records(self, path=None):
        return [json.loads(line) for line in (path or self.out).read_text().splitlines()]

    def listen(self, path):
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(str(path))
        server.listen()
        server.settimeout(limit)
        return server

    def accept(self, server):
        peer, _ = server.accept()
        self.addCleanup(peer.close)
        peer.settimeout(limit)
        return peer

    def fifo(self, *args, quiet=True):
        """A run that reads a FIFO; the process and its writing end."""
        path = self.folder / "fifo"
        os.mkfifo(path)
        options = self.options("-r", path, "--set", "flows.idle_after=1s", "--set", "flows.closed_after=1s", *args)
        process = self.start(*options[0 if quiet else 1:])
        end = open(path, "wb", buffering=0)
        self.addCleanup(end.close)
        end.write(pcap_header())
        return process, end

    def until(self, condition, step=lambda: None):
        """Bounded in time, for what another process does."""
        end = time.monotonic() + limit
        while not condition():
            self.assertLess(time.monotonic(), end, "it did not happen")
            step()
            select.select([], [], [], 0.01)


class Changes(Outputs):
    """Outputs that come, change and go by a reload."""

    def configure(self, **outputs):
        sections = "".join(f"[output.{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) for name, keys in outputs.items())
        (self.folder / "c.ini").write_text(f"[scripts]\nroot = {self.folder}/scripts\n[flows]\nidle_after = 1s\nclosed_after = 1s\n" + sections)

    def begin(self):
        self.script("a.lua", emitting)
        return self.fifo("-c", self.folder / "c.ini", quiet=False)

    def feed(self, end, first, last, path):
        """Flows, until the output has the records of all of them."""
        end.write(b"".join(udp_record(i) for i in range(first, last)))
        self.until(lambda: path.exists() and len(path.read_text().splitlines()) >= last - first)

    def reload(self, process):
        process.send_signal(signal.SIGHUP)
        self.wait_for(process, "supervisor reloads a.lua")

    def numbers(self, path):
        return sorted(record["emit"]["n"] if "emit" in record else record["n"] for record in self.records(path))

    def test_an_output_moves_goes_and_comes_again(self):
        one, two, three = (self.folder / f"{name}.json" for name in ("one", "two", "three"))
        keys = {"what": "emits"}
        self.configure(o={"path": one, **keys})
        process, end = self.begin()
        self.feed(end, 0, 50, one)
        self.configure(o={"path": two, **keys})
        self.reload(process)
        self.feed(end, 50, 120, two)
        self.configure()
        self.reload(process)
        self.configure(o={"path": three, **keys}, more={"path": one, **keys})
        self.reload(process)
        self.feed(end, 120, 200, three)
        self.until(lambda: len(one.read_text().splitlines()) == 130)
        end.close()
        self.finish(process)
        self.assertEqual([len(self.records(path)) for path in (one, two, three)], [130, 70, 80])
        ledger = self.report()["outputs"]
        self.assertEqual((ledger["o"]["written"], ledger["more"]["written"]), (200, 80))
        self.books()

    def test_other_keys_of_the_same_file_lose_nothing(self):
        self.configure(o={"path": self.out, "what": "emits"})
        process, end = self.begin()
        for turn in range(10):
            end.write(b"".join(udp_record(i) for i in range(turn * 500, (turn + 1) * 500)))
            self.configure(o={"path": self.out, "what": "emits", "max_record": f"{turn + 2}KiB"})
            self.reload(process)
        end.close()
        self.finish(process)
        self.assertEqual(len(self.records()), 5000)
        self.assertEqual(self.books()["written"], 5000)

    def test_one_that_cannot_be_opened_stays_as_it_was(self):
        self.configure(o={"path": self.out, "what": "emits"})
        process, end = self.begin()
        self.feed(end, 0, 10, self.out)
        os.mkdir(self.folder / "folder")
        self.configure(o={"path": self.folder / "folder", "what": "emits"})
        process.send_signal(signal.SIGHUP)
        self.wait_for(process, "[output.o]")
        end.write(b"".join(udp_record(i) for i in range(10, 20)))
        self.until(lambda: len(self.records()) == 20)
        end.close()
        self.finish(process)
        self.assertEqual(self.books()["written"], 20)


class Records(Outputs):
    def check(self, record, kind):
        self.assertEqual(breaches(record, self.schema["definitions"][kind], self.schema, "record"), [], record)

    def test_every_capture_keeps_the_schema(self):
        self.script("a.lua", "return {flowDelete = function(f) emit {server = f.srv_ip} end, setup = function() emit {1, 2} end}\n")
        seen = set()
        for path in sorted(captures.glob("*.pcap*")):
            self.out.unlink(missing_ok=True)
            report = self.report_of("-r", path, *self.to(detected="true"))
            records = self.records()
            kinds = [record["event_type"] for record in records]
            self.assertEqual(kinds.count("flow"), report["flows"]["created"])
            self.assertEqual(len(records), report["outputs"]["o"]["written"])
            for record in records:
                self.check(record, "script" if record["event_type"] == "script" else "flow")
            flows = {r["flow_id"]: r for r in records if r["event_type"] == "flow"}
            self.assertEqual(sum(f["flow"]["pkts_toserver"] + f["flow"]["pkts_toclient"] for f in flows.values()),
                             report["packets"]["decoded"])
            for record in records:
                if record["event_type"] == "script" and "server" in record:
                    self.assertEqual(record["server"], flows[record["flow_id"]]["dest_ip"])
            seen.update(name for record in records for name in record)
        self.assertLessEqual({"tls", "http", "dns", "ssh", "tunnel", "vlan", "tcp", "ndpi", "icmp_type", "values"}, seen)

    def test_the_check_finds_what_is_wrong(self):
        self.report_of("-r", captures / "dns.pcap", *self.to())
        record = self.records()[0]
        for wrong in ({**record, "flow_id": "1"}, {**record, "unknown": 1}, {k: v for k, v in record.items() if k != "src_ip"}):
            self.assertEqual(len(breaches(wrong, self.schema["definitions"]["flow"], self.schema)), 1)

    def test_every_field_is_documented(self):
        text = (top / "docs" / "outputs.md").read_text()

        def names(rule, prefix=""):
            if "$ref" in rule:
                rule = self.schema["definitions"][rule["$ref"].rsplit("/", 1)[1]]
            for name, inner in rule.get("properties", {}).items():
                if inner.get("type") == "object" or "$ref" in inner:
                    yield from names(inner, prefix + name + ".")
                else:
                    yield prefix + name

        for kind in "flow", "script":
            for name in names(self.schema["definitions"][kind]):
                self.assertIn(f"`{name}`", text)

    def test_every_loss_is_documented(self):
        self.report_of("-r", captures / "dns.pcap", *self.to())
        text = (top / "docs" / "outputs.md").read_text()
        for reason in self.report()["outputs"]["o"]["lost"]:
            self.assertIn(f"| `{reason}` |", text)

    def test_community_ids_agree_with_scripts(self):
        self.script("a.lua", "return {flowDelete = function(f) emit {id = f.community_id} end}\n")
        self.report_of("-r", captures / "http.pcap", *self.to(), "--set", "flows.community_id_seed=7")
        records = self.records()
        flows = {r["flow_id"]: r["community_id"] for r in records if r["event_type"] == "flow"}
        scripts = {r["flow_id"]: r["id"] for r in records if r["event_type"] == "script"}
        self.assertEqual(flows, scripts)

    def test_standard_output(self):
        self.script("a.lua", emitting)
        out, _ = self.run_it("-q", "-r", captures / "dns.pcap", *self.to(kind="stdout", what="emits"))
        records = [json.loads(line) for line in out.splitlines()]
        self.assertTrue(records)
        for record in records:
            self.check(record, "script")

    def test_several_outputs_get_what_they_want(self):
        self.script("a.lua", emitting)
        other = self.folder / "emits.json"
        report = self.report_of("-r", captures, *self.to(what="flows"), "--set", f"output.e.path={other}", "--set", "output.e.what=emits")
        self.assertEqual({r["event_type"] for r in self.records()}, {"flow"})
        self.assertEqual({r["event_type"] for r in self.records(other)}, {"script"})
        self.assertEqual(len(self.records()), report["flows"]["created"])
        self.assertEqual(len(self.records(other)), report["flows"]["created"])

    def test_a_record_that_is_too_large_is_lost_by_name(self):
        self.script("a.lua", "return {flowCreate = function() emit {('x'):rep(5000)} emit {1} end}\n")
        report = self.report_of("-r", captures / "dns.pcap", *self.to(what="emits", max_record="4KiB"))
        created = report["flows"]["created"]
        self.assertEqual(report["outputs"]["o"]["lost"]["too_large"], created)
        self.assertEqual(len(self.records()), created)


class Files(Outputs):
    def test_nothing_is_lost_over_rotated_files(self):
        self.run_it(*self.options("-r", self.capture(5000), *self.to(rotate="64KiB", keep=1000, queue="64KiB")))
        books = self.books()
        self.assertGreater(books["files"], 10)
        ids = []
        for number in range(books["files"], -1, -1):
            path = self.folder / ("out.json" + (f".{number}" if number else ""))
            self.assertLessEqual(path.stat().st_size, 65536)
            ids += [record["flow_id"] for record in self.records(path)]
        self.assertEqual(sorted(ids), list(range(1, 5001)))

    def test_a_file_that_was_moved_is_made_anew_on_hup(self):
        self.script("a.lua", emitting)
        process, fifo = self.fifo(*self.to(what="emits"))
        fifo.write(b"".join(udp_record(i) for i in range(100)))
        self.until(lambda: self.out.exists() and len(self.out.read_bytes().splitlines()) == 100)
        moved = self.out.rename(self.folder / "moved.json")
        process.send_signal(signal.SIGHUP)
        self.until(self.out.exists)
        fifo.write(b"".join(udp_record(i) for i in range(100, 200)))
        fifo.close()
        self.finish(process)
        self.assertEqual([r["n"] for r in self.records(moved) + self.records()], [1024 + i for i in range(200)])

    def test_a_file_that_vanishes_is_made_anew(self):
        self.script("a.lua", emitting)
        process, fifo = self.fifo(*self.to(what="emits"))
        self.until(self.out.exists)
        self.out.unlink()
        number = iter(range(100000))
        self.until(self.out.exists, lambda: fifo.write(udp_record(next(number))))
        fifo.close()
        self.finish(process)
        self.assertTrue(self.records())
        self.assertEqual(self.books()["written"], self.books()["taken"])

    def test_a_folder_that_vanishes_is_waited_for(self):
        self.script("a.lua", emitting)
        place = self.folder / "place"
        place.mkdir()
        self.out = place / "out.json"
        process, fifo = self.fifo(*self.to(what="emits"))
        self.until(self.out.exists)
        aside = place.rename(self.folder / "aside")
        number = iter(range(100000))
        self.until(lambda: select.select([process.stderr], [], [], 0)[0], lambda: fifo.write(udp_record(next(number))))
        self.wait_for(process, "output can't write o: ")
        place.mkdir()
        fifo.close()
        self.finish(process)
        books = self.books()
        self.assertEqual(books["written"], books["taken"])
        self.assertEqual(len(self.records(aside / "out.json") + self.records()), books["taken"])

    def test_a_full_device_loses_by_name_and_the_run_goes_on(self):
        _, err = self.run_it(*self.options("-r", captures, *self.to("/dev/full", wait="1ms")), code=1)
        self.assertEqual(err.count("output can't write o: /dev/full: No space left on device"), 1)
        report = self.report()
        self.assertEqual(self.books()["lost"]["write_error"], report["flows"]["created"])
        self.assertEqual(report["packets"]["seen"], 833)

    def test_a_disk_that_is_full_loses_nothing_once_there_is_room(self):
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            self.skipTest("needs root and mount namespaces")
        self.script("a.lua", emitting)
        disk = self.folder / "disk"
        disk.mkdir()
        path = self.folder / "fifo"
        os.mkfifo(path)
        self.out = disk / "out.json"
        mount = f"mount -t tmpfs -o size=256k none {disk} && head -c 230000 /dev/zero > {disk}/filler && exec \"$@\""
        process = subprocess.Popen(["unshare", "-m", "sh", "-c", mount, "sh",
                                    *self.command(*self.options("-r", path, *self.to(what="emits")))],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header())
            seen = pathlib.Path(f"/proc/{process.pid}/root{disk}")
            for begin in range(0, 1000, 100):
                fifo.write(b"".join(udp_record(i) for i in range(begin, begin + 100)))
            self.wait_for(process, "output can't write o: ")
            lines = (seen / "out.json").read_bytes()
            self.assertTrue(lines.endswith(b"}\n"))
            numbers = [json.loads(line)["n"] for line in lines.splitlines()]
            (seen / "out.json").write_bytes(b"")
            (seen / "filler").unlink()
            self.until(lambda: (seen / "out.json").stat().st_size > 0)
            rest = []

            def all_there():
                nonlocal rest
                rest = (seen / "out.json").read_bytes().splitlines()
                return len(numbers) + len(rest) >= 1000

            self.until(all_there)
        self.finish(process)
        self.assertEqual(numbers + [json.loads(line)["n"] for line in rest], [1024 + i for i in range(1000)])
        self.assertEqual(self.books()["written"], 1000)

    def test_bad_paths_stop_the_start(self):
        for path, words in (self.folder, "(a folder), expected a file"), (self.folder / "no" / "x", "a file in a folder that exists"):
            _, err = self.run_it("-r", captures / "dns.pcap", *self.to(path), code=2)
            self.assertIn("[output.o] path: found", err)
            self.assertIn(words, err)
        path = self.folder / "socket"
        self.listen(path)
        _, err = self.run_it("-r", captures / "dns.pcap", *self.to(path), code=1)
        self.assertIn(f"[output.o] {path}: ", err)


class Streams(Outputs):
    def read_lines(self, peer, pause=0):
        data = b""
        while True:
            got = peer.recv(1 << 16)
            if not got:
                return data.splitlines()
            data += got
            select.select([], [], [], pause)

    def test_a_listener_that_comes_late_gets_everything(self):
        path = self.folder / "socket"
        self.script("a.lua", emitting)
        process, fifo = self.fifo(*self.to(path, kind="unix", what="emits"))
        self.wait_for(process, "output waits for o")
        fifo.write(b"".join(udp_record(i) for i in range(500)))
        fifo.close()
        peer = self.accept(self.listen(path))
        lines = self.read_lines(peer)
        self.finish(process)
        self.assertEqual([json.loads(line)["n"] for line in lines], [1024 + i for i in range(500)])

    def test_a_replay_waits_for_a_slow_reader(self):
        path = self.folder / "socket"
        server = self.listen(path)
        process = self.start(*self.options("-r", self.capture(3000), *self.to(path, kind="unix", queue="64KiB")))
        lines = self.read_lines(self.accept(server), 0.01)
        self.finish(process)
        self.assertEqual(len({json.loads(line)["flow_id"] for line in lines}), 3000)
        self.assertEqual(self.books()["written"], 3000)

    def test_a_reader_that_hangs_costs_records_but_not_time_if_nobody_is_to_wait(self):
        path = self.folder / "socket"
        server = self.listen(path)
        process = self.start(*self.options("-r", self.capture(10000), *self.to(path, kind="unix", queue="64KiB", when_full="drop")))
        self.accept(server)
        self.finish(process, code=1)  # what was in the queue at the end
        books = self.books()
        self.assertGreater(books["lost"]["queue_full"], 0)
        self.assertGreater(books["lost"]["unfinished"], 0)
        self.assertEqual(books["waiting"], 0)

    def test_term_does_not_wait_for_a_reader_that_hangs(self):
        path = self.folder / "socket"
        server = self.listen(path)
        process = self.start(*self.options("-r", self.capture(10000), *self.to(path, kind="unix", queue="64KiB", wait="1h")))
        peer = self.accept(server)
        self.assertTrue(peer.recv(1))
        process.send_signal(signal.SIGTERM)
        self.finish(process, code=1)
        self.assertEqual(self.books()["waiting"], 0)

    def test_a_connection_that_breaks_is_made_again(self):
        path = self.folder / "socket"
        server = self.listen(path)
        self.script("a.lua", emitting)
        process, fifo = self.fifo(*self.to(path, kind="unix", what="emits"))
        peer = self.accept(server)
        fifo.write(udp_record(0))
        self.assertIn(b'"n":1024', peer.recv(1000))
        peer.close()
        fifo.write(udp_record(1))
        peer = self.accept(server)
        fifo.close()
        lines = self.read_lines(peer)
        self.finish(process)
        self.assertEqual([json.loads(line)["n"] for line in lines], [1025])

    def test_nobody_ever_listens(self):
        _, err = self.run_it(*self.options("-r", captures, *self.to(self.folder / "none", kind="unix", wait="1ms")), code=1)
        self.assertIn("output waits for o", err)
        self.assertEqual(self.books()["lost"]["unreachable"], self.report()["flows"]["created"])

    def test_standard_output_whose_reader_is_gone(self):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(self.command(*self.options("-r", captures, *self.to(kind="stdout"))), stdout=write,
                              stderr=subprocess.PIPE, timeout=limit)
        os.close(write)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.books()["lost"]["reader_gone"], self.report()["flows"]["created"])


if __name__ == "__main__":
    main()
