"""The layer check: finds what it must find in trees made for it."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import check_layers  # noqa: E402


def violations(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check_layers.check(root)[0]


class CheckLayers(unittest.TestCase):
    def test_allowed_directions_pass(self):
        self.assertEqual([], violations({
            "models/power/a.cpp": '#include "models/core/units.hpp"\n#include <vector>\n#include <fmt/format.h>\n',
            "sim/engine/b.cpp": '#include <simgrid/s4u.hpp>\n#include "models/core/units.hpp"\n',
            "sim/scenario/c.cpp": '#include <nlohmann/json.hpp>\n#include "sim/jobs/request.hpp"\n',
            "sim/jobs/workload/trace_readers/d.cpp": '#include <nlohmann/json.hpp>\n#include <zlib.h>\n',
            "tests/e.cpp": '#include "sim/jobs/request.hpp"\n#include <simgrid/s4u.hpp>\n',
        }))

    def test_models_know_neither_time_nor_engine_nor_json(self):
        for include in ('"sim/engine/time.hpp"', "<simgrid/s4u.hpp>", "<nlohmann/json.hpp>", "<unistd.h>"):
            found = violations({"models/power/a.cpp": f"#include <vector>\n  #  include {include}\n"})
            self.assertEqual([("models/power/a.cpp", 2)], [entry[:2] for entry in found], include)

    def test_each_library_has_its_home(self):
        for path, include in (("sim/jobs/a.cpp", "simgrid/s4u.hpp"), ("models/llm/a.cpp", "boost/graph/graph.hpp"),
                              ("sim/jobs/a.cpp", "nlohmann/json.hpp"), ("sim/scenario/a.cpp", "CLI/CLI.hpp"),
                              ("models/core/a.hpp", "boost/graph/graph.hpp"), ("tools/a.cpp", "zlib.h"),
                              ("sim/scenario/a.cpp", "catch2/catch.hpp")):
            self.assertEqual(1, len(violations({path: f"#include <{include}>\n"})), include)

    def test_policies_see_no_jobs_and_nothing_sees_tests(self):
        self.assertEqual(1, len(violations({"sim/policies/a.hpp": '#include "sim/jobs/request.hpp"\n'})))
        self.assertEqual(1, len(violations({"sim/report/a.cpp": '#include "tests/catch.hpp"\n'})))

    def test_unknown_folders_and_libraries_are_found(self):
        self.assertEqual(1, len(violations({"sim/new_folder/a.cpp": "#include <vector>\n"})))
        self.assertEqual(1, len(violations({"sim/jobs/a.cpp": "#include <qt/widget.h>\n"})))
        self.assertEqual(1, len(violations({"models/core/a.hpp": '#include "units.hpp"\n'})))


if __name__ == "__main__":
    unittest.main()
