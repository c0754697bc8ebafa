#!/usr/bin/env python3
"""Checks that every #include line points in the allowed direction.

The table below is the architecture: for each folder, the folders of ours that it may include and the libraries that
have a home in it. The most specific row that a file lies under holds. The standard library is free for all. Prints
FILE:LINE for every violation; exit code 1 when there is one.
"""

import argparse
import os
import re
import sys

# Folder -> (prefixes that it may include besides itself, third-party libraries).
LAYERS = {
    "models/core": ([], ["boost", "boost.random"]),
    "models/compute": (["models/core", "models/thermal/throttle.hpp"], ["boost", "fmt"]),
    "models/network": (["models/core", "models/compute"], ["boost", "fmt"]),
    "models/topology": (["models/core"], ["boost", "boost.graph", "fmt"]),
    "models/storage": (["models/core"], ["boost", "fmt"]),
    "models/llm": (["models/core", "models/compute", "models/network"], ["boost", "fmt"]),
    "models/workload": (["models/core"], ["boost", "fmt"]),
    "models/power": (["models/core", "models/compute"], ["boost", "boost.graph", "fmt"]),
    "models/weather": (["models/core"], ["boost", "fmt"]),
    "models/cooling": (["models/core", "models/weather"], ["boost", "fmt"]),
    # Eigen finds the modes of coupled temperatures: a symmetric eigenvalue problem.
    "models/thermal": (["models/core"], ["boost", "eigen", "fmt"]),
    "models/grid": (["models/core", "models/weather"], ["boost", "fmt"]),
    "models/reliability": (["models/core"], ["boost", "fmt"]),
    "models/cost": (["models/core"], ["boost", "fmt"]),
    "sim/engine": (["models/core"], ["simgrid", "boost", "fmt", "posix"]),
    "sim/metrics": (["models/core", "sim/engine/time.hpp"], ["fmt"]),
    "sim/report": (["models/core", "sim/metrics", "sim/engine/time.hpp"], ["nlohmann", "openssl", "zlib", "fmt", "posix"]),
    "sim/policies": (["models", "sim/engine/time.hpp"], ["boost", "fmt"]),
    "sim/resources": (["models", "sim/engine", "sim/metrics"], ["boost", "fmt"]),
    "sim/jobs": (["models", "sim/engine", "sim/metrics", "sim/resources", "sim/policies"],
                 ["boost", "fmt", "zlib", "posix"]),
    "sim/jobs/workload/trace_readers": (["models", "sim/engine/time.hpp", "sim/jobs"],
                                        ["boost", "fmt", "zlib", "nlohmann", "posix"]),
    "sim/jobs/workload/client_statistics": (["models", "sim/engine/time.hpp", "sim/jobs"],
                                            ["boost", "fmt", "zlib", "nlohmann", "posix"]),
    "sim/scenario": (["models", "sim"], ["boost", "fmt", "nlohmann", "zlib", "posix"]),
    # Faults and strict JSON text have one form in the whole program; the benches themselves use neither.
    "gpu_calibration": (["models/core", "models/compute", "sim/scenario/fault.hpp", "sim/scenario/json_text.hpp"],
                        ["cuda", "fmt", "nlohmann", "zlib", "posix"]),
    "tools": (["models", "sim", "gpu_calibration"], ["cli11", "fmt", "nlohmann", "posix"]),
    "tests": (["models", "sim", "tools", "gpu_calibration"],
              ["boost", "boost.graph", "boost.random", "catch2", "rapidcheck", "benchmark", "fmt", "nlohmann",
               "openssl", "zlib", "simgrid", "ns3", "posix"]),
}

# What stands in <>, by library; the first pattern that fits decides.
LIBRARIES = [
    ("boost.graph", r"boost/(graph|property_map)/"),
    ("boost.random", r"boost/random"),
    ("boost", r"boost/"),
    ("eigen", r"Eigen/"),
    ("simgrid", r"(simgrid|xbt)/"),
    ("ns3", r"ns3/"),
    ("fmt", r"fmt/"),
    ("nlohmann", r"nlohmann/"),
    ("cli11", r"CLI/"),
    ("zlib", r"zlib\.h$"),
    ("openssl", r"openssl/"),
    ("catch2", r"catch2/"),
    ("rapidcheck", r"rapidcheck"),
    ("benchmark", r"benchmark/"),
    ("cuda", r"(cuda|cublas|nvml)"),
    ("posix", r"(fcntl|unistd|signal|stdlib|stdio|string|dlfcn|errno|poll|pthread|ucontext)\.h$|sys/\w+\.h$"),
    ("standard", r"\w+$"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')
SOURCES = (".hpp", ".cpp", ".h", ".cu", ".cuh", ".in")


def library_of(header):
    for name, pattern in LIBRARIES:
        if re.match(pattern, header):
            return name
    return None


def layer_of(path):
    rows = [folder for folder in LAYERS if path.startswith(folder + "/")]
    return max(rows, key=len) if rows else None


def is_under(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def violation(path, header, quoted):
    """A sentence, or None when `path` may include `header`."""
    layer = layer_of(path)
    folders, libraries = LAYERS[layer]
    if quoted:
        if any(is_under(header, folder) for folder in [layer, *folders]):
            return None
        return f'{layer} may not include "{header}"; allowed: {", ".join([layer, *folders])}'
    library = library_of(header)
    if library is None:
        return f"<{header}> belongs to no library that the table in tools/check_layers.py knows"
    if library == "standard" or library in libraries or (library == "boost.random" and "boost" in libraries):
        return None
    homes = [folder for folder, row in LAYERS.items() if library in row[1]]
    return f'<{header}> is {library}, whose home is {", ".join(homes)}'


def source_files(root):
    tops = sorted({folder.split("/")[0] for folder in LAYERS})
    for top in tops:
        for folder, subfolders, names in os.walk(os.path.join(root, top)):
            subfolders.sort()
            for name in sorted(names):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def check(root):
    """All violations below `root` as (file, line, sentence), and how many files were read."""
    found, count = [], 0
    for path in source_files(root):
        count += 1
        if layer_of(path) is None:
            found.append((path, 1, "this folder has no row in the table of tools/check_layers.py"))
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                match = INCLUDE.match(line)
                if match is None:
                    continue
                header, quoted = match.group(1) or match.group(2), match.group(2) is not None
                sentence = violation(path, header, quoted)
                if sentence:
                    found.append((path, number, sentence))
    return found, count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."),
                        help="root of the tree (default: the one that this script lies in)")
    found, count = check(parser.parse_args().root)
    for path, line, sentence in found:
        print(f"{path}:{line}: {sentence}")
    if count == 0:
        print("no source file was found", file=sys.stderr)
        return 1
    print(f"{count} files, {len(found)} includes in a forbidden direction")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
