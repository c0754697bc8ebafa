"""Runs what a document tells its reader to type, and looks for the files that it names.

Every fenced block marked `sh` of the documents given runs, in order, in one temporary folder per document that holds
what a checkout holds beside the build (by symbolic links), with the program on the path. A command that fails, fails
the test. Blocks marked otherwise (`console`) are not run: the two that install packages, and test runs.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
LINKED = ("scenarios", "models", "tools", "README.md")


def blocks(text):
    """(line number, commands) of each block marked sh."""
    found, start, lines = [], None, []
    for number, line in enumerate(text.splitlines(), start=1):
        if start is None and re.match(r"```sh\s*$", line):
            start, lines = number + 1, []
        elif start is not None and line.startswith("```"):
            found.append((start, "\n".join(lines)))
            start = None
        elif start is not None:
            lines.append(line)
    if start is not None:
        raise ValueError(f"line {start - 1}: the block has no end")
    return found


def absent_files(text):
    """Paths in `backticks` below a folder of the tree, and targets of links, that do not exist."""
    named = re.findall(r"`((?:models|sim|scenarios|gpu_calibration|tools|tests|\.ci)/[\w./-]*)`", text)
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    return [path for path in named + linked if "NAME" not in path and not os.path.exists(os.path.join(ROOT, path))]


def check_document(path, program_folder):
    """How many blocks ran, or None when a command failed or a file that the document names is not there."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    name = os.path.relpath(path, ROOT)
    absent = absent_files(text)
    if absent:
        print(f"{name}: names what does not exist: {', '.join(absent)}")
        return None
    found = blocks(text)
    with tempfile.TemporaryDirectory(prefix="tokenworks_readme_") as folder:
        for entry in LINKED:
            if os.path.exists(os.path.join(ROOT, entry)):
                os.symlink(os.path.join(ROOT, entry), os.path.join(folder, entry))
        environment = dict(os.environ, PATH=program_folder + os.pathsep + os.environ["PATH"], NO_COLOR="1")
        for line, commands in found:
            run = subprocess.run(["bash", "-euo", "pipefail", "-x", "-c", commands], cwd=folder, env=environment,
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if run.returncode != 0:
                print(f"{name}:{line}: ended with {run.returncode}\n{run.stdout}{run.stderr}")
                return None
    print(f"{name}: all named files exist, {len(found)} blocks ran")
    return len(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, help="the built program")
    parser.add_argument("documents", nargs="+")
    options = parser.parse_args()
    folder = os.path.dirname(os.path.abspath(options.program))
    ran = [check_document(path, folder) for path in options.documents]
    return 0 if None not in ran and sum(ran) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
