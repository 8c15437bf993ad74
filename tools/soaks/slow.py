"""A context whose callback takes 1 ms, over a file and over an interface."""
import os
import signal
import socket
import subprocess
import time

from soaks.common import Control, total, udp_frame

INSIDE = "FLOWACTORS_SOAK_NAMESPACE"
# The least that takes 1 ms.
SLOW = """local M = {}
function M.flowCreate()
  local till = os.clock() + 0.001
  while os.clock() < till do end
end
return M
"""


def soak_slow(soak):
    soak.file = soak.flows(2000) if soak.short else soak.file
    soak.script("inline", "return {flowCreate = function() end}\n")
    soak.script("slow", SLOW)
    slow_file(soak)
    if INSIDE in os.environ:
        slow_interface(soak)
    else:
        print("  not looked at: an interface, which needs root and network namespaces")


def slow_file(soak):
    own = "--set", "context.slow.deadline=1s"
    soak.finish(soak.start("-r", soak.file))
    without = soak.report()
    began = time.monotonic()
    soak.finish(soak.start("-r", soak.file, *own))
    took = time.monotonic() - began
    report = soak.report()
    (lane,) = report["contexts"]["slow"]["lanes"]
    flows = report["flows"]["created"]
    print(f"  a file of {report['packets']['seen']:,} packets and {flows:,} flows took {took:.1f} s; the capture waited {lane['waits']:,} times")
    soak.check("the ledger balances", report["ledger"]["balanced"])
    soak.check("nothing was lost", sum(total(kinds) for kinds in lane["lost"].values()) == 0 and lane["handled"]["created"] == flows)
    before, peak = (r["peak_rss_bytes"] for r in (without, report))
    soak.judge(f"peak memory {peak / 1e6:.1f} MB, without the context {before / 1e6:.1f} MB ({peak / before - 1:+.1%}, at most 20 % more)", peak <= 1.2 * before)


def slow_interface(soak):
    """Sends from one end of a pair of interfaces what the other end captures."""
    packets = 4000 if soak.short else 200000
    for words in (["link", "add", "fa0", "type", "veth", "peer", "name", "fa1"],
                  *(["link", "set", name, *state] for name in ("fa0", "fa1") for state in (["addrgenmode", "none"], ["up"]))):
        subprocess.run(["ip", *words], check=True)
    path = soak.folder / "live-control"
    process = soak.start("-i", "fa0", "udp", "--set", f"control.socket={path}", "--set", "context.slow.deadline=1s", "--set", "context.slow.lane=512")
    try:
        ctl = Control(path, process)
        ctl.ask("status")  # answered once the interface is open
        began = time.monotonic()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("fa1", 0))
            for i in range(packets):
                out.send(udp_frame(i))
        took = time.monotonic() - began
        while (seen := ctl.ask("status")["packets"]["seen"]) < packets and time.monotonic() - began < 60 + took:
            time.sleep(0.1)  # the rest is in the kernel's ring, or was dropped
        behind = time.monotonic() - began - took
        print(f"  after the last packet it took {behind:.1f} s until {seen:,} were seen")
        process.send_signal(signal.SIGTERM)
        soak.finish(process)
    finally:
        process.kill()
    report = soak.report()
    (lane,) = report["contexts"]["slow"]["lanes"]
    lost = {reason: total(kinds) for reason, kinds in lane["lost"].items()}
    print(f"  an interface with {packets / took:,.0f} packets/s for {took:.1f} s: {total(lane['taken']):,} events, {total(lane['handled']):,} handled, lost {lost}")
    soak.check("the ledger balances", report["ledger"]["balanced"])
    soak.check("the kernel dropped no packet, and all were seen",
               report["packets"]["kernel_dropped"] == 0 and report["packets"]["seen"] == packets)
    soak.check("events were shed", lost["shed"] > 0)
    soak.check("and each of the rest was handled", total(lane["handled"]) + lost["shed"] == packets)
