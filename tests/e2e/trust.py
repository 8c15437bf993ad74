#!/usr/bin/env python3
"""Links under TLS: all that holds in the open, and who is let in and who is not."""
import json
import os
import signal
import socket
import ssl
import subprocess
import unittest

import nodes
from flowactors import captures, limit, main, top


class SealedCase(nodes.NodeCase):
    """Sensors and analyzers with certificates of an authority of the test."""

    def setUp(self):
        super().setUp()
        self.certificates = self.folder / "certificates"
        self.made = set()

    def make(self, name, *hosts, folder=None, days=30):
        """A certificate of the authority in the folder, for the name and 127.0.0.1."""
        folder = folder or self.certificates
        if (folder, name) not in self.made:
            wanted = ",".join(["127.0.0.1", *hosts])
            subprocess.run([top / "tools" / "make-certs", folder, f"{name}={wanted}"], check=True, capture_output=True, env={**os.environ, "FLOWACTORS_DAYS": str(days)})
            self.made.add((folder, name))
        return {"node.certificate": folder / f"{name}.pem", "node.key": folder / f"{name}.key", "node.authority": folder / "authority.pem"}

    def keys(self, **keys):
        own = self.make(keys["node__name"]) if "node__name" in keys else {}
        return super().keys(**{key.replace(".", "__"): value for key, value in own.items()}, **keys)

    def analyzer(self, port=None, name=None, **keys):
        name = name or f"analyzer-{len(self.analyzers)}"
        return super().analyzer(port, name, **{**self.make(name), **keys})

    def refused(self, name="analyzer-0"):
        counts = json.loads((self.folder / f"{name}.json").read_text())["node"]["refused"]
        return {reason: count for reason, count in counts.items() if count}


class Sealed(SealedCase, nodes.Nodes):
    """Everything that nodes.py asks of links, with certificates on both sides."""

    test_a_greeting_of_another_kind_is_told_why = None  # not without a certificate, see below
    test_a_link_to_itself_by_another_address_is_named = None  # the certificate is for another host


class Trust(SealedCase):
    def setUp(self):
        super().setUp()
        self.may_have_left = 0

    def sensor(self, place, name="sensor", **keys):
        return self.start("-r", captures, "--set", "shutdown.grace=1ms", *self.sensor_keys([place], node__name=name, **keys))

    def turned_away(self, sensor, text):
        """The sensor says why it is not let in, and ends when it is told to; that may be while it greets again."""
        self.wait_for(sensor, text)
        sensor.send_signal(signal.SIGTERM)
        sensor.communicate(timeout=limit)
        self.may_have_left += 1

    def refused(self, name="analyzer-0", left=0):
        """Why the analyzer refused whom, but for those of the test's sensors that left by themselves; left: the others that did."""
        counts = super().refused(name)
        self.assertIn(counts.pop("left", 0), range(left, left + self.may_have_left + 1))
        return counts

    def test_a_certificate_of_another_authority_is_refused(self):
        _, place = self.analyzer()
        foreign = self.make("sensor", folder=self.folder / "foreign")
        mixed = {**foreign, "node.authority": self.certificates / "authority.pem"}
        _, err = self.run_it("-r", captures, *nodes.NodeCase.keys(self, node__name="sensor", **{k.replace(".", "__"): v for k, v in mixed.items()}), code=1)
        self.assertIn("would be refused by", err)
        # one that trusts both, and shows the foreign one
        both = self.folder / "both.pem"
        both.write_text((self.certificates / "authority.pem").read_text() + (self.folder / "foreign" / "authority.pem").read_text())
        words = nodes.NodeCase.keys(self, node__name="sensor", node__heartbeat="100ms", node__timeout="1s", context__own__at=place, node__certificate=foreign["node.certificate"], node__key=foreign["node.key"], node__authority=both)
        self.turned_away(self.start("-r", captures, "--set", "shutdown.grace=1ms", *words), "does not accept the certificate")
        self.end_analyzers()
        self.assertGreater(self.refused().get("foreign_certificate", 0), 0)
        self.assertEqual(set(self.refused()), {"foreign_certificate"})

    def test_a_node_can_not_take_the_name_of_another(self):
        _, place = self.analyzer()
        # at the sensor: its certificate is for another name
        self.make("other")
        words = ["--set", "node.name=sensor", "--set", f"node.certificate={self.certificates}/other.pem", "--set", f"node.key={self.certificates}/other.key", "--set", f"node.authority={self.certificates}/authority.pem"]
        for args, code in [(["-T"], 2), (["-r", captures], 1)]:
            _, err = self.run_it(*args, *words, code=code)
            self.assertIn("is not for this node: sensor", err)
        # at the analyzer: a client that says another name than its certificate
        context = ssl.create_default_context(cafile=self.certificates / "authority.pem")
        context.load_cert_chain(self.certificates / "other.pem", self.certificates / "other.key")
        host, port = place.split(":")
        with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname="127.0.0.1") as client:
            client.settimeout(limit)
            client.sendall(nodes.hello("sensor", "own"))
            self.assertIn(b"other_certificate", client.recv(1000))
        self.end_analyzers()
        self.assertEqual(self.refused(), {"other_certificate": 1})

    def test_a_sensor_does_not_send_to_whoever_answers_there(self):
        subprocess.run([top / "tools" / "make-certs", self.certificates, "analyzer-0=192.0.2.1"], check=True, capture_output=True)
        self.made.add((self.certificates, "analyzer-0"))
        _, place = self.analyzer()
        self.turned_away(self.sensor(place), "the certificate is for another name")
        self.end_analyzers()
        self.assertEqual(set(self.refused()), {"certificate_refused"})

    def test_whoever_shows_nothing_or_speaks_no_tls_is_counted_by_name(self):
        _, place = self.analyzer()
        self.make("sensor")
        host, port = place.split(":")
        plain = nodes.NodeCase.keys(self, node__name="sensor", node__heartbeat="100ms", node__timeout="1s", context__own__at=place)
        self.turned_away(self.start("-r", captures, "--set", "shutdown.grace=1ms", *plain), "does it ask for certificates")
        context = ssl.create_default_context(cafile=self.certificates / "authority.pem")
        with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname="127.0.0.1") as client:
            client.settimeout(limit)
            with self.assertRaises(ssl.SSLError):
                client.recv(1000)
        old = ssl.create_default_context(cafile=self.certificates / "authority.pem")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            old.wrap_socket(socket.create_connection((host, int(port))), server_hostname="127.0.0.1")
        with socket.create_connection((host, int(port))):
            pass
        # whoever is let in finds all as it was
        self.run_it("-q", "--strict-ledger", "-r", captures, *self.sensor_keys([place]))
        self.assertEqual(self.end_analyzers(), self.local_log("-r", captures))
        refused = self.refused(left=1)
        self.assertGreater(refused.pop("not_tls"), 0)
        self.assertEqual(refused, {"no_certificate": 1, "broken_tls": 1})

    def test_certificates_are_read_anew_and_their_end_is_told(self):
        soon = self.make("analyzer-0", days=3)
        analyzer, place = self.analyzer()
        before = (self.certificates / "analyzer-0.pem").read_bytes()
        soon["node.certificate"].write_text("nothing")
        analyzer.send_signal(signal.SIGHUP)
        self.wait_for(analyzer, "keeps the old certificate")
        soon["node.certificate"].write_bytes(before)
        self.made.discard((self.certificates, "analyzer-0"))
        self.make("analyzer-0", days=2)
        analyzer.send_signal(signal.SIGHUP)
        self.wait_for(analyzer, "hours are left")
        self.run_it("-q", "--strict-ledger", "-r", captures, *self.sensor_keys([place]))
        self.assertEqual(self.end_analyzers(), self.local_log("-r", captures))

    def test_wrong_certificates_are_named(self):
        mine, other = self.make("sensor"), self.make("other")
        text = self.folder / "text.pem"
        text.write_text("nothing")
        for change, words in [
            ({"node.key": ""}, "all three of certificate, key and authority"),
            ({"node.key": other["node.key"]}, "not that of"),
            ({"node.certificate": self.folder / "none.pem"}, "does not exist"),
            ({"node.certificate": text}, "is no certificate in PEM"),
            ({"node.authority": text}, "is no certificate in PEM"),
            ({"node.key": text}, "is no key in PEM"),
            ({"node.insecure": "true"}, "as there is a certificate"),
        ]:
            values = {"node.name": "sensor", **mine, **change}
            _, err = self.run_it("-T", *[word for key, value in values.items() for word in ("--set", f"{key}={value}")], code=2)
            self.assertIn(words, err)
        expired = self.make("sensor", folder=self.folder / "expired", days=0)
        _, err = self.run_it("-T", *[word for key, value in {"node.name": "sensor", **expired}.items() for word in ("--set", f"{key}={value}")], code=2)
        self.assertIn("expired", err)
        # with certificates, other addresses than the loopback's may be used
        self.run_it("-T", *[word for key, value in {"node.name": "sensor", **mine, "context.own.at": "192.0.2.1:4711"}.items() for word in ("--set", f"{key}={value}")])


if __name__ == "__main__":
    main()
