"""Faults of analyzers and of the links to them, under load: a sensor and two analyzers in network namespaces of their own."""
import random
import signal
import sys
import time
from collections import Counter

from soaks.cluster import ANALYZERS, EVERY, SLOT_MS, TOP, Cluster, quantile_us
from soaks.common import total
from soaks.feeds import FileFeed, WireFeed

sys.path.insert(0, str(TOP / "tests" / "e2e"))
from namespaces import WHY_NOT, enter, inside

LEAST = 1200  # seconds of packet time from the file
MOST = 4 * LEAST
ENDS = {"flows.idle_after": "1s", "flows.closed_after": "1s"}
ROOM = 96 << 20  # what the sensor may hold more than in calm


def soak_partition(soak):
    if not inside():
        print(f"  not looked at: {WHY_NOT}")
        return
    seed = random.SystemRandom().randrange(1 << 32) if soak.seed is None else soak.seed
    print(f"  seed {seed}")
    for part in FromFile, FromInterface:
        part(soak, random.Random(seed)).go()


class Partition:
    """One run. Its parts say where packets come from."""

    def __init__(self, soak, chance):
        self.soak, self.random = soak, chance
        self.longest = 1.5 if soak.short else 2.5
        self.calm_for = 1 if soak.short else 20
        self.windows = []  # (kind, analyzer, from, to), s
        self.resident = []  # (when, bytes)

    def go(self):
        print(f"  {self.says}:", flush=True)
        try:
            self.start()
            self.feed.start()
            self.cluster.wait_until_running()
            self.pause(0.5 if self.soak.short else 3)
            self.calm = time.monotonic(), time.monotonic() + self.calm_for
            self.pause(self.calm_for)
            self.calm_memory = self.memory("VmHWM")
            for _ in range(self.faults):
                self.fault()
            while not self.soak.short and self.feed.seconds < self.least and self.feed.is_alive():
                self.pause(0.1)
            self.peak = self.memory("VmHWM")
            self.feed.stop(self.cluster.processes["sensor"])
            reports = self.cluster.end()
            self.took = time.monotonic() - self.cluster.began
            self.judge(reports)
        finally:
            self.feed.enough.set()
            self.cluster.remove()

    # -- faults

    def fault(self):
        """One, and until the link runs again."""
        name = self.random.choice(ANALYZERS)
        kind = self.random.choice(["kill", "stop", "cut"])
        seconds = self.random.uniform(0.02, self.longest)
        began = time.monotonic()
        process = self.cluster.processes[name]
        if kind == "kill":
            self.cluster.kill(name)
            self.pause(seconds)
            self.cluster.start_analyzer(name)
        elif kind == "stop":
            process.send_signal(signal.SIGSTOP)
            self.pause(seconds)
            process.send_signal(signal.SIGCONT)
        else:
            self.cluster.network.cut(name)
            self.pause(seconds)
            self.cluster.network.mend(name)
        self.pause(0.3)  # a link that has heard nothing for long may yet be lost
        self.cluster.wait_until_running()
        self.windows.append((kind, name, began, time.monotonic()))
        self.pause(self.random.uniform(0.3, 0.8))  # what waited for this one is late, and comes before the next fault

    def pause(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.resident.append((time.monotonic(), self.memory("VmRSS")))
            time.sleep(min(left, 0.1))

    def memory(self, key):
        with open(f"/proc/{self.cluster.processes['sensor'].pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(key))

    # -- what came of it

    def judge(self, reports):
        flows = self.feed.flows()
        self.tell_faults(flows)
        lanes = dict(zip(ANALYZERS, reports["sensor"]["contexts"]["own"]["lanes"]))
        self.tell_lanes(reports, lanes)
        self.judge_ledgers(reports, lanes, flows)
        self.judge_events(reports, lanes, flows)
        self.judge_latency()
        self.judge_memory(reports)

    def judge_memory(self, reports):
        """Both links may have all their credit in hand: as batches, as bytes in buffers that grow by doubling, and once more when it is sent again."""
        links = reports["sensor"]["contexts"]["own"]["links"]
        lanes = reports["sensor"]["contexts"]["own"]["lanes"]
        credit = sum(lane["credit"] for lane in lanes) * sum(link["bytes"] for link in links) / sum(total(lane["taken"]) for lane in lanes)
        cuts = [self.calm[1] + (self.resident[-1][0] - self.calm[1]) * i / 8 for i in range(9)]
        peaks = [max((size for at, size in self.resident if since <= at <= to), default=0) for since, to in zip(cuts, cuts[1:])]
        print(f"    memory of the sensor: at most {self.calm_memory / 1e6:.1f} MB in calm, then, over eighths of the time, "
              + ", ".join(f"{size / 1e6:.1f}" for size in peaks) + f" MB; the credit of both lanes is {credit / 1e6:.1f} MB")
        self.soak.judge(f"memory of the sensor over the run at most {self.peak / 1e6:.1f} MB ({(self.peak - self.calm_memory) / 1e6:+.1f} MB, at most {ROOM >> 20} MiB)",
                        self.peak - self.calm_memory <= ROOM)

    def tell_faults(self, flows):
        print(f"    {flows:,} flows of {self.feed.seconds:,} s of packet time in {self.took:.0f} s; {len(self.windows)} faults:")
        for kind in "kill", "stop", "cut":
            some = [to - since for which, _, since, to in self.windows if which == kind]
            if some:
                print(f"    {kind:4}  {len(some):3}, over after {min(some):.1f} to {max(some):.1f} s")

    def tell_lanes(self, reports, lanes):
        names = sorted({reason for lane in lanes.values() for reason, kinds in lane["lost"].items() if total(kinds)})
        print(f"    {'lane to':12} {'taken':>12} {'handled':>12} " + " ".join(f"{name:>12}" for name in names) + "  connections  lives")
        for (name, lane), link in zip(lanes.items(), reports["sensor"]["contexts"]["own"]["links"]):
            print(f"    {name:12} {total(lane['taken']):12,} {total(lane['handled']):12,} " + " ".join(f"{total(lane['lost'][each]):12,}" for each in names)
                  + f"  {link['connections']:11,}  {self.cluster.lives[name] + 1:5,}")

    def judge_ledgers(self, reports, lanes, flows):
        check = self.soak.check
        check("the ledgers of the sensor and of the last lives of the analyzers balance", all(each["ledger"]["balanced"] for each in reports.values()))
        check(f"the sensor saw all {flows:,} packets and flows", reports["sensor"]["packets"]["seen"] == reports["sensor"]["flows"]["created"] == flows)
        for kind in "created", "ended":
            check(f"all events of flows that {'begin' if kind == 'created' else 'end'} came to a lane", sum(lane["taken"][kind] for lane in lanes.values()) == flows)
        for name, lane in lanes.items():
            left = {kind: lane["taken"][kind] - lane["handled"][kind] - sum(kinds[kind] for kinds in lane["lost"].values()) for kind in lane["taken"]}
            check(f"lane to {name}: taken = handled + lost by name, for each kind", not any(left.values()) and lane["waiting"] == 0)
        reasons = {reason for lane in lanes.values() for reason, kinds in lane["lost"].items() if total(kinds)}
        check(f"lost under names that may be: {', '.join(sorted(reasons)) or 'none'}", reasons <= self.may_be)

    def judge_events(self, reports, lanes, flows):
        """What scripts handled, event by event, against what the sensor says of it."""
        check = self.soak.check
        seen = [self.cluster.books[name].seen(flows) for name in ANALYZERS]
        values = Counter()
        whole = sum(int.from_bytes(each, "little") for each in seen).to_bytes(flows + 1, "little")  # no byte is more than 15 or 240 of a kind, or the sum tells
        for value in range(256):
            if count := whole.count(value) - (value == 0):
                values[value] = count
        doubled = sum(count for value, count in values.items() if value & 15 > 1 or value >> 4 > 1)
        begins, ends = (sum(count for value, count in values.items() if value & bit) for bit in (1, 16))
        check(f"no event was handled twice, by whom ever ({doubled:,})", doubled == 0)
        lost = {kind: sum(kinds[kind] for lane in lanes.values() for kinds in lane["lost"].values()) for kind in ("created", "ended")}
        missing = {"created": flows - begins, "ended": flows - ends}
        unnamed = sum(max(0, missing[kind] - lost[kind]) for kind in missing)
        print(f"    of {2 * flows:,} events scripts handled {begins + ends:,}, missed {total(missing):,}; the sensor names {total(lost):,} lost")
        check(f"no event is missing that is not lost by name ({unnamed:,})", unnamed == 0)
        for name, lane in lanes.items():
            lives = [self.cluster.books[name].handled(life) for life in range(self.cluster.lives[name] + 1)]
            for i, kind in enumerate(("created", "ended")):
                handled, crashed = lane["handled"][kind], lane["lost"]["crashed"][kind]
                unheard = sum(life[i] for life in lives) - handled
                exact = unheard == 0 if len(lives) == 1 else 0 <= unheard <= crashed
                check(f"{name}, {kind}: scripts handled what the sensor counts as handled, {handled:,}, and {unheard:,} of {crashed:,} crashed ones", exact)
            last = reports[name]["contexts"]["own"]["lanes"]
            check(f"{name}, its last life: the report and the scripts count the same",
                  lives[-1] == tuple(sum(lane["handled"][kind] for lane in last) for kind in ("created", "ended")))

    def judge_latency(self):
        """From the capture's script to that of the analyzer, for one of sixteen flows."""
        slot = lambda at: int((at - self.cluster.began) * 1000 / SLOT_MS)
        books = self.cluster.books
        calm = [sum(each) for each in zip(*(books[name].times(slot(self.calm[0]), slot(self.calm[1])) for name in ANALYZERS))]
        others = [0] * len(calm)
        longest = 0
        for _, name, since, to in self.windows:
            other = next(each for each in ANALYZERS if each != name)
            some = books[other].times(slot(since), slot(to) + 1)
            others = [a + b for a, b in zip(others, some)]
        before, under = quantile_us(calm, 0.99), quantile_us(others, 0.99)
        print(f"    of one of {EVERY} flows: {sum(calm):,} in calm, p50 {quantile_us(calm, 0.5) / 1000:.1f} ms; {sum(others):,} at the other analyzer during faults, "
              f"p50 {quantile_us(others, 0.5) / 1000:.1f} ms, longest {quantile_us(others, 1) / 1000:.1f} ms")
        self.soak.judge(f"from the packet to the script, p99: {before / 1000:.1f} ms in calm, at the other analyzer during faults {under / 1000:.1f} ms (at most twice)",
                        under <= 2 * before)


class FromFile(Partition):
    """At full speed: whenever an analyzer is gone, the capture waits until others have its share."""

    says = "from a file at full speed"
    may_be = {"crashed", "unreachable"}
    least = LEAST

    def start(self):
        self.faults = 4 if self.soak.short else 100
        rate = 3000 if self.soak.short else 40000
        folder = self.soak.folder / "file"
        self.cluster = Cluster(self.soak, folder, MOST * rate)
        self.feed = FileFeed(folder / "fifo", rate, MOST)
        self.cluster.start("-r", folder / "fifo", **ENDS)


class FromInterface(Partition):
    """At a steady rate: nothing waits, so nothing that waits hides how late events are."""

    says = "over an interface"
    may_be = {"crashed", "unreachable", "shed"}
    least = 0

    def start(self):
        self.faults = 2 if self.soak.short else 30
        rate = 1000 if self.soak.short else 5000
        self.cluster = Cluster(self.soak, self.soak.folder / "interface", 600 * rate)
        self.feed = WireFeed(self.cluster.wire(), rate, lambda: self.cluster.ask("status")["packets"]["seen"])
        self.cluster.start("-i", "tap", "udp", **ENDS)
