"""tools/bench with a program that does nothing: what it tells of runs, of what is missing and of what fails."""

import importlib.machinery
import importlib.util
import json
import os
import stat
import sys
import tempfile
import unittest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("bench", os.path.join(TOOLS, "bench"))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
loader.exec_module(bench)

PROGRAM = """#!/usr/bin/env python3
import json, os, sys
if "fault" in sys.argv[2]:
    sys.exit("/clock: unknown key")
out = sys.argv[sys.argv.index("--out") + 1]
os.makedirs(out)
costs = "run.json" if sys.argv[1] == "run" else "year_run.json"
json.dump({"requests": 1000, "transfers": 20, "events": 5000, "simulated_s": 60}, open(os.path.join(out, costs), "w"))
"""


class Bench(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.program = os.path.join(self.home, "program")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(self.program, stat.S_IRWXU)
        bench.FOLDER = self.home

    def measure(self, name, scenario=None):
        if scenario is not None:
            with open(os.path.join(self.home, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(scenario, file)
        return bench.measure(name, self.program, max(os.sched_getaffinity(0)), 3)

    def test_a_run_is_timed_and_counted(self):
        result = self.measure("steady", {"name": "steady"})
        figures = tuple(result[key] for key in ("requests", "events", "repeats", "goal_s"))
        self.assertEqual((1000, 5000, 3, 0.2), figures)
        self.assertLessEqual(result["wall_min_s"], result["wall_median_s"])
        self.assertAlmostEqual(result["requests_per_s"] * result["wall_median_s"], 1000)
        self.assertGreater(result["peak_memory_bytes"], 1e6)
        self.assertIn("| steady ", bench.table([result]))

    def test_a_scenario_with_a_year_is_one_for_the_command_year(self):
        result = self.measure("year", {"name": "year", "year": {}})
        self.assertEqual((5000, 0.1), (result["events"], result["goal_s"]))

    def test_what_is_missing_is_told(self):
        self.assertIn("no such scenario", self.measure("million")["missing"])
        result = self.measure("azure_one", {"workloads": [{"arrivals": {"kind": "trace", "path": "../no/trace.csv"}}]})
        self.assertEqual("the trace ../no/trace.csv is not here", result["missing"])
        self.assertIn("azure_one: not run, the trace ../no/trace.csv is not here", bench.table([result]))

    def test_what_fails_is_told(self):
        result = self.measure("fault", {"name": "fault"})
        self.assertEqual("exit 1: /clock: unknown key", result["failed"])
        self.assertIn("fault: failed, exit 1", bench.table([result]))


if __name__ == "__main__":
    unittest.main()
