"""A run that is stopped: Ctrl-C ends it within a second with valid files, kill -9 leaves nothing half-written.

usage: interrupt_test.py PROGRAM
"""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCENARIO = os.path.join(ROOT, "scenarios", "quickstart.json")
PROGRAM = None


class Interrupt(unittest.TestCase):
    def start(self, out, *arguments):
        """A run that would take far longer than this test: a hundred days, every iteration an event."""
        command = [PROGRAM, "run", SCENARIO, "--out", out, "--exact-iterations", "--quiet",
                   "--set", "/clock/duration_s=8640000", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        time.sleep(1.5)
        if process.poll() is not None:
            self.fail(f"ended by itself with {process.returncode}: {process.stderr.read()}")
        return process

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name), tempfile.TemporaryDirectory() as out:
                process = self.start(out, "--requests", os.path.join(out, "requests.csv"),
                                     "--timeline", os.path.join(out, "timeline.json"), "--timeline-to", "60")
                start = time.monotonic()
                process.send_signal(number)
                self.assertEqual(3, process.wait(timeout=30))
                self.assertLess(time.monotonic() - start, 1.0)
                with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
                    report = json.load(file)
                self.assertEqual("interrupted", report["outcome"]["status"])
                self.assertGreater(report["outcome"]["simulated_s"], 0)
                self.assertEqual(["report.json", "requests.csv", "run.json", "series.csv", "timeline.json"],
                                 sorted(os.listdir(out)))
                with open(os.path.join(out, "requests.csv"), encoding="utf-8", newline="") as file:
                    requests = list(csv.DictReader(file))
                outcomes = [request["outcome"] for request in requests]
                for outcome in ("completed", "unfinished"):
                    self.assertEqual(sum(service["requests"][outcome] for service in report["services"]),
                                     outcomes.count(outcome))
                self.assertIsNotNone(requests[-1]["gpu_energy_j"])
                with open(os.path.join(out, "timeline.json"), encoding="utf-8") as file:
                    self.assertGreater(len(json.load(file)["traceEvents"]), 1000)
                for service in report["services"]:
                    counts = dict(service["requests"])
                    self.assertEqual(counts.pop("arrived"), sum(counts.values()))

    def test_interrupted_search(self):
        with tempfile.TemporaryDirectory() as out:
            process = self.start(out, "--find-max-rate")
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            self.assertEqual(3, process.wait(timeout=30))
            self.assertLess(time.monotonic() - start, 1.0)
            with open(os.path.join(out, "max_rate.json"), encoding="utf-8") as file:
                found = json.load(file)
            self.assertEqual("interrupted", found["outcome"]["status"])
            self.assertIsNone(found["answer"])
            self.assertEqual(["max_rate.json"], os.listdir(out))

    def test_killed(self):
        with tempfile.TemporaryDirectory() as out:
            process = self.start(out)
            process.kill()
            process.wait()
            self.assertEqual([], os.listdir(out))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
