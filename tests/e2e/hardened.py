#!/usr/bin/env python3
"""Scripts on systems that refuse executable memory, as systemd's MemoryDenyWriteExecute does."""
import ctypes
import unittest

from flowactors import Case, captures, main

libc = ctypes.CDLL(None, use_errno=True)
set_mdwe, get_mdwe, refuse_exec_gain = 65, 66, 1  # of prctl, since Linux 6.3


def harden():
    if libc.prctl(set_mdwe, refuse_exec_gain, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


SCRIPT = """
local M, turns = {}, 0
local function tell(what)
  return function(flow)
    for i = 1, 1000 do turns = turns + i % 3 end
    io.write(what, " ", flow.cli_ip, " ", flow.srv_port, " ", flow.proto, " ", tostring(flow.server_name), " ", tostring(flow.risks[1]), " ",
      flow.community_id, " ", flow.copy().packets, " ", flow.dump()["proto.ndpi"], " ", turns, "\\n")
  end
end
M.flowCreate, M.flowProtocolDetected, M.flowDelete = tell "new", tell "known", tell "over"
return M
"""
ENDLESS = "return {flowCreate = function() while true do end end}\n"


@unittest.skipIf(libc.prctl(get_mdwe, 0, 0, 0, 0) < 0, "this system can't refuse executable memory to a process")
class Hardened(Case):
    def run_over(self, *more, **how):
        capture = captures / "https-tls12.pcap"
        return self.run_it("-r", capture, "--set", "report.summary=false", "--set", "log.level=warning", *more, **how)

    def test_scripts_run_interpreted_and_tell_the_same(self):
        self.script("tells.lua", SCRIPT)
        usual, silent = self.run_over()
        out, err = self.run_over(preexec_fn=harden)
        self.assertIn("the system refuses executable memory: scripts run interpreted", err)
        self.assertNotIn("executable memory", silent)
        self.assertIn(" TLS", out)
        self.assertEqual(out, usual)

    def test_limits_hold(self):
        self.script("endless.lua", ENDLESS)
        self.script("honest.lua", "return {flowDelete = function() io.write('over\\n') end}\n")
        out, err = self.run_over(preexec_fn=harden)
        self.assertIn("limit: deadline", err)
        self.assertTrue(out and set(out.split()) == {"over"})


if __name__ == "__main__":
    main()
