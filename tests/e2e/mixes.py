#!/usr/bin/env python3
"""Random mixes of captures, workers, shards and lanes, with scripts that fail and HUPs that rain: the same events as on a calm day."""
import collections
import json
import pathlib
import random
import select
import signal
import subprocess
import time
import unittest

from flowactors import Case, captures, limit, main, program

# A line for each event, with what must not depend on anything here. Labels may: nDPI's caches belong to a worker.
WITNESS = """local M = {}
local function line(kind)
  return function(flow)
    io.write("%s ", kind, " ", flow.id, " ", flow.cli_ip, " ", flow.srv_ip, " ", flow.cli_bytes, " ", flow.srv_bytes, " ",
             flow.end_reason or "-", "\\n")
  end
end
M.flowCreate, M.flowUpdate, M.flowDelete = line("new"), line("update"), line("end")
return M
"""
FAULTS = """local n = 0
local function fail()
  n = n + 1
  if n %% %d == 0 then error("as it was told") end
  if n %% %d == 0 then return nil .. "x" end
end
return {flowCreate = fail, flowUpdate = fail, flowProtocolDetected = fail, flowDelete = fail, save = fail, restore = fail, teardown = fail}
"""
BROKEN = "return {\n  flowCreate = function(\n"
SEEDS = range(20261123, 20261129)


class Mixes(Case):
    def write(self, context, name, text):
        folder = self.inline.parent / context
        folder.mkdir(exist_ok=True)
        (folder / ".fresh").write_text(text)
        (folder / ".fresh").rename(folder / name)

    def words(self, paths, **keys):
        out = [word for path in paths for word in ("-r", path)]
        keys |= {"context.own.deadline": "5s", "context.own.output": "1GiB", "inline.deadline": "5s", "inline.output": "1GiB"}
        return out + [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]

    def calm(self, paths):
        out, _ = self.run_it("-q", "--strict-ledger", *self.words(paths))
        return sorted(out.splitlines())

    def storm(self, dice, paths, kills=None):
        """A run in which everything changes all the time but what happens on the wire. With kills, contexts break down, too."""
        lane = dice.choice([16, 64, 16384])
        keys = {"capture.workers": dice.choice([1, 1, 2, 4]), "context.own.shards": dice.choice([1, 2, 5]), "context.own.lane": lane,
                "context.own.batch": min(lane, dice.choice([1, 7, 256])), "context.own.linger": dice.choice(["1ms", "1s"])}
        # The mask is inherited: a HUP that comes before the program looks for one waits.
        early = {"preexec_fn": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})}
        words = self.command("-v", "--strict-ledger", "--report", self.folder / "r.json", *self.words(paths, **keys))
        if kills:
            words = [self.haunted, str(kills), str(dice.randrange(1 << 32)), *words[1:], "--set", "context.own.restarts=1000000"]
        hups, begun = 0, False
        with open(self.folder / "out", "w+b") as out, open(self.folder / "err", "w+b") as err:
            process = subprocess.Popen(words, stdout=out, stderr=err, **early)
            self.addCleanup(self.stop, process)
            end = time.monotonic() + 2 * limit
            while process.poll() is None:
                self.assertLess(time.monotonic(), end, "does not end")
                begun = begun or "capture reads" in (self.folder / "err").read_text()
                for context in "inline", "own":
                    self.write(context, "faults.lua", FAULTS % (dice.randint(2, 9), dice.randint(2, 9)))
                    broken = begun and dice.random() < 0.3  # a start has no old code that could go on
                    self.write(context, "witness.lua", BROKEN if broken else WITNESS % context)
                process.send_signal(signal.SIGHUP)
                hups += 1
                select.select([], [], [], dice.choice([0.001, 0.02, 0.1]))
        self.assertEqual(process.returncode, 0, (self.folder / "err").read_text()[-3000:])
        return keys, hups, (self.folder / "out").read_text()

    haunted = pathlib.Path(program).resolve().parent / "tests" / "soak-chaos"

    @unittest.skipUnless(haunted.exists(), f"there is no {haunted}")
    def test_what_broken_contexts_lose_has_a_name(self):
        """One in two breaks down between two batches and loses nothing, the others have a batch in hand."""
        files = sorted(captures.glob("*.pcap*"))
        thrown = kills = 0
        for seed in range(SEEDS[0], SEEDS[0] + 60):  # how many break down in one run is the machine's business
            if seed > SEEDS[-1] and thrown > len(SEEDS) and kills > 2 * len(SEEDS):
                break
            dice = random.Random(seed)
            paths = dice.sample(files, min(len(files), 12)) * 20
            for context in "inline", "own":
                self.write(context, "witness.lua", WITNESS % context)
                self.write(context, "faults.lua", FAULTS % (3, 5))
            expected = collections.Counter(self.calm(paths))
            keys, hups, said = self.storm(dice, paths, kills=1000000)
            lines, told = said.split("{", 1)
            result = json.loads("{" + told)
            found = collections.Counter(lines.splitlines())
            thrown, kills = thrown + result["thrown"], kills + result["report"]["contexts"]["own"]["restarts"]
            with self.subTest(seed=seed, keys=keys, hups=hups, kills=kills):
                self.assertTrue(result["report"]["ledger"]["balanced"])
                self.assertEqual(found - expected, collections.Counter(), "came twice")
                missing = expected - found
                self.assertEqual([line for line in missing if not line.startswith("own ")], [])
                lost = collections.Counter()
                for lane in result["report"]["contexts"]["own"]["lanes"]:
                    for reason, kinds in lane["lost"].items():
                        lost[reason] += sum(n for kind, n in kinds.items() if kind != "detected")
                self.assertEqual(lost["crashed"], missing.total())
                self.assertEqual(lost.total(), lost["crashed"])
        self.assertGreater(thrown, len(SEEDS))
        self.assertGreater(kills, 2 * len(SEEDS))

    def test_events_are_the_same_in_a_storm(self):
        files = sorted(captures.glob("*.pcap*"))
        for seed in SEEDS:
            dice = random.Random(seed)
            paths = dice.sample(files, min(len(files), 12)) * 8
            for context in "inline", "own":
                self.write(context, "witness.lua", WITNESS % context)
                self.write(context, "faults.lua", FAULTS % (3, 5))
            expected = self.calm(paths)
            self.assertGreater(len(expected), 100)
            keys, hups, said = self.storm(dice, paths)
            found = sorted(said.splitlines())
            report = json.loads((self.folder / "r.json").read_text())
            with self.subTest(seed=seed, keys=keys, hups=hups):
                self.assertTrue(report["ledger"]["balanced"])
                self.assertGreater(hups, 1)
                missing = [line for line in expected if line not in set(found)]
                self.assertEqual(len(found), len(expected), missing[:5])
                self.assertEqual(found, expected)


if __name__ == "__main__":
    main()
