"""Simulated exchanges under the real one's name."""

import http.client
import json
import os
import ssl
import subprocess

HOST = "api.mexc.com"


def make_certificate(folder):
    """A certificate for the exchange's name, and its key. It is its own authority."""
    certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=check-service", "-addext",
         f"subjectAltName=DNS:{HOST}",
         "-keyout", key, "-out", certificate],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return certificate, key


class Exchange:
    """One mexc-sim process: one account, which outlives reboots of the machine."""

    # Prices stand still and orders fill whole and at once, so that every outcome is known.
    CALM = ["--frozen", "--partial-percent", "0", "--ack-lag-percent", "0"]

    def __init__(self, binaries, certificate, port, key, secret):
        self.port, self.key, self.secret = port, key, secret
        # How many requests met a back-off that nothing had told of.
        self.met_a_demand = 0
        self.process = subprocess.Popen(
            [os.path.join(binaries, "mexc-sim"), "--port", str(port), "--tls", *certificate,
             "--key", key, "--secret", secret, "--seed", "7", *self.CALM],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # One line says that it listens.
        if not self.process.stdout.readline():
            raise RuntimeError("the simulated exchange did not start")

    def ask(self, method, path, body=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        try:
            link.request(method, "/__admin/" + path, body)
            answer = link.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {text}")
            return json.loads(text)
        finally:
            link.close()

    def orders(self):
        return self.ask("GET", "ledger")["orders"]

    def refused(self):
        """How many requests came too soon."""
        counts = self.ask("GET", "ledger")["counts"]
        return counts["throttled_429"] + counts["banned_418"]

    def fill(self, client_order_id):
        self.ask("POST", f"fill?client_order_id={client_order_id}")

    def set_faults(self, *rules):
        self.ask("POST", "faults", json.dumps({"rules": rules}))
