#!/usr/bin/env python3
"""The report keeps its schema, its documentation names every field, and two runs differ in nothing but times."""
import json
import os
import pathlib
import unittest

from flowactors import Case, captures, counting_script, main, top
from schema import breaches

timed = {"elapsed_s", "user_s", "system_s", "peak_rss_bytes", "ns_mean", "ns_p50", "ns_p99", "ns_max", "batches", "peak", "waits"}


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in timed}
    return value


class Report(Case):
    schema = json.loads((top / "tests" / "report.schema.json").read_text())

    def test_every_capture_keeps_the_schema_and_balances(self):
        self.script("a.lua", counting_script("flow"))
        paths = sorted(captures.glob("*.pcap*"))
        self.assertTrue(paths)
        for path in paths:
            report = self.report_of("-r", path)
            self.assertEqual(breaches(report, self.schema, self.schema), [], path)
            self.assertTrue(report["ledger"]["balanced"])

    def test_the_check_of_the_schema_finds_what_is_wrong(self):
        self.script("a.lua", counting_script("flow"))
        report = self.report_of("-r", captures / "dns.pcap")
        for section, key, value in [("packets", "seen", -1), ("packets", "seen", "1"), ("packets", "unknown", 1), ("ledger", "balanced", 1)]:
            wrong = json.loads(json.dumps(report))
            wrong[section][key] = value
            self.assertEqual(len(breaches(wrong, self.schema, self.schema)), 1, (section, key))
        del report["flows"]["created"]
        self.assertEqual(breaches(report, self.schema, self.schema), ["report.flows: lacks created"])

    def test_two_runs_differ_in_times_only(self):
        self.script("a.lua", counting_script("flow"))
        first, second = (without_times(self.report_of("-r", captures)) for _ in range(2))
        self.assertEqual(json.dumps(first), json.dumps(second))

    def test_every_field_is_documented(self):
        text = (top / "docs" / "report.md").read_text()
        for section, schema in self.schema["properties"].items():
            names = [f"{section}.{key}" for key in schema.get("properties", {})] if section != "events" else [section]
            for name in names or [section]:
                self.assertIn(f"`{name}`", text)

    def test_standard_output_has_the_report_last(self):
        self.script("a.lua", counting_script("flow"))
        out, _ = self.run_it("-r", captures / "dns.pcap", "--report", "-")
        begin = out.index("{")
        self.assertEqual(set(out[:begin].split()), {"flow"})
        self.assertEqual(json.loads(out[begin:])["flows"]["created"], out[:begin].count("flow"))

    def test_reference_captures_balance(self):
        reference = pathlib.Path(os.environ.get("FLOWACTORS_SHARED", top.parent / "shared")) / "captures" / "ndpi-4.2"
        if not reference.is_dir():
            self.skipTest(f"there is no {reference}")
        report = self.report_of("-r", reference)
        self.assertGreater(report["packets"]["seen"], 10000)


if __name__ == "__main__":
    main()
