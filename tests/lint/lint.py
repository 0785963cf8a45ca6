#!/usr/bin/env python3
"""Holds the tree to its own rules. Each rule is a function that yields its findings; test_lint.py feeds each a planted fault.

lint.py [--root FOLDER] [RULE...]

  layers   a folder includes only what layers.txt allows
  length   no source has more than 500 lines
  tested   every source of core/ and plugins/ has a test of its name, or a reason in untested.txt
  words    no words that promise later work
  listed   every source is in a makefile fragment
  header   include/smtpgate/transport.h alone is C99 -pedantic and C++ without a warning
  scripts  what says what runs it may be executed, and the other way round
"""
import argparse
import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys

ROOMS = ("core", "plugins", "include", "tests")
LINES_MAX = 500
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
# written apart, so that this file keeps its own rule
PROMISES = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")


class Tree:
    """The sources below a root, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.text = {}
        for room in ROOMS:
            for path in sorted((self.root / room).rglob("*")):
                if path.is_file() and path.suffix in (".c", ".h", ".am", ".py", ".sh", ".txt"):
                    self.text[str(path.relative_to(self.root))] = path.read_text(errors="replace")
        for name in ("Makefile.am", "configure.ac", "bootstrap", "CONTRIBUTING.md", "README.md"):
            if (self.root / name).exists():
                self.text[name] = (self.root / name).read_text(errors="replace")

    def sources(self, *suffixes, below=""):
        return [path for path in self.text if path.endswith(suffixes) and below_of(path, below)]


def below_of(path, folder):
    return not folder or path == folder or path.startswith(folder if folder.endswith("/") else folder + "/")


class Layers:
    """layers.txt: rooms with what they may include, headers with who may include them."""

    def __init__(self, text):
        self.rooms, self.only, self.none = {}, {}, {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if line:
                name, _, rest = line.partition(":")
                table = self.rooms
                if name.startswith(("only ", "none ")):
                    table = self.only if name.startswith("only ") else self.none
                    name = name[5:].strip()
                table[name] = rest.split()

    def allowed(self, path):
        """The folders that a file may include from, or None when no row covers it."""
        rows = [room for room in self.rooms if below_of(path, room)]
        if rows:
            room = max(rows, key=len)
            return self.rooms[room] + [room_of(path)]
        if path.startswith("tests/"):
            below, own = room_of("core" + path[5:]), self.allowed("core" + path[5:]) or []
            return own + [below, room_of(path), "tests/support"]
        return None


def room_of(path):
    return "/".join(path.split("/")[:2])


def found_at(tree, path, name):
    """The file of the tree that an include names, as the compiler's search path has it; None for a library's."""
    here = path.rsplit("/", 1)[0]
    for folder in (here, "core", "include", "tests", "plugins", "plugins/mem"):
        candidate = pathlib.PurePosixPath(folder, name)
        if str(candidate) in tree.text:
            return str(candidate)
    return None


def layers(tree):
    rules = Layers(tree.text.get("tests/lint/layers.txt", ""))
    for path in tree.sources(".c", ".h"):
        allowed = rules.allowed(path)
        if allowed is None:
            yield f"{path}: no row of layers.txt covers it"
            continue
        for kind, name in INCLUDE.findall(tree.text[path]):
            target = found_at(tree, path, name)
            if target and not any(below_of(target, folder) for folder in allowed):
                yield f"{path} includes {target}: {room_of(path)} may not"
            if kind == '"' and not target and name != "config.h":
                yield f'{path} includes "{name}", which is not in the tree'
            yield from foreign(rules, path, name) if not target else ()


def foreign(rules, path, name):
    """A library's header: may it be included here?"""
    for header, folders in rules.only.items():
        match = name.startswith(header) if header.endswith("/") else name == header
        if match and not any(below_of(path, folder) for folder in folders):
            yield f"{path} includes <{name}>: only {' '.join(folders)} may"
    for room, headers in rules.none.items():
        if below_of(path, room) and name not in headers:
            yield f"{path} includes <{name}>: {room} may include only {' '.join(headers)}"


def length(tree):
    for path in tree.sources(".c", ".h", ".py", ".sh"):
        lines = tree.text[path].count("\n")
        if lines > LINES_MAX:
            yield f"{path} has {lines} lines, more than {LINES_MAX}: which noun is missing?"


def mirrors(path):
    """The starts of the names of a source's own tests: tests/x/test_y for core/x/y.c, and for plugins/x/y.c also
    tests/plugins/test_x_y or, where y begins with x itself, tests/plugins/test_y."""
    room, folder, name = path[:-2].split("/", 2)
    yield f"tests/{folder}/test_{name}"
    if room == "plugins":
        yield f"tests/plugins/test_{name}" if name.startswith(folder) else f"tests/plugins/test_{folder}_{name}"


def tested(tree):
    excuses = re.findall(r"^([^#\s]\S*) by (\S[^:]*): *(\S.*)$", tree.text.get("tests/lint/untested.txt", ""), re.M)
    tests = tree.sources(".c", ".py", ".sh", below="tests")
    bare = [path for path in tree.sources(".c", below="core") + tree.sources(".c", below="plugins")
            if not any(re.fullmatch(re.escape(own) + r"(_\w+)?\.(c|py)", test) for own in mirrors(path) for test in tests)]
    for path in bare:
        if not any(fnmatch.fnmatch(path, pattern) for pattern, _, _ in excuses):
            yield f"{path} has no test {next(mirrors(path))}.c and no reason in tests/lint/untested.txt"
    for pattern, covering, _ in excuses:
        if not fnmatch.filter(bare, pattern):
            yield f"tests/lint/untested.txt excuses {pattern}, which is not there or has a test"
        for test in covering.split():
            if test not in tests:
                yield f"tests/lint/untested.txt names {test}, which is not there"


def words(tree):
    for path, text in tree.text.items():
        for number, line in enumerate(text.splitlines(), 1):
            if PROMISES.search(line):
                yield f"{path}:{number}: {line.strip()}"


def listed(tree):
    fragments = "\n".join(tree.text[path] for path in tree.sources(".am"))
    known = set(re.findall(r"[\w./-]+", fragments))
    for path in tree.sources(".c", ".h"):
        # a program without _SOURCES is made of the one file of its name
        if path not in known and not (path.endswith(".c") and path[:-2] in known):
            yield f"{path} is in no makefile fragment"
    included = set(re.findall(r"^include[ \t]+(\S+)$", fragments, re.M))
    for path in tree.sources(".am"):
        if path != "Makefile.am" and path not in included:
            yield f"{path} is not included by Makefile.am"


def header(tree):
    path = "include/smtpgate/transport.h"
    if path not in tree.text:
        yield f"{path} is missing"
        return
    for tools, language, standard in ((("gcc", "cc", "clang"), "c", "c99"), (("g++", "c++", "clang++"), "c++", "c++11")):
        compiler = next((found for found in map(shutil.which, tools) if found), None)
        if not compiler:
            yield f"no compiler for {language}: install {tools[0]}"
            continue
        # as a plugin sees it: included by its installed name
        command = [compiler, "-x", language, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror",
                   "-fsyntax-only", f"-I{tree.root}/include", "-"]
        done = subprocess.run(command, input=f"#include <{path[8:]}>\nint main(void);\n", capture_output=True,
                              text=True, timeout=120)
        if done.returncode:
            yield f"{path} as {standard}: " + next(line for line in done.stderr.splitlines() if "error" in line)


def scripts(tree):
    for path, text in tree.text.items():
        executable = bool((tree.root / path).stat().st_mode & 0o111)
        if text.startswith("#!/") and not executable:
            yield f"{path} may not be executed: chmod +x"
        elif executable and not text.startswith("#!/"):
            yield f"{path} may be executed and does not say what runs it"


RULES = {rule.__name__: rule for rule in (layers, length, tested, words, listed, header, scripts)}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2], type=pathlib.Path)
    parser.add_argument("rules", nargs="*", metavar="RULE", choices=[*RULES, []])
    args = parser.parse_args(argv)
    tree = Tree(args.root)
    findings = [f"{name}: {finding}" for name in args.rules or RULES for finding in RULES[name](tree)]
    for finding in findings:
        print(finding)
    print(f"{len(tree.text)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
