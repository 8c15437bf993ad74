"""Runs the real program for the end-to-end tests: paths, scripts, capture files, processes with a bound on their time."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

program = os.environ.get("FLOWACTORS", "flowactors")
top = pathlib.Path(__file__).resolve().parent.parent.parent
captures = top / "tests" / "captures"
limit = 60  # seconds for any one step


def pcap_header(link=1):
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)


def udp_record(number, size=20, server=0x0A000002):
    """A record of one UDP packet; each number is a flow of its own."""
    payload = bytes(size)
    udp = struct.pack(">HHHH", 1024 + number % 60000, 9, 8 + len(payload), 0)
    source = 0x0A000001 + number // 60000
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 28 + len(payload), 1, 0, 64, 17, 0, source, server)
    frame = bytes(12) + b"\x08\x00" + ip + udp + payload
    return struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, len(frame), len(frame)) + frame


def counting_script(word):
    return f"return {{ flowCreate = function() io.write('{word}\\n') end }}\n"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="flowactors-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        os.chmod(self.folder, 0o755)
        self.inline = self.folder / "scripts" / "callbacks" / "user_scripts" / "inline"
        self.inline.mkdir(parents=True)

    def script(self, name, text):
        (self.inline / name).write_text(text)

    def command(self, *args):
        return [program, "--set", f"scripts.root={self.folder}/scripts", *map(str, args)]

    def run_it(self, *args, code=0, **more):
        """Runs to the end; (standard output, standard error)."""
        done = subprocess.run(self.command(*args), capture_output=True, timeout=limit, **more)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"{args}\n{out[-2000:]}\n{err[-2000:]}")
        return out, err

    def report_of(self, *args, **more):
        self.run_it("-q", *args, "--report", self.folder / "report.json", "--strict-ledger", **more)
        return json.loads((self.folder / "report.json").read_text())

    def start(self, *args, **more):
        process = subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def finish(self, process, code=0):
        out, err = process.communicate(timeout=limit)
        self.assertEqual(process.returncode, code, err.decode(errors="replace"))
        return out.decode(), err.decode(errors="replace")

    def wait_for(self, process, text):
        """Reads standard error up to a line with this text."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            line = process.stderr.readline().decode(errors="replace")
            if text in line:
                return line
            if not line:
                self.fail(f"ended before saying {text!r}")
        self.fail(f"did not say {text!r}")


def main():
    unittest.main(verbosity=2)
