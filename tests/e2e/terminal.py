#!/usr/bin/env python3
"""Progress on a terminal, and only there; a slow reader; a second signal."""
import os
import pty
import select
import signal
import subprocess
import time
import unittest

from flowactors import Case, counting_script, limit, main, pcap_header, udp_record


class Terminal(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "fifo"
        os.mkfifo(self.path)

    def read_until(self, fd, wanted):
        got = b""
        end = time.monotonic() + limit
        while wanted not in got and time.monotonic() < end:
            if select.select([fd], [], [], 1)[0]:
                try:
                    got += os.read(fd, 65536)
                except OSError:  # the other side is closed
                    break
        self.assertIn(wanted, got)
        return got

    def test_progress_is_shown_on_a_terminal_and_taken_away(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        command = self.command("-r", self.path)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"})
        os.close(theirs)
        with open(self.path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header() + b"".join(udp_record(i) for i in range(500)))
            self.read_until(ours, b"500 packets  ")
        self.read_until(ours, b"\r\x1b[K")
        self.read_until(ours, b"ledger: balanced")
        self.assertEqual(process.wait(timeout=limit), 0)

    def test_no_progress_and_no_colours_in_a_pipe(self):
        process = self.start("-r", self.path)
        with open(self.path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header() + udp_record(1))
            process.send_signal(signal.SIGUSR1)
            self.wait_for(process, " packets, ")
        _, err = self.finish(process)
        self.assertNotIn("\x1b", err)
        self.assertNotIn("\r", err)

    def blocked(self):
        """A process whose script has filled a pipe that nobody reads."""
        self.script("a.lua", "return { flowCreate = function() io.write(('x'):rep(65536), '\\n') end }\n")
        process = self.start("-r", self.path, "--report", self.folder / "r.json", "--strict-ledger")
        fifo = open(self.path, "wb", buffering=0)
        self.addCleanup(fifo.close)
        fifo.write(pcap_header() + b"".join(udp_record(i) for i in range(100)))
        select.select([process.stdout], [], [], limit)
        return process

    def test_a_reader_that_sleeps_does_not_hold_up_the_end(self):
        process = self.blocked()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=limit), 0)
        self.assertIn("were lost", process.stderr.read().decode())

    def test_a_third_signal_ends_without_a_word(self):
        process = self.blocked()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        self.wait_for(process, "ends at once")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=limit), 1)
        self.assertIn("ends at once", process.stderr.read().decode())
        self.assertFalse((self.folder / "r.json").exists())


if __name__ == "__main__":
    main()
