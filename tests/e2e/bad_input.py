#!/usr/bin/env python3
"""Each bad input has a message that names the thing, and the right exit code."""
import os
import signal
import subprocess
import unittest

from flowactors import Case, captures, counting_script, main, pcap_header, udp_record

dns = captures / "dns.pcap"


class Inputs(Case):
    def test_missing_file(self):
        _, err = self.run_it("-r", self.folder / "nothing.pcap", code=1)
        self.assertIn("nothing.pcap", err)
        self.assertIn("No such file", err)

    def test_the_other_inputs_are_read_all_the_same(self):
        self.script("a.lua", counting_script("flow"))
        out, err = self.run_it("-r", self.folder / "nothing.pcap", "-r", dns, code=1)
        self.assertIn("flow\n", out)
        self.assertIn("nothing.pcap", err)

    def test_empty_file(self):
        path = self.folder / "empty.pcap"
        path.touch()
        _, err = self.run_it("-r", path, code=1)
        self.assertIn("empty.pcap", err)

    def test_file_that_is_no_capture(self):
        path = self.folder / "text.pcap"
        path.write_text("this is no capture, " * 10)
        _, err = self.run_it("-r", path, code=1)
        self.assertIn("text.pcap", err)

    def test_truncated_file_gives_what_it_holds(self):
        path = self.folder / "cut.pcap"
        path.write_bytes(pcap_header() + udp_record(1) + udp_record(2)[:-5])
        _, err = self.run_it("-r", path, "--report", self.folder / "r.json")
        self.assertIn("cut.pcap is cut short", err)
        self.assertEqual(self.report_of("-r", path)["packets"]["seen"], 1)

    def test_corrupt_record_ends_the_file_with_an_error(self):
        path = self.folder / "corrupt.pcap"
        path.write_bytes(pcap_header() + udp_record(1) + b"\xff" * 100)
        _, err = self.run_it("-r", path, code=1)
        self.assertIn("corrupt.pcap", err)

    def test_unreadable_file(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody who may not read")
        path = self.folder / "secret.pcap"
        path.write_bytes(pcap_header())
        path.chmod(0)
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups", *self.command("-r", path)]
        done = subprocess.run(command, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"secret.pcap", done.stderr)
        self.assertIn(b"Permission denied", done.stderr)

    def test_unsupported_link_type(self):
        path = self.folder / "usb.pcap"
        path.write_bytes(pcap_header(link=189) + udp_record(1))
        _, err = self.run_it("-r", path, code=1)
        self.assertIn("usb.pcap", err)
        self.assertIn("189", err)

    def test_endless_fifo_is_stopped_by_a_signal(self):
        path = self.folder / "fifo"
        os.mkfifo(path)
        self.script("a.lua", counting_script("flow"))
        process = self.start("-r", path)
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(pcap_header() + udp_record(1))
            self.assertEqual(process.stdout.readline(), b"flow\n")
            process.send_signal(signal.SIGINT)
            _, err = self.finish(process)
        self.assertIn("shutdown 1", err)

    def test_fifo_without_a_writer_is_stopped_by_a_signal(self):
        path = self.folder / "fifo"
        os.mkfifo(path)
        process = self.start("-r", path)
        self.wait_for(process, "supervisor loads")
        process.send_signal(signal.SIGTERM)
        self.finish(process)

    def test_no_input_at_all(self):
        _, err = self.run_it(code=2)
        self.assertIn("-r FILE", err)
        self.assertIn("-i IFACE", err)

    def test_broken_filter(self):
        _, err = self.run_it("-r", dns, "tcp", "prt", "80", code=2)
        self.assertIn("tcp prt 80", err)

    def test_configuration_folder_instead_of_a_file(self):
        _, err = self.run_it("-c", self.folder, "-r", dns, code=2)
        self.assertIn(str(self.folder), err)


class Interfaces(Case):
    def test_interface_that_does_not_exist(self):
        _, err = self.run_it("-i", "nosuch0", code=1)
        self.assertIn("nosuch0", err)

    def test_interface_without_the_right_to_listen(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to give up rights")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups", *self.command("-i", "lo")]
        done = subprocess.run(command, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"lo", done.stderr)
        self.assertIn(b"cap_net_raw", done.stderr.lower())


class Scripts(Case):
    def test_syntax_error_names_file_and_line_and_the_run_goes_on(self):
        self.script("bad.lua", "return {\n  flowCreate = function( end\n}\n")
        self.script("good.lua", counting_script("flow"))
        out, err = self.run_it("-r", dns)
        self.assertIn("bad.lua:2:", err)
        self.assertIn("flow\n", out)
        _, err = self.run_it("-T", "-r", dns, code=2)
        self.assertIn("bad.lua:2:", err)

    def test_runtime_errors_are_told_once_and_counted(self):
        self.script("bad.lua", "return { flowCreate = function()\n  local x = nil\n  return x.y\nend }\n")
        self.script("good.lua", counting_script("flow"))
        path = self.folder / "many.pcap"
        path.write_bytes(pcap_header() + b"".join(udp_record(i) for i in range(5000)))
        out, err = self.run_it("-r", path, "--report", self.folder / "r.json", "--strict-ledger")
        self.assertEqual(out.count("flow\n"), 5000)
        self.assertIn("bad.lua:3:", err)
        self.assertEqual(err.count("script fails in bad.lua"), 1)
        costs = self.report_of("-r", path)["scripts"]["bad.lua"]["flowCreate"]
        self.assertEqual((costs["calls"], costs["errors"]), (5000, 5000))

    def test_unknown_callback_names_the_nearest(self):
        self.script("typo.lua", "return { flowCreated = function() end }\n")
        _, err = self.run_it("-T", "-r", dns, code=2)
        self.assertIn("flowCreated", err)
        self.assertIn("flowCreate", err)

    def test_unknown_field_names_the_nearest(self):
        self.script("typo.lua", "return {\n  flowCreate = function(flow) print(flow.srv_prt) end\n}\n")
        _, err = self.run_it("-T", "-r", dns, code=2)
        self.assertIn("typo.lua:2: flow has no field 'srv_prt' (did you mean srv_port?)", err)


class Outputs(Case):
    def test_closed_standard_output_stops_the_run_quietly(self):
        self.script("a.lua", counting_script("flow"))
        path = self.folder / "many.pcap"
        path.write_bytes(pcap_header() + b"".join(udp_record(i) for i in range(200000)))
        process = self.start("-r", path, "--report", self.folder / "r.json", "--strict-ledger")
        self.assertEqual(process.stdout.readline(), b"flow\n")
        process.stdout.close()
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(timeout=60), 0, err)
        self.assertNotIn(" error ", err)
        self.assertIn("were lost", err)

    def test_full_disk_for_the_report(self):
        _, err = self.run_it("-r", dns, "--report", "/dev/full", code=1)
        self.assertIn("/dev/full", err)
        self.assertIn("No space left", err)

    def test_full_disk_for_the_output_of_scripts(self):
        self.script("a.lua", counting_script("flow"))
        with open("/dev/full", "w") as full:
            done = subprocess.run(self.command("-r", dns), stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)

    def test_report_into_a_folder_that_does_not_exist(self):
        _, err = self.run_it("-r", dns, "--report", self.folder / "no" / "r.json", code=2)
        self.assertIn("r.json", err)


if __name__ == "__main__":
    main()
