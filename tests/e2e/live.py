#!/usr/bin/env python3
"""Live capture between two interfaces of a network namespace of its own."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import unittest

from flowactors import Case, counting_script, limit, main, udp_record

inside = "FLOWACTORS_NAMESPACE"


def network(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@unittest.skipUnless(inside in os.environ, "needs root and network namespaces")
class Live(Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(subprocess.run, ["ip", "link", "del", "fa0"], capture_output=True)
        self.connect()

    def connect(self):
        network("link", "add", "fa0", "type", "veth", "peer", "name", "fa1")
        for name in "fa0", "fa1":
            network("link", "set", name, "addrgenmode", "none")
            network("link", "set", name, "up")
        self.until_up()

    def until_up(self):
        """The kernel says so a little after it was told, and drops what is sent before."""
        end = time.monotonic() + limit
        for name in "fa0", "fa1":
            while "state UP" not in subprocess.run(["ip", "link", "show", name], check=True, capture_output=True, text=True).stdout:
                self.assertLess(time.monotonic(), end, f"{name} is not up")
                select.select([], [], [], 0.01)

    def listen(self, *args):
        process = self.start("-v", "-i", "fa0", "--set", "capture.immediate=true", "--report", self.folder / "r.json",
                             "--strict-ledger", *args)
        self.wait_for(process, "capture reads")
        process.send_signal(signal.SIGUSR1)  # answered once the interface is open
        self.wait_for(process, " packets, ")
        return process

    def send(self, first, last):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("fa1", 0))
            for number in range(first, last):
                out.send(udp_record(number)[16:])

    def lines(self, process, count):
        return [process.stdout.readline().decode().strip() for _ in range(count)]

    def test_reload_and_stop_lose_no_packet(self):
        self.script("my_script.lua", counting_script("old"))
        process = self.listen("udp")
        self.send(0, 500)
        self.assertEqual(self.lines(process, 500), ["old"] * 500)
        self.script("my_script.lua", counting_script("new"))
        process.send_signal(signal.SIGHUP)
        self.send(500, 1000)
        lines = self.lines(process, 500)
        self.assertEqual(set(lines) - {"old", "new"}, set())
        self.wait_for(process, "supervisor reloads my_script.lua")
        self.send(1000, 1100)
        self.assertEqual(self.lines(process, 100)[-1], "new")
        process.send_signal(signal.SIGTERM)
        self.finish(process)
        report = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(report["packets"]["seen"], 1100)
        self.assertEqual(report["packets"]["kernel_dropped"], 0)
        self.assertEqual(report["flows"]["ended"]["shutdown"], 1100)

    def test_time_goes_on_without_packets(self):
        self.script("a.lua", "return { flowDelete = function() io.write(flow.dump()['end.reason'] or 'none', '\\n') end }\n")
        process = self.listen("--set", "flows.idle_after=1s", "--set", "flows.closed_after=1s")
        self.send(0, 1)
        self.assertEqual(self.lines(process, 1), ["idle"])
        process.send_signal(signal.SIGINT)
        self.finish(process)

    def configure(self, **sections):
        """Settings that a reload reads anew."""
        sections.setdefault("scripts", {"root": self.folder / "scripts"})
        sections["capture"] = {"interface": "fa0", "immediate": "true", **sections.get("capture", {})}
        lines = [f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) for name, keys in sections.items()]
        (self.folder / "c.ini").write_text("".join(lines))

    def reload(self, process, *words):
        process.send_signal(signal.SIGHUP)
        for word in words:
            self.wait_for(process, word)
        self.wait_for(process, "supervisor reloads")

    def test_the_filter_changes_while_it_listens(self):
        self.script("a.lua", counting_script("seen"))
        self.configure(capture={"filter": "udp"})
        process = self.start("-v", "-c", self.folder / "c.ini", "--report", self.folder / "r.json", "--strict-ledger")
        self.wait_for(process, "capture reads")
        process.send_signal(signal.SIGUSR1)
        self.wait_for(process, " packets, ")
        self.send(0, 50)
        self.assertEqual(self.lines(process, 50), ["seen"] * 50)
        self.configure(capture={"filter": "tcp"})
        self.reload(process, "changes capture.filter")
        self.send(50, 100)  # not seen
        self.configure(capture={"filter": "no such words"})
        process.send_signal(signal.SIGHUP)
        self.wait_for(process, "no such words")
        self.send(100, 150)  # nor these: the filter stays
        self.configure()
        self.reload(process, "changes capture.filter")
        self.send(150, 200)
        self.assertEqual(self.lines(process, 50), ["seen"] * 50)
        process.send_signal(signal.SIGTERM)
        self.finish(process)
        packets = json.loads((self.folder / "r.json").read_text())["packets"]
        self.assertEqual((packets["seen"], packets["unread"]), (100, 0))

    def test_timeouts_change_for_flows_that_live(self):
        self.script("a.lua", "return { flowDelete = function() io.write(flow.dump()['end.reason'], '\\n') end }\n")
        self.configure(flows={"idle_after": "1h", "closed_after": "1h"})
        process = self.start("-v", "-c", self.folder / "c.ini", "--report", self.folder / "r.json", "--strict-ledger")
        self.wait_for(process, "capture reads")
        process.send_signal(signal.SIGUSR1)
        self.wait_for(process, " packets, ")
        self.send(0, 5)
        self.configure(flows={"idle_after": "1s", "closed_after": "1s"})
        self.reload(process, "changes flows.idle_after")
        self.assertEqual(self.lines(process, 5), ["idle"] * 5)
        process.send_signal(signal.SIGTERM)
        self.finish(process)

    def test_interface_that_goes_away_is_a_failure(self):
        process = self.listen()
        network("link", "del", "fa0")
        _, err = self.finish(process, code=1)
        self.assertIn("fa0", err)

    def test_interface_that_goes_away_is_waited_for_if_that_is_wanted(self):
        self.script("a.lua", counting_script("flow"))
        process = self.listen("--set", "capture.on_input_loss=retry", "udp")
        self.send(0, 10)
        self.assertEqual(self.lines(process, 10), ["flow"] * 10)
        for first in (10, 20):
            network("link", "del", "fa0")
            self.assertIn("fa0", self.wait_for(process, "opened again as soon as it is there"))
            self.connect()
            self.wait_for(process, "fa0 is there again")
            self.send(first, first + 10)
            self.assertEqual(self.lines(process, 10), ["flow"] * 10)
        network("link", "del", "fa0")
        self.wait_for(process, "opened again as soon as it is there")
        process.send_signal(signal.SIGTERM)  # while it waits
        self.finish(process)
        report = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(report["packets"]["seen"], 30)

    def test_interface_that_goes_down_is_read_on_when_it_comes_up(self):
        self.script("a.lua", counting_script("flow"))
        process = self.listen("udp")
        self.send(0, 10)
        self.assertEqual(self.lines(process, 10), ["flow"] * 10)
        network("link", "set", "fa0", "down")
        network("link", "set", "fa0", "up")
        self.until_up()
        self.send(10, 20)
        self.assertEqual(self.lines(process, 10), ["flow"] * 10)
        process.send_signal(signal.SIGTERM)
        self.finish(process)

    def test_several_interfaces_have_a_worker_each(self):
        self.script("a.lua", counting_script("flow"))
        process = self.listen("-i", "fa1", "udp")
        self.send(0, 10)
        self.assertEqual(self.lines(process, 20), ["flow"] * 20)
        process.send_signal(signal.SIGTERM)
        self.finish(process)


if __name__ == "__main__":
    probe = ["unshare", "--net", "ip", "link", "add", "fa0", "type", "veth", "peer", "name", "fa1"]
    if inside not in os.environ and subprocess.run(probe, capture_output=True).returncode == 0:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, __file__], {**os.environ, inside: "1"})
    main()
