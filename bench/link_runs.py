"""Runs ends of links (bench-links) as processes of their own; bench/links and tools/simulate-cluster share it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BINARY = TOP / "build" / "release" / "bench" / "bench-links"
HOW_TO_BUILD = "cmake --preset release && cmake --build --preset release --target bench-links"
LIMIT = 60  # seconds that a run may take longer than it sends


class Runs:
    """Measurements in the open or under TLS. `folder` is for certificates."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.made = set()

    def credentials(self, name):
        """What an end of this name shows under TLS."""
        if name not in self.made:
            subprocess.run([TOP / "tools" / "make-certs", self.folder, f"{name}=127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
            self.made.add(name)
        return {"certificate": self.folder / f"{name}.pem", "key": self.folder / f"{name}.key", "authority": self.folder / "authority.pem"}

    def start(self, role, **values):
        words = [f"{key}={value}" for key, value in values.items()]
        return subprocess.Popen([self.binary, role, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start_end(self, role, name, mode, **values):
        return self.start(role, name=name, **(self.credentials(name) if mode == "tls" else {}), **values)

    def raw(self, seconds):
        """The same frames in the same pieces with send() and recv()."""
        receiver = self.start("raw-receiver")
        try:
            sender = self.start("raw-sender", port=said(receiver)["port"], seconds=seconds)
            sent = finish(sender, seconds)
            came = finish(receiver, seconds)
        finally:
            receiver.kill()
        assert sent["events"] == came["events"]
        return {"events": sent["events"], "rate": sent["events"] / sent["took_s"], "bytes": came["bytes"] / came["events"],
                "ns": {"sender": per_event(sent, "cpu_s"), "receiver": per_event(came, "cpu_s")}}

    def cluster(self, sensors, analyzers, mode, seconds, rate=0, shards=1):
        """So many sensors, each linked to so many analyzers, send at the same time: what all together did."""
        there, senders = [], []
        try:
            for i in range(analyzers):
                there.append(self.start_end("analyzer", f"analyzer-{i + 1}", mode, shards=shards))
            places = ",".join(f"127.0.0.1:{said(each)['port']}" for each in there)
            for i in range(sensors):
                senders.append(self.start_end("sensor", f"sensor-{i + 1}", mode, to=places, seconds=seconds, rate=rate))
            for each in senders:
                said(each)
            idle, begin = idle_s(), time.monotonic()
            for each in senders:
                each.stdin.write("go\n")
                each.stdin.flush()
            sent = [finish(each, seconds) for each in senders]
            idle, took = idle_s() - idle, time.monotonic() - begin
            handled = [finish(each, seconds) for each in there]
        finally:
            for each in senders + there:
                each.kill()
        out = summary(sent, handled)
        # What was there for this run: what it used, and what nobody did.
        out["cores"] = (idle + out["events"] * sum(out["ns"].values()) / 1e9) / took
        return out


def idle_s():
    """Of all cores together, since the machine is up."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[4]) / os.sysconf("SC_CLK_TCK")


def said(process):
    """The line that a process says next."""
    line = process.stdout.readline()
    if not line:
        sys.exit(f"bench-links ended with {process.wait()}")
    return json.loads(line)


def finish(process, seconds):
    """Its last word, once its standard input is closed."""
    out, _ = process.communicate(timeout=seconds + LIMIT)
    if process.returncode != 0:
        sys.exit(f"bench-links ended with {process.returncode}")
    return json.loads(out)


def per_event(what, key):
    return what[key] / what["events"] * 1e9 if what["events"] else 0


def summary(sent, handled):
    events = sum(each["events"] for each in sent)
    came = sum(each["events"] for each in handled)
    if events != came:
        sys.exit(f"{events} events were sent, {came} were handled")
    ns = lambda list, value: sum(map(value, list)) / events * 1e9
    return {
        "events": events,
        "rate": sum(each["events"] / each["took_s"] for each in sent),
        "bytes": sum(each["bytes"] for each in sent) / events,
        # By the thread: whoever puts, the sensors' for links, the analyzers' for links, those that run contexts.
        "ns": {
            "put": ns(sent, lambda each: each["putting_s"]),
            "send": ns(sent, lambda each: each["link_s"]),
            "receive": ns(handled, lambda each: each["link_s"]),
            "handle": ns(handled, lambda each: each["cpu_s"] - each["link_s"]),
        },
        "p50_us": max(each["p50_us"] for each in sent),
        "p99_us": max(each["p99_us"] for each in sent),
        "sensor_bytes": max(each["peak_bytes"] for each in sent),
        "analyzer_bytes": max(each["peak_bytes"] for each in handled),
        "share": [each["events"] / events for each in handled],
    }


def runs_of(binary):
    """For `with`: certificates go with it."""
    binary = pathlib.Path(binary).resolve()
    if not binary.exists():
        sys.exit(f"there is no {binary}: {HOW_TO_BUILD}")
    return _Folder(binary)


class _Folder:
    def __init__(self, binary):
        self.binary = binary

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="flowactors-links-")
        return Runs(self.binary, self.folder.name)

    def __exit__(self, *_):
        self.folder.cleanup()
