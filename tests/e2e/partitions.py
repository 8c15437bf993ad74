#!/usr/bin/env python3
"""Nodes on machines of their own, and what goes wrong between them: the ledgers balance, and the event log is the one of a run without nodes."""
import collections
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import namespaces
from flowactors import limit, main, pcap_header, udp_record
from nodes import NodeCase, frame, hello

# A node of a later version: it reads a greeting and says no.
OTHER = """import socket, sys
with socket.create_server((sys.argv[1], 4711)) as server:
    print("listens", flush=True)
    while True:
        client, _ = server.accept()
        with client:
            greeting = client.recv(208, socket.MSG_WAITALL)
            version = int.from_bytes(greeting[40:44], "little")
            print("refuses version", version, flush=True)
            client.sendall(bytes.fromhex(sys.argv[2]))
            client.recv(1)
"""


class Feed(threading.Thread):
    """Packets for a sensor, in parts that are let go one by one."""

    def __init__(self, path, parts):
        super().__init__(daemon=True)
        self.path, self.parts = path, parts
        self.go = threading.Semaphore(0)
        os.mkfifo(path)
        self.start()

    def run(self):
        with open(self.path, "wb", buffering=0) as out:
            out.write(pcap_header())
            for part in self.parts:
                self.go.acquire()
                try:
                    out.write(part)
                except BrokenPipeError:
                    return


@unittest.skipUnless(namespaces.inside(), namespaces.WHY_NOT)
class Partitions(NodeCase):
    flows = 3000

    def setUp(self):
        super().setUp()
        self.build()

    def build(self, **how):
        self.network = namespaces.Network(**how)
        self.addCleanup(self.network.remove)
        self.address = {}

    def machine(self, name):
        if name not in self.address:
            self.address[name] = self.network.add(name)
        return self.address[name]

    def start_on(self, machine, out, *args):
        process = subprocess.Popen([*self.network.on(machine), *map(str, args)], stdout=out, stderr=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        return process

    def analyzer(self, machine="analyzer", **keys):
        """A life of the node on this machine, and its place."""
        place = f"{self.machine(machine)}:4711"
        number = len(self.analyzers)
        out = open(self.folder / f"out-{number}", "wb")
        self.addCleanup(out.close)
        values = {"node__name": machine, "node__listen": place, "node__insecure": "true", "node__heartbeat": "100ms", "node__timeout": "1s", "context__own__shards": 1, **keys}
        process = self.start_on(machine, out, *self.command("--strict-ledger", "--report", self.folder / f"analyzer-{number}.json", *self.keys(**values)))
        self.analyzers.append(process)
        self.wait_for(process, "listens")
        return process, place

    def sensor(self, places, *args, name="sensor", **keys):
        self.machine(name)
        values = {"node__insecure": "true", "node__name": name, "node__heartbeat": "100ms", "node__timeout": "1s", "context__own__at": ",".join(places),
                  "context__own__linger": "1ms", **keys}
        return self.start_on(name, subprocess.PIPE, *self.command("--strict-ledger", "--report", self.folder / f"{name}.json", *args, *self.keys(**values)))

    def fed(self, places, parts=2, **keys):
        """A sensor that reads the flows in so many parts, and the feed."""
        each = self.flows // parts
        feed = Feed(self.folder / "fifo", [b"".join(udp_record(i) for i in range(at * each, (at + 1) * each)) for at in range(parts)])
        return self.sensor(places, "-r", feed.path, control__socket=self.folder / "control", **keys), feed

    def expected(self):
        return self.local_log("-r", self.many(self.flows))

    def until_quiet(self, number):
        """Waits until the analyzer has written a line for each flow that began in the first part."""
        path = self.folder / f"out-{number}"
        half = self.flows // 2
        self.until(lambda: path.read_text().count("flowCreate") >= half, f"fewer than {half} flows came")

    def until_handled(self):
        """Waits until nothing is under way to the analyzers."""

        def waiting():
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(limit)
                control.connect(str(self.folder / "control"))
                control.sendall(b"contexts\n")
                answer = json.loads(control.makefile().readline())
            return sum(lane["waiting"] for context in answer["result"] for lane in context["lanes"])

        self.until(lambda: waiting() == 0, "events are still under way")

    def until(self, what, otherwise):
        end = time.monotonic() + limit
        while not what():
            self.assertLess(time.monotonic(), end, otherwise)
            time.sleep(0.01)

    def links(self, name="sensor"):
        return json.loads((self.folder / f"{name}.json").read_text())["contexts"]["own"]["links"]

    def check_that_nothing_was_lost(self, sensor):
        self.finish(sensor)
        self.assertEqual(self.end_analyzers(), self.expected())
        self.assertEqual(self.losses(), {})
        self.assertEqual(self.total("taken"), self.total("handled"))

    def check_that_the_rest_is_named(self, sensor, names):
        """What is not in the log was lost by name, and nothing is there twice."""
        self.finish(sensor)
        expected, came = (collections.Counter(lines) for lines in (self.expected(), self.end_analyzers()))
        losses = self.losses()
        self.assertEqual(came - expected, {})
        self.assertLessEqual(set(losses), names)
        self.assertEqual((expected - came).total(), sum(losses.values()))
        self.assertEqual(self.total("taken"), self.total("handled") + sum(losses.values()))

    # -- cuts

    def test_a_link_that_is_cut_and_mended_loses_nothing(self):
        _, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        self.network.cut("analyzer")
        feed.go.release()
        self.wait_for(sensor, "nothing comes for 1000 ms")
        self.network.mend("analyzer")
        self.wait_for(sensor, "runs")
        self.check_that_nothing_was_lost(sensor)
        (link,) = self.links()
        self.assertEqual(link["connections"], 2)
        self.assertGreater(link["resent"], 0)

    def test_a_silence_shorter_than_the_timeout_ends_no_connection(self):
        _, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        self.network.silence("sensor")
        feed.go.release()
        self.network.silence("sensor", over=True)
        self.check_that_nothing_was_lost(sensor)
        self.assertEqual(self.links()[0]["connections"], 1)

    def test_the_share_behind_a_cut_goes_to_the_other_and_comes_back(self):
        _, first = self.analyzer("one")
        _, second = self.analyzer("two")
        sensor, feed = self.fed([first, second], parts=3)
        self.wait_for(sensor, "runs")
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.network.cut("one")
        feed.go.release()
        self.wait_for(sensor, "others take its share")
        self.network.mend("one")
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.check_that_the_rest_is_named(sensor, {"unreachable"})

    # -- what lies between

    def through_a_bad_network(self, disturb):
        _, place = self.analyzer()
        self.machine("sensor")
        disturb()
        sensor, feed = self.fed([place], parts=1)
        feed.go.release()
        self.check_that_nothing_was_lost(sensor)

    def test_delay_loss_and_another_order_change_nothing(self):
        self.network.remove()
        self.build(plain=True)
        between = []
        self.through_a_bad_network(lambda: between.append(self.network.disturb("sensor", seed=7, loss=0.02, delay=0.005, jitter=0.01)))
        between[0].stop()
        self.assertGreater(between[0].passed, 100)
        self.assertGreater(between[0].lost, 0)
        self.assertGreater(between[0].overtaken, 0)

    def test_nor_do_those_that_the_kernel_makes(self):
        words = ["root", "netem", "delay", "5ms", "10ms", "loss", "2%", "reorder", "25%"]
        self.machine("sensor")
        if subprocess.run(["tc", "qdisc", "add", "dev", "sensor", *words], capture_output=True).returncode != 0:
            self.skipTest("the kernel has no netem")
        self.through_a_bad_network(lambda: namespaces.run("tc", "-n", "sensor", "qdisc", "add", "dev", "eth", *words))

    # -- processes that end and freeze

    def test_a_killed_analyzer_that_had_nothing_in_hand_loses_nothing(self):
        killed, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        self.until_handled()
        killed.kill()
        killed.wait(timeout=limit)
        feed.go.release()
        self.wait_for(sensor, "is lost")
        self.analyzer()
        self.check_that_nothing_was_lost(sensor)

    def test_what_a_killed_analyzer_had_in_hand_is_named(self):
        killed, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        killed.send_signal(signal.SIGSTOP)  # it takes nothing more, and so it does nothing that nobody hears of
        feed.go.release()
        self.wait_for(sensor, "nothing comes for 1000 ms")
        killed.kill()
        killed.wait(timeout=limit)
        self.analyzer()
        lost = int(re.search(r"loses (\d+) events", self.wait_for(sensor, "in hand"))[1])
        self.assertGreater(lost, 0)
        self.check_that_the_rest_is_named(sensor, {"crashed"})
        self.assertEqual(self.losses(), {"crashed": lost})

    def test_an_analyzer_that_is_frozen_for_longer_than_the_timeout_goes_on(self):
        frozen, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        frozen.send_signal(signal.SIGSTOP)
        feed.go.release()
        self.wait_for(sensor, "nothing comes for 1000 ms")
        frozen.send_signal(signal.SIGCONT)
        self.wait_for(sensor, "runs")
        self.check_that_nothing_was_lost(sensor)

    def test_a_sensor_that_is_frozen_for_longer_than_the_timeout_goes_on(self):
        analyzer, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        sensor.send_signal(signal.SIGSTOP)
        for _ in range(2):  # on the link for events, and on the one for letters
            self.wait_for(analyzer, "nothing came for too long")
        sensor.send_signal(signal.SIGCONT)
        feed.go.release()
        self.wait_for(sensor, "runs")
        self.check_that_nothing_was_lost(sensor)

    # -- other versions

    def test_an_analyzer_of_another_version_is_named_and_waited_out(self):
        killed, place = self.analyzer()
        sensor, feed = self.fed([place])
        self.wait_for(sensor, "runs")
        feed.go.release()
        self.until_quiet(0)
        self.until_handled()
        killed.kill()
        killed.wait(timeout=limit)
        refusal = frame(3, b"other_version: the node speaks another version of the protocol")
        other = self.start_on("analyzer", subprocess.PIPE, sys.executable, "-c", OTHER, self.address["analyzer"], refusal.hex())
        self.wait_for(sensor, "is refused: other_version")
        self.assertEqual([other.stdout.readline() for _ in range(2)], [b"listens\n", b"refuses version 2\n"])
        feed.go.release()
        other.kill()
        other.wait(timeout=limit)
        self.analyzer()
        self.check_that_nothing_was_lost(sensor)

    def test_a_sensor_of_another_version_is_named_on_both_sides(self):
        analyzer, place = self.analyzer()
        self.machine("sensor")
        said = subprocess.run([*self.network.on("sensor"), sys.executable, "-c", "import socket, sys; s = socket.create_connection((sys.argv[1], 4711)); "
                               "s.sendall(bytes.fromhex(sys.argv[2])); sys.stdout.buffer.write(s.recv(1000))", self.address["analyzer"], hello("sensor", "own", version=1).hex()],
                              capture_output=True, timeout=limit).stdout
        self.assertIn(b"other_version", said)
        self.assertIn("other_version", self.wait_for(analyzer, "refuses"))
        sensor, feed = self.fed([place], parts=1)
        feed.go.release()
        self.check_that_nothing_was_lost(sensor)
        self.assertEqual(json.loads((self.folder / "analyzer-0.json").read_text())["node"]["refused"]["other_version"], 1)

    # -- a full disk

    def test_an_analyzer_whose_disk_is_full_goes_on(self):
        disk = self.folder / "disk"
        disk.mkdir()
        namespaces.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk))
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        (self.inline.parent / "own" / "emits.lua").write_text("return {flowCreate = function(flow) emit {port = flow.cli_port} end}\n")
        analyzer, place = self.analyzer(output__records__path=disk / "records", output__records__what="emits", output__records__queue="64KiB", output__records__when_full="drop")
        sensor, feed = self.fed([place])
        feed.go.release()
        self.wait_for(analyzer, "can't write")
        feed.go.release()
        self.finish(sensor)
        self.assertEqual(self.losses(), {})
        self.assertEqual(self.total("taken"), self.total("handled"))
        analyzer.send_signal(signal.SIGTERM)
        _, err = analyzer.communicate(timeout=limit)
        self.assertEqual(analyzer.returncode, 1, err)  # records were lost, and the ledger balances: else it were 3
        self.assertIn(b"write_error", err)
        records = json.loads((self.folder / "analyzer-0.json").read_text())["outputs"]["records"]
        self.assertEqual(records["taken"], self.flows)
        self.assertEqual(records["taken"], records["written"] + sum(records["lost"].values()))
        self.assertGreater(records["lost"]["write_error"], 0)
        self.assertEqual((disk / "records").read_bytes().count(b"\n"), records["written"])

    # -- many

    def together(self, sensors, analyzers, flows):
        self.flows = flows
        path = self.many(flows)
        places = [self.analyzer(f"analyzer-{i}")[1] for i in range(analyzers)]
        names = [f"sensor-{i}" for i in range(sensors)]
        running = [self.sensor(places, "-r", path, name=name) for name in names]
        for each in running:
            self.finish(each)
        self.assertEqual(self.end_analyzers(), sorted(self.expected() * sensors))
        sent = sum(self.total("handled", name) for name in names)
        self.assertEqual(sent, sum(self.total("handled", f"analyzer-{i}") for i in range(analyzers)))
        for name in names:
            self.assertEqual(self.losses(name), {})

    def test_three_sensors_share_an_analyzer(self):
        self.together(3, 1, 3000)

    def test_eight_sensors_share_four_analyzers(self):
        self.together(8, 4, 1000)


if __name__ == "__main__":
    namespaces.enter()
    main()
