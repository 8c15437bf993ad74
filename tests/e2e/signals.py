#!/usr/bin/env python3
"""HUP loads an edited script in a running process without losing a packet; INT and TERM end a run whole."""
import json
import os
import signal
import unittest

from flowactors import Case, counting_script, main, pcap_header, udp_record


class Signals(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "fifo"
        os.mkfifo(self.path)

    def run_fifo(self, *args):
        process = self.start("-r", self.path, "--report", self.folder / "r.json", "--strict-ledger", *args)
        return process, open(self.path, "wb", buffering=0)

    def send(self, fifo, first, last):
        for begin in range(first, last, 100):
            fifo.write(b"".join(udp_record(i) for i in range(begin, min(begin + 100, last))))

    def report(self):
        return json.loads((self.folder / "r.json").read_text())

    def test_reload_loses_no_packet(self):
        self.script("my_script.lua", counting_script("old"))
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 1000)
            self.script("my_script.lua", counting_script("new"))
            process.send_signal(signal.SIGHUP)  # nothing more to read: it must not wait for a packet
            self.wait_for(process, "supervisor reloads my_script.lua")
            self.send(fifo, 1000, 3000)
        out, _ = self.finish(process)
        lines = out.splitlines()
        self.assertEqual(len(lines), 3000)
        self.assertEqual(lines, sorted(lines, reverse=True), "old before new")
        self.assertGreaterEqual(lines.count("old"), 1)
        self.assertGreaterEqual(lines.count("new"), 2000)
        account = self.report()
        self.assertEqual(account["packets"]["seen"], 3000)
        self.assertEqual(account["scripts"]["my_script.lua"]["flowCreate"]["calls"], 3000)

    def test_the_cache_outlives_a_reload(self):
        count = ("return {{ flowCreate = function()\n"
                 "  local n = ntop.setCache('n', (tonumber(ntop.getCache('n')) or 0) + 1)\n"
                 "  io.write('{} ', n, '\\n') end }}\n")
        self.script("my_script.lua", count.format("old"))
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 100)
            for i in range(100):
                self.assertEqual(process.stdout.readline(), b"old %d\n" % (i + 1))
            self.script("my_script.lua", count.format("new"))
            process.send_signal(signal.SIGHUP)
            self.wait_for(process, "supervisor reloads my_script.lua")
            self.send(fifo, 100, 200)
        out, _ = self.finish(process)
        self.assertEqual(out.splitlines(), [f"new {i + 1}" for i in range(100, 200)])

    def test_what_a_script_saves_outlives_a_reload(self):
        count = ("local M, n = {{}}, 0\n"
                 "function M.flowCreate() n = n + 1 io.write('{0} ', n, '\\n') end\n"
                 "function M.save() return {{n = n}} end\n"
                 "function M.restore(kept) n = kept.n io.write('{0} restores ', n, '\\n') end\n"
                 "function M.teardown() io.write('{0} ends at ', n, '\\n') end\n"
                 "return M\n")
        self.script("my_script.lua", count.format("old"))
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 100)
            for i in range(100):
                self.assertEqual(process.stdout.readline(), b"old %d\n" % (i + 1))
            self.script("my_script.lua", count.format("new"))
            process.send_signal(signal.SIGHUP)
            self.wait_for(process, "supervisor reloads my_script.lua")
            self.send(fifo, 100, 200)
        out, _ = self.finish(process)
        self.assertEqual(out.splitlines(),
                         ["old ends at 100", "new restores 100"] + [f"new {i + 1}" for i in range(100, 200)] + ["new ends at 200"])
        hooks = self.report()["scripts"]["my_script.lua"]
        self.assertEqual([hooks[name]["calls"] for name in ("save", "restore", "teardown")], [1, 1, 2])

    def test_messages_are_accounted_for(self):
        self.script("a.lua", "local n = 0\nreturn {flowCreate = function()\n  n = n + 1\n"
                    "  send('inline', n)\n  if n % 10 == 0 then send('nowhere', n) pcall(send, 'inline', ('x'):rep(70000)) end\nend}\n")
        self.script("b.lua", "return {message = function() end}\n")
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 100)
        self.finish(process)
        messages = self.report()["messages"]
        self.assertEqual([messages[name] for name in ("sent", "unknown_context", "too_large")], [120, 10, 10])
        self.assertEqual(messages["delivered"] + messages["waiting"], 100)

    def test_broken_script_keeps_the_old_code(self):
        self.script("my_script.lua", counting_script("old"))
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 10)
            self.script("my_script.lua", "return {\n  oops(\n}\n")
            process.send_signal(signal.SIGHUP)
            line = self.wait_for(process, "keeps the old scripts")
            self.assertIn("my_script.lua:", line)
            self.send(fifo, 10, 20)
        out, _ = self.finish(process)
        self.assertEqual(out.splitlines(), ["old"] * 20)

    def test_storm_of_reloads(self):
        self.script("my_script.lua", counting_script("x"))
        process, fifo = self.run_fifo("-q")
        with fifo:
            fifo.write(pcap_header())
            for begin in range(0, 20000, 200):
                process.send_signal(signal.SIGHUP)
                self.send(fifo, begin, begin + 200)
        out, _ = self.finish(process)
        self.assertEqual(out.count("x\n"), 20000)
        self.assertTrue(self.report()["ledger"]["balanced"])

    def test_term_ends_every_flow(self):
        self.script("a.lua", "return { flowCreate = function() io.write('new\\n') end, flowDelete = function() io.write('end\\n') end }\n")
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 50)
            for _ in range(50):
                self.assertEqual(process.stdout.readline(), b"new\n")
            process.send_signal(signal.SIGTERM)
            out, _ = self.finish(process)
        self.assertEqual(out, "end\n" * 50)
        account = self.report()
        self.assertEqual(account["flows"]["ended"]["shutdown"], 50)
        self.assertTrue(account["ledger"]["balanced"])

    def test_usr1_prints_the_account_so_far(self):
        self.script("a.lua", counting_script("new"))
        process, fifo = self.run_fifo()
        with fifo:
            fifo.write(pcap_header())
            self.send(fifo, 0, 50)
            for _ in range(50):
                process.stdout.readline()
            process.send_signal(signal.SIGUSR1)
            self.assertIn("50 packets", self.wait_for(process, " packets, "))
        self.finish(process)

    def test_log_file_is_opened_anew(self):
        log = self.folder / "log"
        self.script("a.lua", counting_script("new"))
        process, fifo = self.run_fifo("--set", f"log.file={log}")
        with fifo:
            fifo.write(pcap_header() + udp_record(0))
            process.stdout.readline()
            log.rename(self.folder / "log.1")
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            self.finish(process)
        self.assertTrue(log.exists())
        self.assertIn("supervisor loads", (self.folder / "log.1").read_text())


if __name__ == "__main__":
    main()
