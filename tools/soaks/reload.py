"""Reloads under load, half of them with scripts that don't load."""
import time

from soaks.common import COUNTS, Control, at, own_bytes, total

BROKEN = "local M = {}\nreturn M +\n"


def soak_reload(soak):
    reloads = 40 if soak.short else 1000
    for context in "inline", "own":
        soak.script(context, COUNTS % context)
    path = soak.folder / "control"
    process = soak.start(*["-r", soak.file] * 5000, "--set", f"control.socket={path}", "--set", "flows.max=5000", "--set",
                         "context.own.shards=2", "--set", "shutdown.grace=10min", "--set", "inline.deadline=1s", "--set", "context.own.deadline=1s")
    try:
        ctl = Control(path, process)
        pauses, wrong, memory = [], 0, []
        began = time.monotonic()
        for i in range(1, reloads + 1):
            broken = i % 2 == 0
            for context in "inline", "own":
                soak.script(context, BROKEN if broken else COUNTS % context)
            outcome = ctl.ask("reload")
            wrong += outcome["loaded"] == broken or (len(outcome["kept"]) == 2) != broken
            if not broken:
                pauses.append(outcome["pause_us"])
            memory.append(own_bytes(process.pid))
        took = time.monotonic() - began
        still = process.poll() is None
        ctl.ask("stop")
        said = soak.finish(process)
    finally:
        process.kill()
    judge_reload(soak, soak.report(), said, still, wrong)
    soak.judge(f"{reloads} reloads took {took:.1f} s, at most 60", took <= 60)
    soak.judge(f"the exchange of inline scripts held packets up for {at(pauses, 0.5):.0f} us (p50), {at(pauses, 0.99):.0f} us (p99, at most 200), "
               f"{max(pauses):.0f} us (longest)", at(pauses, 0.99) <= 200)
    # At any one moment fresh VMs may stand beside the old ones, and there are more or fewer flows.
    tenth, last = (at(some, 0.5) for some in (memory[10:30], memory[-20:]))
    soak.judge(f"memory after the 10th reload {tenth / 1e6:.1f} MB, at the end {last / 1e6:.1f} MB ({last / tenth - 1:+.1%}, at most 5 % more; "
               f"medians of 20 reloads; at most {max(memory) / 1e6:.1f} MB)", last <= 1.05 * tenth)


def judge_reload(soak, report, said, still, wrong):
    flows, events = report["flows"]["created"], 0
    sums = {}
    for line in said.splitlines():
        context, n, ids = line.split()
        sums[context] = int(n), int(ids)  # a VM says it each time that it ends: the last word has all
    shards = [tuple(map(int, line.split()[1:])) for line in said.splitlines() if line.startswith("own ")][-2:]
    own = tuple(map(sum, zip(*shards)))
    lanes = report["contexts"]["own"]["lanes"]
    events = sum(total(lane["handled"]) for lane in lanes)
    lost = sum(total(kinds) for lane in lanes for kinds in lane["lost"].values())
    print(f"  {report['packets']['seen']:,} packets, {flows:,} flows, {events:,} events to the context")
    soak.check("the program ran from the first reload to the last", still)
    soak.check(f"all reloads but {wrong} told what they should", wrong == 0)
    soak.check("the ledger balances", report["ledger"]["balanced"])
    soak.check(f"{lost} events were lost", lost == 0)
    soak.check(f"the counter of the inline script {sums['inline'][0]:,} is that of the report {2 * flows:,}", sums["inline"][0] == 2 * flows)
    soak.check(f"that of the context {own[0]:,} too, with the same flows", own == sums["inline"])
