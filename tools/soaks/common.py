"""What all soaks share: scripts, the program, its control socket and its report."""
import json
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
LIMIT = 1800  # seconds for any one run

# What a script was told, kept over reloads and breakdowns, and said at the end.
COUNTS = """local M, n, ids = {}, 0, 0
local function count(flow) n, ids = n + 1, ids + flow.id %% 65521 end
M.flowCreate, M.flowDelete = count, count
function M.save() return {n = n, ids = ids} end
function M.restore(t) n, ids = t.n, t.ids end
function M.teardown(why) io.write(("%s %%d %%d\\n"):format(n, ids)) end
return M
"""


class Soak:
    def __init__(self, args):
        self.short, self.binary, self.seed = args.short, args.binary.resolve(), args.seed
        self.missed = 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="flowactors-soak-"))
        self.file = args.file or self.default_file()

    def default_file(self):
        mixed = TOP / "bench" / "data" / "mixed.pcap"
        return mixed if mixed.exists() and not self.short else self.flows(20000)

    def flows(self, count):
        """A capture of so many UDP flows of a packet each, a hundred microseconds apart."""
        path = self.folder / "flows.pcap"
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for i in range(count):
                frame = udp_frame(i)
                out.write(struct.pack("<IIII", 1700000000 + i // 10000, i % 10000 * 100, len(frame), len(frame)) + frame)
        return path

    def script(self, context, text):
        """Written anew in one step: a reload reads the old text or this."""
        folder = self.folder / "scripts" / "callbacks" / "user_scripts" / context
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / ".script"
        fresh.write_text(text)
        fresh.rename(folder / "script.lua")

    def command(self, *more):
        return [self.binary, "-q", "--strict-ledger", "--report", self.folder / "report.json", "--set", f"scripts.root={self.folder}/scripts",
                *map(str, more)]

    def start(self, *more):
        with open(self.folder / "errors", "wb") as err:
            return subprocess.Popen(self.command(*more), stdout=subprocess.PIPE, stderr=err, text=True)

    def finish(self, process, code=0):
        out, _ = process.communicate(timeout=LIMIT)
        if process.returncode != code:
            self.check(f"exit code {code}, not {process.returncode}: " + (self.folder / "errors").read_text()[-2000:], False)
        return out

    def report(self):
        return json.loads((self.folder / "report.json").read_text())

    def check(self, what, held):
        """A criterion that holds on any machine."""
        print(f"  {'held  ' if held else 'MISSED'}  {what}", flush=True)
        self.missed += not held

    def judge(self, what, held):
        """One of time or size."""
        if self.short:
            print(f"          {what}", flush=True)
        else:
            self.check(what, held)


def udp_frame(number):
    """Each number is a flow of its own."""
    udp = struct.pack(">HHHH", 1024 + number % 60000, 9, 28, 0)
    source = 0x0A000001 + number // 60000
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 48, 1, 0, 64, 17, 0, source, 0x0A000002)
    return bytes(12) + b"\x08\x00" + ip + udp + bytes(20)


def at(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def total(kinds):
    return sum(kinds.values())


class Control:
    """A connection to the control socket."""

    def __init__(self, path, process):
        until = time.monotonic() + 60
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(120)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.01)
        self.lines = self.socket.makefile()

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\n")
        answer = json.loads(self.lines.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer["result"]


def own_bytes(pid):
    """Memory that is no file's."""
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024
