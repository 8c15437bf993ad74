"""Context actors that are killed at random under load."""
import json
import subprocess

from soaks.common import COUNTS, LIMIT, at, total


def soak_chaos(soak):
    soak.script("inline", "return {}\n")
    soak.script("chaos", COUNTS % "chaos")
    kills = 60 if soak.short else 1000
    done = subprocess.run([soak.binary.parent / "tests" / "soak-chaos", soak.folder / "scripts", str(kills), soak.file], stdout=subprocess.PIPE,
                          text=True, timeout=LIMIT)
    soak.check("the run came to its end", done.returncode == 0)
    said, last = done.stdout.split("{", 1)
    result = json.loads("{" + last)
    chaos, ms = result["report"]["contexts"]["chaos"], result["recoveries_ms"]
    taken, handled = (sum(total(lane[key]) for lane in chaos["lanes"]) for key in ("taken", "handled"))
    lost = {reason: sum(total(lane["lost"][reason]) for lane in chaos["lanes"]) for reason in chaos["lanes"][0]["lost"]}
    counted = sum(int(line.split()[1]) for line in said.splitlines())
    print(f"  {len(ms)} kills, {chaos['restarts']} restarts, {taken:,} events, {handled:,} handled, lost {lost}")
    soak.check("all kills were done", len(ms) == kills and chaos["restarts"] == kills)
    soak.check("the ledger balances", result["report"]["ledger"]["balanced"])
    soak.check("every event was handled or lost by name", taken == handled + total(lost))
    soak.check(f"the scripts, over all their lives, counted {counted:,} events", counted == handled)
    soak.judge(f"time to recover {at(ms, 0.5):.2f} ms (p50), {at(ms, 0.99):.2f} ms (p99, at most 50), {max(ms):.2f} ms (longest)", at(ms, 0.99) <= 50)
