"""tools/quickstart and tools/test on systems that lack something: what they say, and that they stop.

The system is played by small programs that stand first on the path: nothing is installed and nothing is built.
"""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

INSTALLED = "echo installed"
ABSENT = 'case "$*" in *libsimgrid-dev*) exit 1 ;; *) echo installed ;; esac'


class Setup(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        # A checkout of its own: scripts, presets, and the first scenario's name.
        shutil.copytree(os.path.join(ROOT, "tools"), os.path.join(self.home, "checkout", "tools"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        os.mkdir(os.path.join(self.home, "bin"))
        self.os_release("debian", "12")
        self.program("dpkg-query", INSTALLED)
        self.program("id", "echo 0")
        self.program("apt-get", 'echo "$@" >>"$HOME/apt"')
        self.program("g++", 'case "$1" in -dumpversion) echo 12 ;; *) echo "g++ 12.2.0" ;; esac')
        self.program("cmake", '[ "$1" = --version ] && echo "cmake version 3.25.1" || echo "$@" >>"$HOME/cmake"')
        self.program("ninja", ":")

    def os_release(self, name, version):
        with open(os.path.join(self.home, "os-release"), "w", encoding="utf-8") as file:
            file.write(f'ID={name}\nVERSION_ID="{version}"\n')

    def program(self, name, body):
        path = os.path.join(self.home, "bin", name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/bash\n{body}\n")
        os.chmod(path, stat.S_IRWXU)

    def release_program(self, body):
        folder = os.path.join(self.home, "checkout", "build", "release", "bin")
        os.makedirs(folder)
        path = os.path.join(folder, "tokenworks")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/bash\n{body}\n")
        os.chmod(path, stat.S_IRWXU)

    def call(self, script, *arguments):
        environment = {"HOME": self.home, "PATH": os.path.join(self.home, "bin") + ":/usr/bin:/bin",
                       "TOKENWORKS_OS_RELEASE": os.path.join(self.home, "os-release")}
        run = subprocess.run([os.path.join(self.home, "checkout", "tools", script), *arguments], env=environment,
                             cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr

    def written(self, name):
        path = os.path.join(self.home, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_quickstart_builds_runs_and_says_where_the_report_lies(self):
        self.release_program('echo "ran $*"')
        code, text = self.call("quickstart")
        self.assertEqual(0, code, text)
        self.assertIn("ran run scenarios/quickstart.json --out build/quickstart", text)
        self.assertIn("checkout/build/quickstart/report.json", text)
        self.assertIn("--preset release", self.written("cmake"))
        self.assertEqual("", self.written("apt"), "nothing is missing: nothing is installed")

    def test_what_is_missing_is_named_and_installed(self):
        self.release_program(":")
        self.program("dpkg-query", ABSENT)
        code, text = self.call("quickstart")
        self.assertEqual(0, code, text)
        self.assertIn("will be installed by apt-get:\nlibsimgrid-dev\n", text)
        self.assertIn("install -y --no-install-recommends libsimgrid-dev", self.written("apt"))

    def test_only_the_tests_install_what_only_tests_need(self):
        self.release_program(":")
        self.program("ctest", ":")
        self.program("dpkg-query", 'case "$*" in *libns3-dev*) exit 1 ;; *) echo installed ;; esac')
        self.assertEqual(0, self.call("quickstart")[0])
        self.assertEqual("", self.written("apt"))
        code, text = self.call("test", "--no-sanitizers")
        self.assertEqual(0, code, text)
        self.assertIn("install -y --no-install-recommends libns3-dev", self.written("apt"))

    def test_no_install_leaves_the_system_alone(self):
        self.release_program(":")
        self.program("dpkg-query", ABSENT)
        self.assertEqual(0, self.call("quickstart", "--no-install")[0])
        self.assertEqual("", self.written("apt"))

    def test_no_network(self):
        self.program("dpkg-query", ABSENT)
        self.program("apt-get", 'echo "Err:1 Temporary failure resolving packages.example"; [ "$1" = update ]')
        code, text = self.call("quickstart")
        self.assertEqual(1, code)
        self.assertIn("no package server can be reached", text)
        self.assertEqual("", self.written("cmake"), "nothing is built")

    def test_no_rights(self):
        self.program("dpkg-query", ABSENT)
        self.program("id", "echo 1000")
        self.program("sudo", "exit 1")
        code, text = self.call("test")
        self.assertEqual(1, code)
        self.assertIn("needs root", text)
        self.assertIn("apt-get install libsimgrid-dev", text)

    def test_another_installer_is_running(self):
        self.program("dpkg-query", ABSENT)
        self.program("apt-get", 'echo "E: Could not get lock /var/lib/dpkg/lock-frontend"; exit 100')
        self.assertIn("Wait until it has ended", self.call("quickstart")[1])

    def test_compiler_missing_or_too_old(self):
        self.program("g++", "echo 9.4.0")
        code, text = self.call("quickstart")
        self.assertEqual(1, code)
        self.assertIn("too old", text)
        os.environ.pop("CXX", None)
        self.program("cmake", 'echo "cmake version 3.22.1"')
        self.program("g++", 'case "$1" in -dumpversion) echo 13 ;; *) echo "g++ 13" ;; esac')
        self.assertIn("cmake 3.22.1 is too old", self.call("quickstart")[1])

    def test_other_systems(self):
        self.os_release("fedora", "40")
        code, text = self.call("quickstart")
        self.assertEqual(1, code)
        self.assertIn("this is fedora 40", text)
        self.assertIn("--no-install", text)
        self.os_release("ubuntu", "24.04")
        self.release_program(":")
        code, text = self.call("quickstart")
        self.assertEqual(0, code, text)
        self.assertIn("has not been tested on it", text)

    def test_a_failed_first_run_is_a_failure(self):
        self.release_program("exit 2")
        code, text = self.call("quickstart")
        self.assertEqual(1, code)
        self.assertIn("the first run did not end well", text)

    def test_unknown_arguments(self):
        for script in ("quickstart", "test"):
            self.assertEqual(1, self.call(script, "--nonsense")[0])


if __name__ == "__main__":
    unittest.main()
