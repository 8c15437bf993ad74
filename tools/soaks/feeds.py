"""Packets for a sensor, each of which begins a flow: through a FIFO as fast as it reads, or over an interface at a steady rate."""
import os
import socket
import struct
import threading
import time

from soaks.common import udp_frame

CLIENTS = 250  # their share of the analyzers is by address


def frame(number, second):
    """The flow of this number in this second."""
    out = bytearray(udp_frame(0))
    struct.pack_into(">BHB", out, 26, 10, second, number % CLIENTS)
    struct.pack_into(">H", out, 34, 1024 + number // CLIENTS)
    return bytes(out)


class FileFeed(threading.Thread):
    """At full speed. A flow ends a second of packet time after its packet."""

    def __init__(self, path, rate, most_seconds):
        """`rate`: flows to each second of packet time."""
        super().__init__(daemon=True)
        self.path, self.rate, self.most_seconds = path, rate, most_seconds
        self.seconds = 0  # of packet time, so far
        self.enough = threading.Event()
        os.mkfifo(path)
        size = len(frame(0, 0))
        records = [struct.pack("<IIII", 0, i * 1000000 // rate, size, size) + frame(i, 0) for i in range(rate)]
        self.size = len(records[0])
        self.block = bytearray(b"".join(records))  # a second of packet time

    def put(self, at, content):
        """What changes from second to second stands at the same place of each record."""
        for offset, byte in enumerate(content):
            self.block[at + offset :: self.size] = bytes([byte]) * self.rate

    def run(self):
        with open(self.path, "wb", buffering=0) as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            while not self.enough.is_set() and self.seconds < self.most_seconds:
                self.put(0, struct.pack("<I", 1700000000 + self.seconds))
                self.put(16 + 27, struct.pack(">H", self.seconds))
                left = memoryview(self.block)
                while left:
                    left = left[os.write(out.fileno(), left) :]
                self.seconds += 1

    def flows(self):
        return self.seconds * self.rate

    def stop(self, sensor):
        self.enough.set()
        self.join()


class WireFeed(threading.Thread):
    """At a steady rate, each millisecond its share: what is late is sent at once, and nothing waits for the sensor."""

    def __init__(self, interface, rate, seen):
        """`rate`: packets/s. `seen`: asks the sensor for how many it has seen."""
        super().__init__(daemon=True)
        self.interface, self.rate, self.seen = interface, rate, seen
        self.sent = 0
        self.enough = threading.Event()

    def run(self):
        began = time.monotonic()
        self.began = began
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind((self.interface, 0))
            while not self.enough.is_set():
                due = int((time.monotonic() - began) * self.rate)
                for number in range(self.sent, due):
                    out.send(frame(number % self.rate, number // self.rate))
                self.sent = due
                time.sleep(0.001)

    @property
    def seconds(self):
        return self.sent // self.rate

    def flows(self):
        return self.sent

    def stop(self, sensor):
        """An interface ends only when it is told, which is when all were seen."""
        self.enough.set()
        self.join()
        until = time.monotonic() + 60
        while self.seen() < self.sent and time.monotonic() < until:
            time.sleep(0.05)
        sensor.terminate()
