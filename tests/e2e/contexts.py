#!/usr/bin/env python3
"""Contexts see what inline scripts see, whatever their shards and batches; a slow one over a file loses nothing."""
import json
import os
import signal
import threading
import unittest

from flowactors import Case, captures, main, pcap_header, udp_record

tells = """local M = {}
local function tell(what)
  return function(flow)
    io.write(what, " ", flow.cli_ip, ":", flow.cli_port, " ", flow.srv_ip, ":", flow.srv_port, " ", flow.id, " ", flow.proto or "-", " ",
             flow.tls_sni or "-", " ", flow.http_url or "-", " ", flow.cli_bytes, " ", flow.end_reason or "-", "\\n")
  end
end
for _, name in ipairs {"flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"} do M[name] = tell(name) end
return M
"""


class Contexts(Case):
    def context(self, name, script):
        folder = self.inline.parent / name
        folder.mkdir(exist_ok=True)
        (folder / "script.lua").write_text(script)

    def keys(self, **keys):
        return [word for key, value in keys.items() for word in ("--set", f"context.own.{key}={value}")]

    def log(self, *args):
        out, _ = self.run_it("-q", "--strict-ledger", "--report", self.folder / "r.json", *args)
        return sorted(out.splitlines())

    def report(self):
        return json.loads((self.folder / "r.json").read_text())

    def lanes(self):
        return self.report()["contexts"]["own"]["lanes"]

    def lost(self):
        return sum(n for lane in self.lanes() for kinds in lane["lost"].values() for n in kinds.values())

    def many(self, count):
        path = self.folder / "many.pcap"
        path.write_bytes(pcap_header() + b"".join(udp_record(i) for i in range(count)))
        return path

    def test_a_context_sees_what_inline_scripts_see(self):
        self.script("script.lua", tells)
        inline = self.log("-r", captures)
        self.assertGreater(len(inline), 100)
        (self.inline / "script.lua").unlink()
        self.context("own", tells)
        for shards, batch, lane, linger in [(1, 256, 16384, "20ms"), (2, 1, 16, "1ms"), (4, 7, 16, "1s"), (3, 4096, 4096, "1ms")]:
            keys = self.keys(shards=shards, batch=batch, lane=lane, linger=linger)
            self.assertEqual(self.log("-r", captures, *keys), inline, keys)
            self.assertEqual(self.lost(), 0)
            self.assertEqual(len(self.lanes()), shards)

    def test_flows_of_a_client_meet_in_one_machine(self):
        self.context("own", """local M, seen, me = {}, {}, tostring({})
function M.flowCreate(flow) seen[flow.cli_ip] = true end
function M.teardown() for client in pairs(seen) do io.write(client, "\\n") end end
return M
""")
        clients = self.log("-r", captures, *self.keys(shards=8))
        self.assertEqual(len(clients), len(set(clients)))
        self.assertGreater(len(clients), 1)

    def test_a_slow_context_over_a_file_loses_nothing(self):
        self.context("own", """local M = {}
function M.flowCreate(flow)
  local till = os.clock() + 0.001
  while os.clock() < till do end
end
function M.flowDelete() end
return M
""")
        self.log("-r", self.many(2000), *self.keys(lane=64, batch=16, deadline="1s"))
        report, (lane,) = self.report(), self.lanes()
        self.assertEqual(self.lost(), 0)
        self.assertEqual(lane["handled"]["created"], 2000)
        self.assertEqual(lane["handled"]["ended"], 2000)
        self.assertLessEqual(lane["peak"], 64)
        self.assertGreater(lane["waits"], 0)
        self.assertEqual(report["scripts"]["own/script.lua"]["flowCreate"]["calls"], 2000)

    def test_flow_data_lives_as_long_as_the_flow(self):
        self.context("own", """local M = {}
function M.flowCreate(flow) flow.data.n = 1 end
function M.flowUpdate(flow) flow.data.n = flow.data.n + 1 end
function M.flowDelete(flow) io.write(flow.data.n > 0 and "kept" or "lost", "\\n") end
return M
""")
        lines = self.log("-r", captures)  # no context: nothing is said
        self.assertEqual(lines, [])
        lines = self.log("-r", captures, *self.keys(shards=2))
        self.assertEqual(set(lines), {"kept"})
        self.assertEqual(len(lines), self.report()["flows"]["created"])

    def test_hooks_run_in_a_context(self):
        self.context("own", """local M, n = {interval = 1}, 0
function M.setup(args) io.write("setup ", args.context, "\\n") end
function M.flowCreate() n = n + 1 end
function M.tick() io.write("tick\\n") end
function M.teardown() io.write("teardown ", n, "\\n") end
return M
""")
        lines = self.log("-r", self.many(5000), *self.keys(batch=100))
        self.assertIn("setup own", lines)
        self.assertIn("teardown 5000", lines)
        self.assertIn("tick", lines)

    def test_emits_go_to_outputs_under_the_name_of_the_context(self):
        self.context("own", "return {flowCreate = function(flow) emit{n = flow.id} end}\n")
        out = self.folder / "out.json"
        self.log("-r", captures, "--set", f"output.o.path={out}", "--set", "output.o.what=emits", *self.keys(shards=2))
        records = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual({r["context"] for r in records}, {"own"})
        self.assertEqual(len({r["n"] for r in records}), self.report()["flows"]["created"])

    def test_a_folder_that_is_missing_or_empty_and_a_broken_script(self):
        _, err = self.run_it("-r", captures / "dns.pcap", *self.keys(shards=2), code=1)
        self.assertIn("no such folder", err)
        (self.inline.parent / "own").mkdir()
        _, err = self.run_it("-r", captures / "dns.pcap", *self.keys(shards=2))
        self.assertIn("context finds no scripts for own", err)
        self.context("own", "return 1 +\n")
        _, err = self.run_it("-r", captures / "dns.pcap", *self.keys(shards=1))
        self.assertIn("script.lua:2:", err)
        _, err = self.run_it("-T", *self.keys(shards=1), code=2)
        self.assertIn("script.lua:2:", err)

    def test_a_script_that_fails_leaves_the_books_balanced(self):
        self.context("own", "local n = 0\nreturn {flowCreate = function() n = n + 1 if n % 2 == 0 then error('no') end end}\n")
        self.log("-r", captures)
        self.log("-r", captures, *self.keys(batch=16))
        costs = self.report()["scripts"]["own/script.lua"]["flowCreate"]
        self.assertEqual(costs["errors"], self.report()["flows"]["created"] // 2)

    def test_a_script_that_takes_all_memory_leaves_the_books_balanced(self):
        self.context("own", "local all = {}\nreturn {flowCreate = function() for i = 1, 1e5 do all[#all + 1] = {} end end}\n")
        self.log("-r", self.many(500), *self.keys(memory="8MiB", deadline="1s", batch=16))
        report = self.report()
        self.assertEqual(self.lost(), 0)
        self.assertGreater(report["script_states"]["own/script.lua"]["breaches"], 0)

    def busy(self, *keys):
        """A run whose context would take half a minute for what it gets."""
        self.context("own", """local M = {}
function M.flowCreate()
  local till = os.clock() + 0.05
  while os.clock() < till do end
end
return M
""")
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-r", path, "--strict-ledger", "--report", self.folder / "r.json",
                             *self.keys(deadline="1s", batch=16), *keys)
        fifo = open(path, "wb", buffering=0)
        self.addCleanup(fifo.close)
        fifo.write(pcap_header() + b"".join(udp_record(i) for i in range(500)))  # what a pipe holds
        process.send_signal(signal.SIGUSR1)
        self.wait_for(process, "ledger: balanced")
        return process

    def test_the_grace_of_the_end(self):
        process = self.busy("--set", "shutdown.grace=50ms")
        process.send_signal(signal.SIGTERM)
        self.finish(process, code=1)
        self.check_unfinished()

    def test_a_second_signal_ends_at_once_and_tells_what_was_dropped(self):
        process = self.busy("--set", "shutdown.grace=1h")
        process.send_signal(signal.SIGTERM)
        self.wait_for(process, "stops")
        process.send_signal(signal.SIGINT)
        _, err = self.finish(process, code=1)
        self.assertIn("ends at once", err)
        self.check_unfinished()

    def check_unfinished(self):
        (lane,) = self.lanes()
        self.assertTrue(self.report()["ledger"]["balanced"])
        self.assertGreater(lane["lost"]["unfinished"]["created"], 20)
        self.assertEqual(lane["lost"]["unfinished"]["created"] + lane["handled"]["created"], lane["taken"]["created"])

    def test_many_contexts_come_and_go(self):
        names = [f"c{i}" for i in range(60)]
        for name in names:
            self.context(name, "local n = 0\nreturn {flowCreate = function() n = n + 1 end, teardown = function() io.write(n, '\\n') end}\n")

        def configure(names):
            sections = "".join(f"[context.{name}]\nbatch = 16\n" for name in names)
            (self.folder / "c.ini").write_text(f"[scripts]\nroot = {self.folder}/scripts\n" + sections)

        configure(names)
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-c", self.folder / "c.ini", "-r", path, "--strict-ledger", "--report", self.folder / "r.json",
                             "--set", "report.summary=false")
        fifo = open(path, "wb", buffering=0)
        self.addCleanup(fifo.close)
        fifo.write(pcap_header() + b"".join(udp_record(i) for i in range(100)))
        for rest in (names[:5], names):
            configure(rest)
            process.send_signal(signal.SIGHUP)
            self.wait_for(process, "supervisor reloads")
        fifo.close()
        out, _ = self.finish(process)
        self.assertTrue(self.report()["ledger"]["balanced"])
        self.assertEqual(len(out.split()), 60 + 60 + 5)  # each speaks when it goes, and when fresh code takes its place
        _, err = self.run_it("-T", *(word for i in range(300) for word in ("--set", f"context.c{i}.batch=16")), code=2)
        self.assertIn("300 contexts, expected at most 256", err)

    def test_all_shards_run_the_same_while_files_are_written(self):
        text = "local v = %d\nreturn {flowCreate = function() end, teardown = function() io.write(v, '\\n') end}\n"
        self.context("own", text % 0)
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-r", path, "--strict-ledger", "--report", self.folder / "r.json", "--set", "report.summary=false",
                             *self.keys(shards=8))
        fifo = open(path, "wb", buffering=0)
        self.addCleanup(fifo.close)
        fifo.write(pcap_header() + udp_record(1))
        over = threading.Event()

        def write():
            turn = 1
            while not over.is_set():
                self.context("own", text % turn)
                turn += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(10):
                process.send_signal(signal.SIGHUP)
                while True:
                    line = process.stderr.readline().decode()
                    self.assertNotEqual(line, "")
                    if "supervisor reloads" in line or "keeps the old scripts" in line:  # read while it was cut short
                        break
        finally:
            over.set()
            writer.join()
        fifo.close()
        out, _ = self.finish(process)
        said = out.split()
        self.assertEqual(len(said) % 8, 0)
        for i in range(0, len(said), 8):
            self.assertEqual(len(set(said[i:i + 8])), 1, said)

    def test_a_reload_while_it_drains_is_refused_and_harmless(self):
        process = self.busy("--set", "shutdown.grace=200ms")
        process.send_signal(signal.SIGTERM)
        self.wait_for(process, "stops")
        for _ in range(20):
            process.send_signal(signal.SIGHUP)
        self.finish(process, code=1)
        self.check_unfinished()

    def test_usr1_tells_of_contexts(self):
        self.context("own", "return {flowCreate = function() end}\n")
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-r", path, "--strict-ledger", *self.keys(shards=1))
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header() + b"".join(udp_record(i) for i in range(100)))
            process.send_signal(signal.SIGUSR1)
            self.assertIn("context", self.wait_for(process, "  context  state"))
            self.wait_for(process, "ledger: balanced")
        self.finish(process)


if __name__ == "__main__":
    main()
