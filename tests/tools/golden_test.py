"""tools/approve: tells a moved prediction from one that stands, and rewrites what is approved."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

APPROVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "approve")

# Stands in for the program: copies the report that lies beside it, as `run SCENARIO --out DIR` writes it.
PROGRAM = """#!/usr/bin/env python3
import os, shutil, sys
here = os.path.dirname(os.path.abspath(__file__))
out = sys.argv[sys.argv.index("--out") + 1]
assert sys.argv[1] == "run" and os.path.isabs(sys.argv[2])
if not os.path.exists(os.path.join(here, "report.json")):
    sys.exit("the scenario is at fault")
shutil.copy(os.path.join(here, "report.json"), out)
"""

REPORT = {"summary": {"pue": 1.31, "slo_attainment": None, "a/b": 1}, "services": [{"requests": {"completed": 20}}]}


class Golden(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.program = os.path.join(self.home, "program")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(self.program, stat.S_IRWXU)
        self.write("report.json", REPORT)

    def write(self, name, content):
        with open(os.path.join(self.home, name), "w", encoding="utf-8") as file:
            json.dump(content, file)

    def expect(self, metrics):
        self.write("one.expected.json", {"scenario": "scenarios/x.json", "metrics": metrics})

    def approve(self, *arguments):
        run = subprocess.run([sys.executable, APPROVE, "--program", self.program, "--folder", self.home, *arguments],
                             capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr

    def expected(self):
        with open(os.path.join(self.home, "one.expected.json"), encoding="utf-8") as file:
            return json.load(file)["metrics"]

    def test_metrics_within_their_tolerance_pass(self):
        self.expect({"/summary/pue": {"value": 1.3, "relative": 0.01}, "/summary/slo_attainment": {"value": None},
                     "/summary/a~1b": {"value": 1}, "/services/0/requests/completed": {"value": 19, "absolute": 1}})
        code, text = self.approve("--check")
        self.assertEqual((0, "one: 0 of 4 metrics moved\n"), (code, text))

    def test_a_moved_metric_is_named_with_its_size(self):
        self.expect({"/summary/pue": {"value": 1.25, "relative": 0.01}, "/summary/slo_attainment": {"value": 0.5},
                     "/services/0/requests/completed": {"value": 20}, "/services/1/name": {"value": "chat"}})
        code, text = self.approve("--check")
        self.assertEqual(1, code)
        self.assertIn("one: /summary/pue: expected 1.25, found 1.31 (+4.800%)", text)
        self.assertIn("/summary/slo_attainment: expected 0.5, found null", text)
        self.assertIn('/services/1/name: expected "chat", found "nothing there"', text)
        self.assertIn("3 of 4 metrics moved", text)

    def test_checking_rewrites_nothing(self):
        self.expect({"/summary/pue": {"value": 1.25}})
        self.approve("--check")
        self.assertEqual({"/summary/pue": {"value": 1.25}}, self.expected())

    def test_approving_rewrites_values_and_keeps_tolerances(self):
        self.expect({"/summary/pue": {"value": 1.25, "relative": 0.01}})
        code, text = self.approve("one")
        self.assertEqual(0, code, text)
        self.assertIn("expected 1.25, found 1.31 (+4.800%), beyond the tolerance", text)
        self.assertEqual({"/summary/pue": {"value": 1.31, "relative": 0.01}}, self.expected())
        self.assertEqual(0, self.approve("--check")[0])
        self.assertEqual(["one.expected.json", "program", "report.json"], sorted(os.listdir(self.home)))

    def test_a_value_that_is_gone_is_not_approved(self):
        self.expect({"/summary/gone": {"value": 1}})
        code, text = self.approve()
        self.assertEqual(1, code)
        self.assertIn("the report has no such value", text)
        self.assertEqual({"/summary/gone": {"value": 1}}, self.expected())

    def test_a_run_that_fails_is_told(self):
        self.expect({"/summary/pue": {"value": 1.31}})
        os.remove(os.path.join(self.home, "report.json"))
        code, text = self.approve("--check")
        self.assertEqual(1, code)
        self.assertIn("the scenario is at fault", text)

    def test_an_unknown_name_is_told(self):
        self.assertEqual(2, self.approve("two")[0])


if __name__ == "__main__":
    unittest.main()
