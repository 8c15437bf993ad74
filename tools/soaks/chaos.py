"""Context actors that are killed at random under load."""
import json
import random
import subprocess

from soaks.common import COUNTS, LIMIT, at, total

# So few flows at a time that each pass over the file makes them anew.
KEYS = {"log.level": "off", "flows.max": 5000, "shutdown.grace": "60s", "context.chaos.shards": 3, "context.chaos.restarts": 1000000, "context.chaos.deadline": "1s"}


def soak_chaos(soak):
    soak.script("inline", "return {}\n")
    soak.script("chaos", COUNTS % "chaos")
    kills = 60 if soak.short else 1000
    seed = soak.seed if soak.seed is not None else random.randrange(1 << 32)
    print(f"  seed {seed}")
    words = ["-r", soak.file] * 5000
    for key, value in (KEYS | {"scripts.root": soak.folder / "scripts"}).items():
        words += ["--set", f"{key}={value}"]
    done = subprocess.run([soak.binary.parent / "tests" / "soak-chaos", str(kills), str(seed), *words], stdout=subprocess.PIPE, text=True, timeout=LIMIT)
    soak.check("the run came to its end", done.returncode == 0)
    said, last = done.stdout.split("{", 1)
    result = json.loads("{" + last)
    chaos, ms = result["report"]["contexts"]["chaos"], result["recoveries_ms"]
    taken, handled = (sum(total(lane[key]) for lane in chaos["lanes"]) for key in ("taken", "handled"))
    lost = {reason: sum(total(lane["lost"][reason]) for lane in chaos["lanes"]) for reason in chaos["lanes"][0]["lost"]}
    counted = sum(int(line.split()[1]) for line in said.splitlines())
    print(f"  {len(ms)} kills, {result['thrown']} of them with a batch in hand, {chaos['restarts']} restarts, {taken:,} events, {handled:,} handled, "
          f"lost {lost}")
    soak.check("all kills were done", len(ms) == kills and chaos["restarts"] == kills)
    soak.check("the ledger balances", result["report"]["ledger"]["balanced"])
    soak.check("every event was handled or lost by name", taken == handled + total(lost))
    soak.check("what was lost was in hand at an exception", result["thrown"] <= total(lost) == lost["crashed"] <= 256 * result["thrown"])
    soak.check(f"the scripts, over all their lives, counted {counted:,} events", counted == handled)
    soak.judge(f"time to recover {at(ms, 0.5):.2f} ms (p50), {at(ms, 0.99):.2f} ms (p99, at most 50), {max(ms):.2f} ms (longest)", at(ms, 0.99) <= 50)
