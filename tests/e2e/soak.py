#!/usr/bin/env python3
"""What tools/soak runs for long, for a few seconds: nothing is lost over reloads, killed contexts, slow scripts, hostile peers and partitions."""
import subprocess
import unittest

from flowactors import limit, main, program, top


class Soak(unittest.TestCase):
    def soak(self, what):
        done = subprocess.run([top / "tools" / "soak", what, "--short", "--binary", program], capture_output=True, text=True, timeout=2 * limit)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        if "held" not in done.stdout and "not looked at" in done.stdout:
            self.skipTest(done.stdout.strip())
        self.assertIn("held", done.stdout)

    def test_reloads_half_of_which_fail(self):
        self.soak("reload")

    def test_contexts_that_are_killed(self):
        self.soak("chaos")

    def test_a_context_that_is_slow(self):
        self.soak("slow")

    def test_hostile_peers(self):
        self.soak("hostile-peer")

    def test_faults_of_analyzers_and_of_links(self):
        self.soak("partition")


if __name__ == "__main__":
    main()
