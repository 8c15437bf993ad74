#!/usr/bin/env python3
"""flowactors ctl asks and tells a running program; bad clients cost it nothing."""
import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import socket
import stat
import struct
import subprocess
import termios
import time
import unittest

from flowactors import Case, captures, counting_script, limit, main, pcap_header, program, top, udp_record


class Control(Case):
    def setUp(self):
        super().setUp()
        self.socket = self.folder / "control"
        self.script("my_script.lua", counting_script("old"))

    def run_fifo(self, *args):
        """A run that reads a FIFO; the process and the writing end."""
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-r", path, "--set", f"control.socket={self.socket}", "--report", self.folder / "r.json",
                             "--strict-ledger", *args)
        fifo = open(path, "wb", buffering=0)
        self.addCleanup(fifo.close)
        fifo.write(pcap_header())
        return process, fifo

    def ctl(self, *args, code=0):
        done = subprocess.run([program, "ctl", "-s", self.socket, *map(str, args)], capture_output=True, text=True, timeout=limit)
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        return done.stdout if code == 0 or code == 3 or done.stdout else done.stderr

    def json(self, command):
        return json.loads(self.ctl(command, "--json"))

    def send(self, process, fifo, first, last):
        """Flows, and what the script says of each."""
        fifo.write(b"".join(udp_record(i) for i in range(first, last)))
        return [process.stdout.readline().decode().strip() for _ in range(first, last)]

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(limit)
        client.connect(str(self.socket))
        return client

    def test_status_counts_what_was_read(self):
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 50)
        status = self.json("status")
        self.assertEqual(status["packets"]["seen"], 50)
        self.assertEqual(status["flows"]["live"], 50)
        self.assertEqual(status["pid"], process.pid)
        self.assertEqual(status["phase"], "running")
        self.assertEqual(status["inputs"], [{"name": str(self.folder / "fifo"), "worker": 1, "workers": 1, "live": False, "state": "reading", "packets": 50}])
        self.assertTrue(status["balanced"])
        self.assertIn("packets: 50,", self.ctl("status"))
        fifo.close()
        self.finish(process)

    def test_scripts_and_contexts(self):
        self.script("broken.lua", "return {flowCreate = function() error('no') end}\n")
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 50)
        scripts = self.json("scripts")
        self.assertEqual(scripts["broken.lua"]["callbacks"]["flowCreate"]["errors"], 50)
        costs = scripts["my_script.lua"]["callbacks"]["flowCreate"]
        self.assertEqual(costs["calls"], 50)
        self.assertLessEqual(costs["ns_p50"], costs["ns_p99"])
        self.assertLessEqual(costs["ns_p99"], costs["ns_max"])
        self.assertEqual(scripts["my_script.lua"]["state"], "running")
        table = self.ctl("scripts")
        for word in "broken.lua", "flowCreate", "p50", "p99", "running":
            self.assertIn(word, table)
        contexts = self.json("contexts")
        self.assertEqual([(c["name"], c["events"], c["scripts"]) for c in contexts], [("inline", 50, ["broken.lua", "my_script.lua"])])
        self.assertIn("inline", self.ctl("contexts"))

    def test_ledger_and_report(self):
        process, fifo = self.run_fifo("--set", f"output.o.path={self.folder}/out.json")
        self.send(process, fifo, 0, 50)
        ledger = self.json("ledger")
        self.assertTrue(ledger["balanced"])
        names = [e["name"] for e in ledger["equations"]]
        self.assertIn("records of o", names)
        text = self.ctl("ledger")
        self.assertIn("packets read: handed_out 50 = seen 50\n", text)
        self.assertTrue(text.endswith("\nbalanced\n"))
        report = self.json("report")
        self.assertEqual(report["packets"]["seen"], 50)
        self.assertGreater(report["peak_rss_bytes"], 0)

    def test_reload_says_what_came_of_it(self):
        process, fifo = self.run_fifo()
        self.assertEqual(set(self.send(process, fifo, 0, 10)), {"old"})
        self.script("my_script.lua", counting_script("new"))
        self.assertEqual(self.ctl("reload"), "loaded\n")
        self.assertEqual(set(self.send(process, fifo, 10, 20)), {"new"})
        self.script("my_script.lua", "return {\n  oops(\n}\n")
        done = subprocess.run([program, "ctl", "-s", self.socket, "reload"], capture_output=True, text=True, timeout=limit)
        self.assertEqual(done.returncode, 1)
        self.assertIn("kept the old scripts", done.stdout)
        self.assertIn("my_script.lua:", done.stdout)
        self.assertEqual(set(self.send(process, fifo, 20, 30)), {"new"})
        status = self.json("status")
        self.assertEqual((status["reload"]["count"], status["reload"]["loaded"]), (2, False))
        self.assertIn("my_script.lua:", status["reload"]["faults"][0])

    def test_stop_ends_the_run_whole(self):
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 50)
        self.assertEqual(self.ctl("stop"), "stopping\n")
        self.finish(process)
        account = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(account["flows"]["ended"]["shutdown"], 50)
        self.assertFalse(self.socket.exists())

    def test_top_shows_rates(self):
        process, fifo = self.run_fifo("--set", f"output.o.path={self.folder}/out.json")
        self.send(process, fifo, 0, 50)
        pictures = self.ctl("top", "--count", 2, "--interval", 0.1)
        self.assertEqual(pictures.count("packets 50 "), 2)
        for word in "my_script.lua", "of a core", "inline", "worst second", "waiting":
            self.assertIn(word, pictures)
        lines = self.ctl("top", "--count", 3, "--interval", 0.1, "--json").splitlines()
        self.assertEqual([json.loads(line)["packets"]["seen"] for line in lines], [50] * 3)

    def test_top_fits_a_small_terminal_and_gives_it_back(self):
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 50)
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 8, 40, 0, 0))
        viewer = subprocess.Popen([program, "ctl", "-s", self.socket, "top", "--interval", "0.1"], stdout=theirs, stderr=theirs)
        self.addCleanup(self.stop, viewer)
        os.close(theirs)
        got = b""
        while got.count(b"\x1b[H\x1b[J") < 3:
            self.assertTrue(select.select([ours], [], [], limit)[0], got)
            got += os.read(ours, 65536)
        viewer.send_signal(signal.SIGINT)
        self.assertEqual(viewer.wait(timeout=limit), 0)
        got += os.read(ours, 65536)
        first = got.split(b"\x1b[H\x1b[J")[1].decode()
        self.assertIn("packets 50 ", first)
        self.assertEqual(first.count("\n"), 7)
        self.assertTrue(got.startswith(b"\x1b[?1049h\x1b[?25l\x1b[?7l"), got[:40])
        self.assertTrue(got.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l"), got[-40:])

    def test_the_configuration_file_names_the_socket(self):
        config = self.folder / "f.ini"
        config.write_text(f"[scripts]\nroot = {self.folder}/scripts\n[control]\nsocket = control\n")
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-c", config, "-r", path)
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header())
            self.send(process, fifo, 0, 1)
            done = subprocess.run([program, "ctl", "-c", config, "status", "--json"], capture_output=True, timeout=limit)
            self.assertEqual(json.loads(done.stdout)["pid"], process.pid)
        self.finish(process)

    def test_wrong_command_lines(self):
        run = lambda *args: subprocess.run([program, "ctl", *args], capture_output=True, text=True, timeout=limit)
        for args, code, words in ([], 2, "COMMAND is required"), (["banana"], 2, "banana"), (["status"], 2, "expected -s SOCKET"), \
                (["-s", self.folder / "none", "status"], 1, "no flowactors listens there"), \
                (["-c", self.folder / "none", "status"], 2, "no such file"), (["-s", "x" * 200, "status"], 1, "too long"):
            done = run(*args)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(words, done.stderr)
        self.assertIn("Commands:", run("--help").stdout)

    def test_bad_clients_do_no_harm(self):
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 10)
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o600)
        hanging = [self.connect() for _ in range(8)]
        hanging[0].sendall(b"stat")
        large = self.connect()
        try:
            large.sendall(b"x" * (1 << 20))
        except OSError:
            pass
        garbage = self.connect()
        garbage.sendall(os.urandom(64).replace(b"\n", b"?") + b"\n")
        answer = json.loads(garbage.makefile().readline())
        self.assertFalse(answer["ok"])
        self.assertIn("expected one of status", answer["error"])
        self.assertEqual(self.json("status")["packets"]["seen"], 10)
        self.assertEqual(self.send(process, fifo, 10, 20), ["old"] * 10)
        fifo.close()
        self.finish(process)
        for client in hanging:
            self.assertEqual(client.recv(1), b"")

    def test_other_users_are_turned_away(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 10)
        os.chmod(self.socket, 0o666)  # what the mode does not stop, the check of the peer does
        done = subprocess.run([program, "ctl", "-s", self.socket, "status"], capture_output=True, text=True, timeout=limit,
                              user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.json("status")["packets"]["seen"], 10)

    def test_a_stale_socket_is_replaced_and_others_are_not(self):
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(self.socket))
        stale.close()
        process, fifo = self.run_fifo()
        self.send(process, fifo, 0, 1)
        _, err = self.run_it("-r", captures / "dns.pcap", "--set", f"control.socket={self.socket}", code=2)
        self.assertIn("another program listens there", err)
        self.assertEqual(self.json("status")["pid"], process.pid)
        _, err = self.run_it("-r", captures / "dns.pcap", "--set", f"control.socket={self.inline}/my_script.lua", code=2)
        self.assertIn("there is something else", err)
        self.assertIn("flowCreate", (self.inline / "my_script.lua").read_text())

    def test_every_answer_is_documented(self):
        process, fifo = self.run_fifo("--set", f"output.o.path={self.folder}/out.json")
        self.send(process, fifo, 0, 1)
        self.ctl("reload")
        text = (top / "docs" / "control.md").read_text()
        for command in "status", "contexts":
            answer = self.json(command)
            for key in answer if isinstance(answer, dict) else answer[0]:
                self.assertIn(f"`{key}`", text, command)


if __name__ == "__main__":
    main()
