"""Machines for tests: network namespaces that a switch joins, in a world of their own that ends with the program."""
import array
import fcntl
import heapq
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
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

    def __init__(self, plain=False):
        """With `plain`, machines send frames as they would go over a wire: of 1,514 bytes at most, with their checksums."""
        self.names, self.plain = [], plain
        run("ip", "link", "add", "name", "switch", "type", "bridge")
        run("ip", "link", "set", "dev", "switch", "addrgenmode", "none", "up")

    def add(self, name):
        """A machine; its address."""
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth")
        if self.plain:
            make_plain("eth")
        run("ip", "link", "set", "dev", "eth", "netns", name)
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

    def silence(self, name, over=False):
        """What the machine and the switch say to each other is lost, and neither notices; until it is over."""
        run("bridge", "link", "set", "dev", name, "state", "3" if over else "0")

    def mend(self, name):
        """The kernel says so a little after it was told, and drops what is sent before."""
        run("ip", "link", "set", "dev", name, "up")
        end = time.monotonic() + 60
        while b"state UP" not in subprocess.run(["ip", "link", "show", "dev", name], check=True, capture_output=True).stdout:
            if time.monotonic() > end:
                raise RuntimeError(f"{name} is not up")
            select.select([], [], [], 0.01)

    def disturb(self, name, **how):
        """From now on what the machine and the switch say to each other goes through a `Disturbance`, which is returned."""
        near, far = f"{name}-near", f"{name}-far"
        run("ip", "link", "set", "dev", name, "nomaster")
        run("ip", "link", "add", "name", near, "type", "veth", "peer", "name", far)
        for each, words in (near, []), (far, ["master", "switch"]):
            run("ip", "link", "set", "dev", each, "addrgenmode", "none", "up", *words)
        for each in near, far:
            self.mend(each)
        out = Disturbance(name, near, **how)
        out.start()
        return out

    def remove(self):
        for name in self.names:
            subprocess.run(["ip", "link", "del", "dev", name], capture_output=True)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", "dev", "switch"], capture_output=True)


def make_plain(interface):
    with socket.socket() as any_socket:
        for command in 0x17, 0x1F, 0x24:  # ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO
            value = array.array("I", [command, 0])
            fcntl.ioctl(any_socket, 0x8946, struct.pack("16sP", interface.encode(), value.buffer_info()[0]))  # SIOCETHTOOL


class Disturbance(threading.Thread):
    """Passes frames between two interfaces, as tc's netem does where the kernel has it: some are lost, each comes later, and so some in another order."""

    def __init__(self, left, right, seed, loss, delay, jitter):
        """`loss`: the share that is lost. `delay` and `jitter`: s."""
        super().__init__(daemon=True)
        self.random, self.loss, self.delay, self.jitter = random.Random(seed), loss, delay, jitter
        self.ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) for _ in range(2)]  # ETH_P_ALL
        for end, name in zip(self.ends, (left, right)):
            end.bind((name, 3))
        self.lost = self.passed = self.overtaken = 0
        self.over = threading.Event()

    def run(self):
        waiting, number, newest = [], 0, [0, 0]
        while not self.over.is_set():
            left = max(0, waiting[0][0] - time.monotonic()) if waiting else 0.1
            for end in select.select(self.ends, [], [], min(left, 0.1))[0]:
                frame, sender = end.recvfrom(65535)
                if sender[2] == socket.PACKET_OUTGOING:
                    continue
                if self.random.random() < self.loss:
                    self.lost += 1
                    continue
                number += 1
                heapq.heappush(waiting, (time.monotonic() + self.delay + self.random.uniform(0, self.jitter), number, frame, self.ends.index(end)))
            while waiting and waiting[0][0] <= time.monotonic():
                _, order, frame, came_from = heapq.heappop(waiting)
                self.ends[1 - came_from].send(frame)
                self.passed += 1
                self.overtaken += order < newest[came_from]
                newest[came_from] = max(newest[came_from], order)

    def stop(self):
        self.over.set()
        self.join()
        for end in self.ends:
            end.close()
