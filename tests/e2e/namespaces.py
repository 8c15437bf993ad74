"""Machines for tests: network namespaces that a switch joins, in a world of their own that ends with the program."""
import os
import select
import signal
import subprocess
import sys
import time

INSIDE = "FLOWACTORS_MACHINES"
# When the program ends, how ever it does, all processes in it end too, and with them its namespaces, interfaces and mounts.
OWN = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
PROBE = "mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip netns add probe && ip link add name switch type bridge && ip link add name left type veth peer name right netns probe"
WHY_NOT = "needs root and network namespaces"


def inside():
    return INSIDE in os.environ


def enter():
    """Starts the program anew in a world of its own. Where there can be none, it goes on here."""
    if inside():
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # the first process has no such habits
        os.makedirs("/run/netns", exist_ok=True)
        run("mount", "-t", "tmpfs", "none", "/run/netns")
    elif subprocess.run([*OWN, "sh", "-c", PROBE], capture_output=True).returncode == 0:
        sys.stdout.flush()
        os.execvpe(OWN[0], [*OWN, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


class Network:
    """Machines with an address each. The link of each to the switch can be cut, and mended."""

    def __init__(self):
        self.names = []
        run("ip", "link", "add", "name", "switch", "type", "bridge")
        run("ip", "link", "set", "dev", "switch", "addrgenmode", "none", "up")

    def add(self, name):
        """A machine; its address."""
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth", "netns", name)
        run("ip", "link", "set", "dev", name, "addrgenmode", "none", "master", "switch")
        self.names.append(name)
        address = f"10.77.0.{len(self.names)}"
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "link", "set", "eth", "addrgenmode", "none")
        run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth")
        run("ip", "-n", name, "link", "set", "eth", "up")
        self.mend(name)
        return address

    def on(self, name):
        """What stands before a command that runs there; it keeps its process."""
        return ["ip", "netns", "exec", name]

    def cut(self, name):
        run("ip", "link", "set", "dev", name, "down")

    def mend(self, name):
        """The kernel says so a little after it was told, and drops what is sent before."""
        run("ip", "link", "set", "dev", name, "up")
        end = time.monotonic() + 60
        while b"state UP" not in subprocess.run(["ip", "link", "show", "dev", name], check=True, capture_output=True).stdout:
            if time.monotonic() > end:
                raise RuntimeError(f"{name} is not up")
            select.select([], [], [], 0.01)

    def remove(self):
        for name in self.names:
            subprocess.run(["ip", "link", "del", "dev", name], capture_output=True)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", "dev", "switch"], capture_output=True)
