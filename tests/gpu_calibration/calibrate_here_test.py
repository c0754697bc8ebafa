#!/usr/bin/env python3
"""gpu_calibration/calibrate_here with tools that only pretend: what it builds, where it leaves the result, what it says."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "gpu_calibration", "calibrate_here")

CMAKE = """#!/bin/bash
echo "$*" >>"$FAKE_LOG"
case "$1" in
  --preset) exit "${FAKE_PRESET_CODE:-0}" ;;
  -S) mkdir -p "$4"; exit "${FAKE_ALONE_CODE:-0}" ;;
  --build) mkdir -p "$2/bin"; cp "$FAKE_PROGRAM" "$2/bin/tokenworks_gpu_calibration" ;;
esac
"""

PROGRAM = """#!/bin/bash
[[ "$*" == --list ]] && exit 0
echo "program $*" >>"$FAKE_LOG"
out=gpu_calibration_h100_sxm5_2026-11-24.json
[[ "$1" == --out ]] && out=$2
[[ -n "${FAKE_NO_GPU:-}" ]] && { echo "there is no CUDA device here" >&2; exit 4; }
echo '{"device": {"name": "NVIDIA H100", "gpu": "h100_sxm5", "gpus": 1}}' >"$out"
exit "${FAKE_CODE:-0}"
"""


class CalibrateHere(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.makedirs(os.path.join(self.folder, "root", "gpu_calibration"))
        os.makedirs(os.path.join(self.folder, "bin"))
        self.script = shutil.copy(SCRIPT, os.path.join(self.folder, "root", "gpu_calibration"))
        self.log = os.path.join(self.folder, "log")
        self.write("bin/cmake", CMAKE)
        self.write("bin/nvcc", "#!/bin/bash\n")
        self.write("bin/nvidia-smi", "#!/bin/bash\necho 9.0\necho 9.0\n")
        self.write("program", PROGRAM)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def run_script(self, *arguments, **variables):
        environment = dict(os.environ, FAKE_LOG=self.log, FAKE_PROGRAM=os.path.join(self.folder, "program"), **variables)
        environment["PATH"] = os.path.join(self.folder, "bin") + ":/usr/bin:/bin"
        return subprocess.run([self.script, *arguments], env=environment, capture_output=True, text=True, check=False)

    def calls(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def result(self, name="h100_sxm5_2026-11-24.json"):
        return os.path.join(self.folder, "root", "gpu_calibration", "results", name)

    def test_builds_for_this_gpu_and_leaves_the_result_by_its_name(self):
        done = self.run_script("--quick")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.result(), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["device"]["gpu"], "h100_sxm5")
        self.assertIn("--preset gpu -DCMAKE_CUDA_ARCHITECTURES=90", self.calls())
        self.assertIn("program --quick", self.calls())
        self.assertIn(f"calibrate fit {os.path.realpath(self.result())} --gpu h100_sxm5 --out ", done.stdout)
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "root", "build"))), ["calibrate_here.log", "gpu"])

    def test_builds_the_benches_alone_where_the_preset_cannot_be_configured(self):
        done = self.run_script(FAKE_PRESET_CODE="1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("build/gpu_calibration", self.calls())
        self.assertTrue(os.path.exists(self.result()))

    def test_alone_does_not_try_the_preset(self):
        self.assertEqual(self.run_script("--alone").returncode, 0)
        self.assertNotIn("--preset", self.calls())

    def test_an_interrupted_run_keeps_its_result_and_its_code(self):
        done = self.run_script(FAKE_CODE="3")
        self.assertEqual(done.returncode, 3)
        self.assertTrue(os.path.exists(self.result()))

    def test_a_machine_without_gpu_gets_the_program_s_message(self):
        done = self.run_script(FAKE_NO_GPU="1")
        self.assertEqual(done.returncode, 4)
        self.assertIn("no CUDA device", done.stderr)
        self.assertFalse(os.path.exists(self.result()))

    def test_out_names_the_result(self):
        out = os.path.join(self.folder, "mine.json")
        self.assertEqual(self.run_script("--out", out, "--only", "memory").returncode, 0)
        self.assertTrue(os.path.exists(out))
        self.assertIn(f"program --out {out} --only memory", self.calls())
        self.assertEqual(self.run_script("--out").returncode, 1)

    def test_a_build_that_cannot_be_configured_says_why(self):
        done = self.run_script(FAKE_PRESET_CODE="1", FAKE_ALONE_CODE="1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be configured", done.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
