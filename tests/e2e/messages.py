#!/usr/bin/env python3
"""Messages of scripts from VM to VM and from node to node, and what asks all nodes at once."""
import json
import os
import select
import signal
import socket
import subprocess
import time
import unittest

from flowactors import captures, limit, main, pcap_header, udp_record
from nodes import NodeCase, frame

SAYS = """local M = {}
function M.flowCreate(flow) if flow.cli_port < 9000 and flow.cli_port %% %d == 1024 %% %d then send("%s", {from = "%s", port = flow.cli_port}) end end
function M.message(t) io.write(t.from, " ", t.port, "\\n") end
return M
"""


def says(to, name, every=1):
    return SAYS % (every, every, to, name)


class Messages(NodeCase):
    def write(self, context, text, node=None):
        folder = (self.folder / (node or "scripts")) / "callbacks" / "user_scripts" / context
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "script.lua").write_text(text)

    def post(self, name):
        report = json.loads((self.folder / f"{name}.json").read_text())
        self.assertTrue(report["ledger"]["balanced"], report["ledger"])
        return report["messages"], report["post"]["messages"]

    def ctl(self, *words, code=0):
        done = subprocess.run([self.command()[0], "ctl", "-s", self.folder / "control", *words], capture_output=True, text=True, timeout=limit)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    # -- within a process

    def test_every_vm_of_a_context_gets_a_message_once(self):
        self.write("inline", says("own", "inline"))
        self.write("own", "return {message = function(t) io.write(t.from, ' ', t.port, '\\n') end}\n")
        out, _ = self.run_it("-q", "--strict-ledger", "-r", self.many(50), "--report", self.folder / "one.json", "--set", "context.own.shards=3")
        self.assertEqual(sorted(out.splitlines()), sorted(f"inline {1024 + i}" for i in range(50) for _ in range(3)))
        messages, post = self.post("one")
        self.assertEqual((messages["sent"], messages["posted"], messages["received"], messages["delivered"]), (50, 50, 150, 150))
        self.assertEqual((post["copies"], post["taken"], post["waiting"]), (150, 150, 0))

    def test_contexts_answer_each_other(self):
        self.write("inline", says("own", "inline"))
        self.write("own", "return {message = function(t) t.from = 'own' send('inline', t) end}\n")
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        process = self.start("-q", "--strict-ledger", "-r", fifo, *self.keys(context__own__shards=1))
        with open(fifo, "wb", buffering=0) as packets:
            packets.write(pcap_header() + udp_record(0))
            self.assertEqual(self.until_said(process, packets, "own 1024\n"), "own 1024\n")
        self.finish(process)

    def test_too_many_for_a_slow_context_are_lost_by_name(self):
        self.write("inline", says("own", "inline"))
        self.write("own", "local begun\nreturn {message = function() local t = os.clock() while not begun and os.clock() - t < 1 do end begun = true end}\n")
        self.run_it("-q", "--strict-ledger", "-r", self.many(3000), "--report", self.folder / "one.json",
                    *self.keys(context__own__shards=1, context__own__deadline="5s", inline__deadline="5s"))
        messages, post = self.post("one")
        self.assertEqual(messages["posted"] + messages["queue_full"], 3000)
        self.assertEqual((post["copies"], post["taken"] + post["queue_full"]), (3000, 3000))
        self.assertGreater(post["queue_full"], 0)

    # -- between nodes

    def two(self, sensors=1, records=False, config=None, **more):
        """An analyzer, and sensors whose inputs stay open."""
        self.where = where = f"127.0.0.1:{self.free_port()}"
        ours = {key: more.pop(key) for key in list(more) if key.startswith("output__")}
        if records:
            ours |= {"output__alerts__kind": "node", "output__alerts__at": where, "output__alerts__what": "emits"}
        common = {"node__insecure": "true", "node__heartbeat": "100ms", "node__timeout": "2s", **more}
        there = ["-c", self.folder / "records.ini"] if (self.folder / "records.ini").exists() else []
        here = ["-c", config] if config else []
        analyzer = self.start(*there, "--strict-ledger", "--report", self.folder / "analyzer.json", "--set", f"scripts.root={self.folder}/there",
                              *self.keys(node__name="analyzer", node__listen=where, context__own__shards=2, control__socket=self.folder / "control-there", **common))
        self.wait_for(analyzer, "listens")
        out = []
        for i in range(sensors):
            fifo = self.folder / f"fifo-{i}"
            os.mkfifo(fifo)
            process = self.start(*here, "--strict-ledger", "-r", fifo, "--report", self.folder / f"sensor-{i}.json",
                                 *self.keys(node__name=f"sensor-{i}", context__own__at=where, control__socket=self.folder / ("control" if i == 0 else f"control-{i}"), **common, **ours))
            packets = open(fifo, "wb", buffering=0)
            self.addCleanup(packets.close)
            packets.write(pcap_header())
            self.wait_for(process, "brings letters")
            out.append((process, packets))
        for i in range(sensors):
            self.until_known(self.folder / ("control" if i == 0 else f"control-{i}"), sensors + 1)
        return analyzer, out

    def until_known(self, control, nodes):
        """Waits until so many nodes know each other: what runs where is told before any answer."""
        end, seen = time.monotonic() + limit, []
        while len(seen) < nodes:
            self.assertLess(time.monotonic(), end, seen)
            done = subprocess.run([self.command()[0], "ctl", "-s", control, "status", "--cluster", "--json"], capture_output=True, text=True, timeout=limit)
            seen = json.loads(done.stdout)["nodes"]

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        return self.finish(process)[0].splitlines()

    def until_said(self, process, packets, text, times=1):
        """Feeds packets until the process has written this so often: an inline VM takes what has come with its next packets."""
        seen, end = b"", time.monotonic() + limit
        while seen.count(text.encode()) < times:
            self.assertLess(time.monotonic(), end, seen)
            packets.write(udp_record(70000, server=0x0A000003))
            if select.select([process.stdout], [], [], 0.02)[0]:
                seen += os.read(process.stdout.fileno(), 1 << 16)
        return seen.decode()

    def test_messages_go_to_a_context_on_another_node_and_back(self):
        self.write("inline", says("own", "sensor"))
        self.write("inline", "return {}\n", "there")
        self.write("own", "return {message = function(t) io.write(t.from, ' ', t.port, '\\n') t.from = 'analyzer' send('inline', t) end}\n", "there")
        analyzer, [(sensor, packets)] = self.two()
        packets.write(b"".join(udp_record(i) for i in range(20)))
        said = self.until_said(sensor, packets, "analyzer 1043\n", 2)
        packets.close()
        said += self.finish(sensor)[0]
        both = [1024 + i for i in range(20) for _ in range(2)]  # of each of the two shards
        self.assertEqual(sorted(said.splitlines()), [f"analyzer {port}" for port in both])
        self.assertEqual(sorted(self.end(analyzer)), [f"sensor {port}" for port in both])
        messages, post = self.post("sensor-0")
        self.assertEqual((messages["posted"], messages["received"], messages["delivered"]), (20, 40, 40))
        self.assertEqual((post["copies"], post["passed_on"], post["come"], post["again"], post["taken"]), (60, 20, 40, 0, 40))
        _, there = self.post("analyzer")
        self.assertEqual((there["come"], there["taken"], there["passed_on"]), (20, 40, 40))

    def test_sensors_reach_each_other_through_an_analyzer(self):
        self.write("inline", "local M = {}\nfunction M.flowCreate(flow) if flow.srv_port == 9 and flow.cli_port == 1024 then send('inline', 'hello') end end\n"
                             "function M.message(t) io.write(t, '\\n') end\nreturn M\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        analyzer, [(one, to_one), (two, to_two)] = self.two(2)
        to_one.write(udp_record(0))
        self.assertEqual(self.until_said(two, to_two, "hello"), "hello\n")
        for packets in to_one, to_two:
            packets.close()
        self.assertEqual(self.finish(one)[0], "")
        self.assertEqual(self.finish(two)[0], "")
        self.end(analyzer)

    def test_an_unknown_context_is_told_once(self):
        self.write("inline", says("owl", "inline"))
        _, err = self.run_it("--strict-ledger", "-r", self.many(5), "--report", self.folder / "one.json")
        self.assertEqual(err.count("no context 'owl'"), 1)
        self.assertEqual(self.post("one")[0]["unknown_context"], 5)

    # -- records for the output of another node

    def emitting(self, sensors=1, at_analyzer=True, **more):
        """The same two, with what sensors emit in a file of the analyzer."""
        self.write("inline", "return {flowCreate = function(flow) if flow.cli_port < 9000 then emit {port = flow.cli_port} end end}\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        (self.folder / "records.ini").write_text(f"[output.alerts]\npath = {self.folder}/alerts\n" if at_analyzer else "")
        return self.two(sensors, records=True, **more)

    def alerts(self):
        return [json.loads(line) for line in (self.folder / "alerts").read_text().splitlines()]

    def test_what_a_script_emits_comes_out_at_another_node(self):
        analyzer, sensors = self.emitting(2)
        for _, packets in sensors:
            packets.write(b"".join(udp_record(i) for i in range(500)))
        for process, packets in sensors:
            packets.close()
            self.finish(process)
        self.end(analyzer)
        records = self.alerts()
        self.assertEqual(sorted(each["port"] for each in records), [1024 + i for i in range(500) for _ in range(2)])
        self.assertEqual({(each["context"], each["script"], each["event_type"]) for each in records}, {("inline", "script.lua", "script")})
        for number in range(2):
            report = json.loads((self.folder / f"sensor-{number}.json").read_text())
            self.assertEqual((report["outputs"]["alerts"]["written"], report["post"]["records"]["copies"], report["post"]["records"]["passed_on"]), (500, 500, 500))
            self.assertEqual([link["state"] for link in report["node"]["links"]], ["ended"])
        there = json.loads((self.folder / "analyzer.json").read_text())
        self.assertTrue(there["ledger"]["balanced"])
        self.assertEqual((there["outputs"]["alerts"]["of_other_nodes"], there["outputs"]["alerts"]["written"], there["post"]["records"]["come"]), (1000, 1000, 1000))

    def test_records_survive_a_node_that_freezes(self):
        analyzer, [(sensor, packets)] = self.emitting(node__timeout="500ms")
        packets.write(b"".join(udp_record(i) for i in range(100)))
        analyzer.send_signal(signal.SIGSTOP)
        packets.write(b"".join(udp_record(i) for i in range(100, 200)))
        self.wait_for(sensor, "nothing comes for 500 ms")
        analyzer.send_signal(signal.SIGCONT)
        packets.write(b"".join(udp_record(i) for i in range(200, 300)))
        packets.close()
        self.finish(sensor)
        self.end(analyzer)
        ports = [each["port"] for each in self.alerts()]
        report = json.loads((self.folder / "sensor-0.json").read_text())
        self.assertTrue(report["ledger"]["balanced"])
        self.assertEqual(sorted(set(ports)), sorted(ports))  # none twice
        named = sum(report["outputs"]["alerts"]["lost"].values()) + report["post"]["records"]["unreachable"]
        self.assertEqual(len(ports) + named, 300)

    def test_an_output_that_the_other_node_lacks_is_named(self):
        analyzer, [(sensor, packets)] = self.emitting(at_analyzer=False, output__alerts__wait="100ms")
        packets.write(udp_record(1))
        self.wait_for(sensor, "the node analyzer has no output 'alerts'")
        packets.close()
        _, err = self.finish(sensor, code=1)
        self.assertIn("unreachable 1", err)
        self.end(analyzer)
        report = json.loads((self.folder / "sensor-0.json").read_text())
        self.assertTrue(report["ledger"]["balanced"])
        self.assertEqual(report["outputs"]["alerts"]["lost"]["unreachable"], 1)

    def test_outputs_elsewhere_come_and_go_with_a_reload(self):
        self.write("inline", "return {flowCreate = function(flow) if flow.cli_port < 9000 then emit {port = flow.cli_port} end end}\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        (self.folder / "records.ini").write_text(f"[output.alerts]\npath = {self.folder}/alerts\n")
        config = self.folder / "sensor.ini"
        config.write_text("")
        analyzer, [(sensor, packets)] = self.two(config=config)
        config.write_text(f"[output.alerts]\nkind = node\nat = {self.where}\nwhat = emits\n")
        self.assertIn("changed: output.alerts", self.ctl("reload"))
        packets.write(udp_record(1))
        until = time.monotonic() + limit
        while not (self.folder / "alerts").read_text():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        config.write_text("")
        self.ctl("reload")
        packets.write(udp_record(2))
        self.assertIn('"port":1026', self.until_said(sensor, packets, '"port":1026'))
        packets.close()
        self.finish(sensor)
        self.end(analyzer)
        self.assertEqual([each["port"] for each in self.alerts()], [1025])

    def test_wrong_outputs_are_named(self):
        for keys, words in [
            ({"output__a__kind": "node"}, "expected host:port"),
            ({"output__a__kind": "node", "output__a__at": "192.0.2.1:4711"}, "insecure"),
            ({"output__a__kind": "node", "output__a__at": "127.0.0.1:4711", "node__listen": "127.0.0.1:4711"}, "this node itself"),
            ({"output__a__kind": "node", "output__a__at": "127.0.0.1:4711", "output__a__path": "x"}, "no path, since kind = node"),
            ({"output__a__kind": "node", "output__a__at": "127.0.0.1:4711", "output__a__max_record": "8MiB"}, "at most 4MiB"),
            ({"output__a__at": "127.0.0.1:4711", "output__a__path": self.folder / "x"}, "no node, since kind = file"),
        ]:
            _, err = self.run_it("-T", *self.keys(**keys), code=2)
            self.assertIn(words, err)

    # -- what asks all nodes

    def test_the_ledger_of_all_nodes_has_each_hop(self):
        self.write("inline", "return {}\n")
        self.write("own", "return {flowCreate = function() end}\n", "there")
        self.write("inline", "return {}\n", "there")
        analyzer, sensors = self.two(2, context__own__linger="1ms")
        for number, (_, packets) in enumerate(sensors):
            for i in range(100 * (number + 1)):
                packets.write(udp_record(i))
        done, end = {}, time.monotonic() + limit
        while done != {"sensor-0": 100, "sensor-1": 200}:
            self.assertLess(time.monotonic(), end, done)
            result = json.loads(self.ctl("ledger", "--cluster", "--json"))
            done = {hop["from"]: hop["known_done"] for hop in result["hops"]}
        self.assertTrue(result["balanced"])
        self.assertEqual([node["node"] for node in result["nodes"]], ["analyzer", "sensor-0", "sensor-1"])
        for hop in result["hops"]:
            self.assertEqual((hop["sent"], hop["received"], hop["done"]), (hop["known_done"],) * 3)
        packets = next(e for e in result["equations"] if e["name"] == "packets decoded")
        self.assertEqual(packets["left"]["seen"], 300)
        text = self.ctl("ledger", "--cluster")
        self.assertIn("all nodes together", text)
        self.assertIn("analyzer: balanced", text)
        self.assertIn("sensor-1: running for", self.ctl("status", "--cluster"))
        for process, packets in sensors:
            packets.close()
            self.finish(process)
        self.end(analyzer)

    def test_a_reload_of_all_nodes_tells_of_each(self):
        self.write("inline", "return {}\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        analyzer, [(sensor, packets)] = self.two()
        self.write("own", "return {flowCreate = function() io.write('new\\n') end}\n", "there")
        self.assertEqual(self.ctl("reload", "--cluster"), "analyzer: loaded\nsensor-0: loaded\n")
        packets.write(udp_record(1))
        self.write("own", "return {\n", "there")
        text = self.ctl("reload", "--cluster", code=1)
        self.assertIn("script.lua:2", text)
        packets.close()
        self.finish(sensor)
        self.assertEqual(self.end(analyzer), ["new"])

    def test_a_frozen_node_is_named(self):
        self.write("inline", "return {}\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        analyzer, [(sensor, packets)] = self.two()
        analyzer.send_signal(signal.SIGSTOP)
        result = json.loads(self.ctl("ledger", "--cluster", "--json", code=3))
        self.assertEqual([(node["node"], node["ok"]) for node in result["nodes"]], [("analyzer", False), ("sensor-0", True)])
        self.assertFalse(result["balanced"])
        analyzer.send_signal(signal.SIGCONT)
        packets.close()
        self.finish(sensor)
        self.end(analyzer)

    def test_who_has_not_shown_who_it_is_may_not_ask(self):
        self.write("inline", "return {}\n")
        self.write("own", "return {}\n", "there")
        self.write("inline", "return {}\n", "there")
        analyzer, [(sensor, packets)] = self.two(node__insecure="false")
        self.assertIn("analyzer: no answer: answers nodes with certificates alone", self.ctl("reload", "--cluster", code=1))
        packets.close()
        self.finish(sensor)
        self.end(analyzer)

    def test_the_command_says_what_it_can_ask(self):
        done = subprocess.run([self.command()[0], "ctl", "-s", "x", "top", "--cluster"], capture_output=True, text=True, timeout=limit)
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected status, ledger or reload", done.stderr)


if __name__ == "__main__":
    main()
