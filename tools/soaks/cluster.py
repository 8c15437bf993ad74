"""A sensor and two analyzers on machines of their own, and what their scripts leave in shared memory.

What a process writes to a file that is mapped is there whatever ends the process. So the scripts count in such files, and even of an analyzer
that was killed it is known which events it had handled.
"""
import json
import mmap
import os
import signal
import string
import struct
import subprocess
import sys
import time

from soaks.common import TOP, Control

sys.path.insert(0, str(TOP / "tests" / "e2e"))
from namespaces import Network, run

ANALYZERS = "analyzer-1", "analyzer-2"
SLOT_MS = 100
SLOTS = 36000
BUCKETS = 400  # sixteen for each doubling, from a microsecond on
EVERY = 16  # of so many flows, one has its time taken
LIVES = 1000
HEAD = 16 * LIVES  # events of each life: begun and ended flows
TIMES = HEAD + 4 * SLOTS * BUCKETS

MAPS = """local ffi = require "ffi"
ffi.cdef[[
  int open(const char *, int, ...);
  void *mmap(void *, size_t, int, int, int, long);
  struct flowactors_time { long s, ns; };
  int clock_gettime(int, struct flowactors_time *);
]]
local time = ffi.new("struct flowactors_time")
local function now() -- s, of a clock that all machines here share
  ffi.C.clock_gettime(1, time)
  return tonumber(time.s) + tonumber(time.ns) * 1e-9
end
local function map(path, size)
  return ffi.cast("char *", ffi.C.mmap(nil, size, 3, 1, ffi.C.open(path, 2), 0))
end
local stamps = ffi.cast("double *", map("$stamps", $stamps_size))
local M = {}
"""
STAMPS = MAPS + """function M.flowCreate(flow)
  local id = flow.id
  if id % $every == 0 then stamps[id / $every] = now() end
end
return M
"""
COUNTS = MAPS + """local base = map("$counts", $counts_size)
local life = ffi.cast("uint64_t *", base) + 2 * $life
local times = ffi.cast("uint32_t *", base + $head)
local seen = ffi.cast("uint8_t *", base + $times)
local log = math.log
function M.flowCreate(flow)
  local id = flow.id
  seen[id] = seen[id] + 1
  life[0] = life[0] + 1
  if id % $every == 0 then
    local at = now()
    local us = (at - stamps[id / $every]) * 1e6
    local bucket = us > 1 and math.min(math.floor(log(us) * $per_log), $buckets - 1) or 0
    local slot = math.min(math.floor((at - $began) * 1000 / $slot_ms), $slots - 1)
    local place = slot * $buckets + bucket
    times[place] = times[place] + 1
  end
end
function M.flowDelete(flow)
  local id = flow.id
  seen[id] = seen[id] + 16
  life[1] = life[1] + 1
end
return M
"""


class Books:
    """What the scripts of one analyzer have counted, over all its lives."""

    def __init__(self, path, flows):
        self.path, self.size = path, TIMES + flows + 1
        with open(path, "wb") as out:
            out.truncate(self.size)
        with open(path, "r+b") as shared:
            self.map = mmap.mmap(shared.fileno(), self.size)

    def handled(self, life):
        """Begun and ended flows."""
        return struct.unpack_from("<QQ", self.map, 16 * life)

    def times(self, first, last):
        """How many events took how long, by bucket, in the slots from `first` to before `last`."""
        out = [0] * BUCKETS
        for slot in range(max(first, 0), min(last, SLOTS)):
            at = HEAD + 4 * BUCKETS * slot
            for bucket, count in enumerate(struct.unpack_from(f"<{BUCKETS}I", self.map, at)):
                out[bucket] += count
        return out

    def seen(self, flows):
        """A byte for each flow: how often its begin was handled, and 16 times how often its end."""
        return self.map[TIMES + 1 : TIMES + 1 + flows]


def quantile_us(times, share):
    """The upper end of the bucket."""
    left = share * sum(times)
    for bucket, count in enumerate(times):
        left -= count
        if left <= 0 and count:
            return 2 ** ((bucket + 1) / 16)
    return 0


class Cluster:
    """Each analyzer may have several lives: it is killed, and started anew."""

    def __init__(self, soak, folder, most_flows):
        self.soak, self.folder = soak, folder
        folder.mkdir()
        self.began = time.monotonic()
        self.network = Network()
        self.address = {name: self.network.add(name) for name in ("sensor", *ANALYZERS)}
        self.processes, self.lives = {}, {name: 0 for name in ANALYZERS}
        self.stamps = folder / "stamps"
        with open(self.stamps, "wb") as out:
            out.truncate(8 * (most_flows // EVERY + 1))
        self.books = {name: Books(folder / f"{name}.books", most_flows) for name in ANALYZERS}

    def wire(self):
        """An interface here; what is sent there comes to the interface `tap` of the sensor."""
        run("ip", "link", "add", "name", "wire", "type", "veth", "peer", "name", "tap", "netns", "sensor")
        for words in (["dev", "wire"], ["-n", "sensor", "dev", "tap"]):
            *on, _, name = words
            for state in (["addrgenmode", "none"], ["up"]):
                run("ip", *on, "link", "set", "dev", name, *state)
        return "wire"

    def start(self, *args, **settings):
        """`args` and `settings`: those of the sensor."""
        for name in ANALYZERS:
            self.start_analyzer(name)
        self.script("sensor", "inline", STAMPS)
        self.run("sensor", {"node.name": "sensor", "inline.trusted": "true", "control.socket": self.folder / "sensor.control",
                            "context.own.at": ",".join(f"{self.address[name]}:4711" for name in ANALYZERS), **settings}, *args)
        self.ask("status")  # answered once its input is open

    def start_analyzer(self, name):
        books = self.books[name]
        self.script(name, "own", COUNTS, counts=books.path, counts_size=books.size, life=self.lives[name])
        self.run(name, {"node.name": name, "node.listen": f"{self.address[name]}:4711", "context.own.trusted": "true", "context.own.shards": 1,
                        "context.own.deadline": "5s"})

    def script(self, machine, context, text, **values):
        folder = self.folder / machine / "callbacks" / "user_scripts" / context
        folder.mkdir(parents=True, exist_ok=True)
        values = {"stamps": self.stamps, "stamps_size": os.path.getsize(self.stamps), "every": EVERY, "head": HEAD, "times": TIMES, "buckets": BUCKETS,
                  "slots": SLOTS, "slot_ms": SLOT_MS, "began": repr(self.began), "per_log": repr(16 / 0.6931471805599453), **values}
        (folder / "script.lua").write_text(string.Template(text).substitute(values))

    def run(self, name, settings, *more):
        common = {"scripts.root": self.folder / name, "node.insecure": "true", "node.heartbeat": "100ms", "node.timeout": "1s", "shutdown.grace": "60s"}
        words = [word for key, value in {**common, **settings}.items() for word in ("--set", f"{key}={value}")]
        with open(self.folder / f"{name}.err", "ab") as err:
            self.processes[name] = subprocess.Popen([*self.network.on(name), self.soak.binary, "-q", "--strict-ledger", "--report",
                                                     self.folder / f"{name}.json", *words, *more], stdout=subprocess.DEVNULL, stderr=err)

    def ask(self, command):
        """The sensor. It ends connections that say nothing for a minute: each question has its own."""
        try:
            return Control(self.folder / "sensor.control", self.processes["sensor"]).ask(command)
        except OSError as wrong:
            raise RuntimeError(f"the sensor does not answer ({wrong}): {self.said('sensor')}") from wrong

    def links(self):
        (own,) = [each for each in self.ask("contexts") if each["name"] == "own"]
        return dict(zip(ANALYZERS, own["links"]))

    def wait_until_running(self):
        until = time.monotonic() + 60
        while True:
            links = self.links()
            if all(link["state"] == "running" for link in links.values()):
                return
            if time.monotonic() > until or self.processes["sensor"].poll() is not None:
                raise RuntimeError(f"a link does not run: {links}\n{self.said('sensor')}")
            time.sleep(0.02)

    def said(self, name):
        return (self.folder / f"{name}.err").read_text(errors="replace")[-2000:]

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()
        self.lives[name] += 1

    def end(self):
        """After the end of the sensor's input; the reports by machine."""
        codes = {"sensor": self.processes["sensor"].wait(timeout=300)}
        for name in ANALYZERS:
            self.processes[name].send_signal(signal.SIGTERM)
            codes[name] = self.processes[name].wait(timeout=120)
        for name, code in codes.items():
            self.soak.check(f"{name} ended with 0" if code == 0 else f"{name} ended with {code}: {self.said(name)}", code == 0)
        return {name: json.loads((self.folder / f"{name}.json").read_text()) for name in codes}

    def remove(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.network.remove()
