#!/usr/bin/env python3
"""`flowactors test`: the library's scripts as expected, each with a capture on which it speaks and one on which it doesn't; and what it
says when something is wrong."""
import subprocess
import unittest

from flowactors import Case, captures, limit, main, program, top

library = top / "scripts" / "library"
speaker = "return { flowCreate = function() io.write(flow.dump()['cli.ip'], '\\n') end }\n"


class ScriptTests(Case):
    def run_tests(self, *args, code=0):
        done = subprocess.run([program, "test", "--captures", captures, *map(str, args)], capture_output=True, timeout=limit, cwd=self.folder)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, out + err)
        return out, err

    def write(self, text, name="one.lua"):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_the_library(self):
        out, _ = self.run_tests(library)
        self.assertIn(" as expected, 0 not\n", out)
        for script in library.glob("*.lua"):
            sizes = [path.stat().st_size for path in (library / "tests").glob(f"{script.stem}.*.expected")]
            self.assertTrue(any(sizes), f"{script.name} speaks on no capture")
            self.assertIn(0, sizes, f"{script.name} is silent on no capture")
            self.assertIn(f"| `{script.stem}` |", (library / "README.md").read_text())

    def test_update_then_compare_then_a_difference(self):
        script = self.write(speaker)
        self.assertIn("one.lua has no test", self.run_tests(script, code=1)[0])
        self.assertIn("nothing is expected yet", self.run_tests("--on", "ntp", script, code=1)[0])
        self.run_tests("--on", "ntp", "--update", script)
        expected = self.folder / "tests" / "one.ntp.expected"
        self.assertEqual(expected.read_text(), "10.71.0.1\n" * 3)
        self.assertEqual(self.run_tests(self.folder)[0], "ok   one.lua on ntp.pcap\n1 as expected, 0 not\n")
        expected.write_text("10.71.0.1\n10.71.0.9\n10.71.0.1\n")
        out, _ = self.run_tests(script, code=1)
        self.assertIn("FAIL one.lua on ntp.pcap\n     from line 2 on:\n     - 10.71.0.9\n     + 10.71.0.1\n0 as expected, 1 not\n", out)

    def test_errors_of_a_script_are_part_of_what_it_says(self):
        self.run_tests("--on", "ntp", "--update", self.write("return {\n"))
        self.assertIn("[not loaded] one.lua:2: ", (self.folder / "tests" / "one.ntp.expected").read_text())
        self.run_tests("--on", "ntp", "--update", self.write("return { flowCreate = function() error('so') end, flowCreated = print }", "two.lua"))
        said = (self.folder / "tests" / "two.ntp.expected").read_text()
        self.assertIn("[unknown callback] two.lua: flowCreated (did you mean flowCreate?)\n", said)
        self.assertIn("[fault in flowCreate] two.lua:1: so\n", said)

    def test_what_is_missing_is_named(self):
        self.assertIn("found no 'nowhere'", self.run_tests("nowhere", code=2)[1])
        self.assertIn("found no capture 'nothing'", self.run_tests("--on", "nothing", self.write(speaker), code=2)[1])
        empty = self.folder / "empty"
        empty.mkdir()
        self.assertIn("found no script in the folder", self.run_tests(empty, code=2)[1])
        self.assertIn("SCRIPT is required", self.run_tests(code=2)[1])
        broken = self.write("not a capture", "broken.pcap")
        self.assertIn("broken.pcap", self.run_tests("--on", broken, self.folder / "one.lua", code=2)[1])

    def test_a_new_script_runs_and_is_not_overwritten(self):
        def new(*args, code=0):
            done = subprocess.run([program, "new", "--root", self.folder / "scripts", *args], capture_output=True, timeout=limit)
            self.assertEqual(done.returncode, code, done.stderr)
            return done.stdout.decode() + done.stderr.decode()

        script = self.inline / "mine.lua"
        self.assertEqual(new("inline", "mine"), f"{script}\n")
        out, _ = self.run_it("-q", "--set", "inline.deadline=1s", "-r", captures / "ntp.pcap")
        self.assertEqual(out, '{"client":"10.71.0.1","port":123,"proto":"NTP","server":"10.71.0.2"}\n' * 3)
        self.assertIn("---@type callbacks\nlocal M = {}\n", script.read_text())  # so that editors know its flow
        script.write_text("-- changed")
        self.assertIn("already", new("inline", "mine", code=2))
        self.assertEqual(script.read_text(), "-- changed")
        self.assertIn("found no context 'outline'", new("outline", "mine", code=2))
        self.assertIn("[context.outline]", new("outline", "mine", code=2))
        self.assertIn("already", new("inline", "mine.lua", code=2))
        self.assertIn("expected letters", new("inline", "../mine", code=2))
        self.assertIn("NAME is required", new("inline", code=2))

    def test_settings(self):
        self.assertIn("idle_aftr", self.run_tests("--set", "flows.idle_aftr=1s", "--on", "ntp", self.write(speaker), code=2)[1])
        self.run_tests("--set", "capture.filter=tcp", "--on", "ntp", "--update", self.write(speaker))
        self.assertEqual((self.folder / "tests" / "one.ntp.expected").read_text(), "")


if __name__ == "__main__":
    main()
