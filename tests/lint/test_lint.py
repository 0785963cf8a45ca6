#!/usr/bin/env python3
"""Every rule of lint.py finds the fault that is planted for it, and finds nothing in a tree that is as it should be."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import lint

RULES = "core/a:\ncore/b: core/a\nplugins: include/smtpgate\ninclude/smtpgate:\nonly ltdl.h: core/b/load.c\nonly curl/: core/b\n" \
        "none include/smtpgate: stddef.h stdint.h\n"
GOOD = {
    "Makefile.am": "include core/a/a.am\ninclude core/b/b.am\ninclude tests/a/a.am\n"
                   "pkginclude_HEADERS = include/smtpgate/transport.h\n",
    "core/a/a.am": "X = core/a/a.c core/a/a.h core/a/odd.c\n",
    "core/b/b.am": "Y = core/b/b.c core/b/b.h core/b/load.c plugins/p/p.c\n",
    "core/a/a.c": '#include "a/a.h"\n#include <stdio.h>\n',
    "core/a/a.h": "#include <stddef.h>\n",
    "core/a/odd.c": "/* nothing */\n",
    "core/b/b.c": '#include "b/b.h"\n#include "config.h"\n',
    "core/b/b.h": '#include "a/a.h"\n',
    "core/b/load.c": "#include <ltdl.h>\n#include <curl/curl.h>\n",
    "plugins/p/p.c": "#include <smtpgate/transport.h>\n",
    "include/smtpgate/transport.h": "#include <stddef.h>\n#include <stdint.h>\nstruct sgt { size_t n; };\n",
    "tests/a/a.am": "Z = tests/a/test_a\ntests_b = tests/b/test_b.c tests/b/test_load_more.c tests/p/test_p.c tests/support/suite.h\n",
    "tests/a/test_a.c": '#include "a/a.h"\n#include "support/suite.h"\n',
    "tests/b/test_b.c": '#include "b/b.h"\n#include "a/a.h"\n',
    "tests/b/test_load_more.c": "",
    "tests/b/test_load.py": "",
    "tests/p/test_p.c": "",
    "tests/support/suite.h": "",
    "tests/lint/layers.txt": RULES + "tests/support:\n",
    "tests/lint/untested.txt": "# why\ncore/a/odd.c by tests/a/test_a.c: it is made by it\n",
}


class Lint(unittest.TestCase):
    def lint(self, rule, change):
        """Runs one rule over the good tree with some files replaced (None: left out); returns its findings."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **change}.items():
                if text is not None:
                    file = pathlib.Path(root, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
                    file.chmod(0o755 if path.endswith("run.sh") else 0o644)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = lint.main(["--root", root, rule])
            lines = out.getvalue().splitlines()
            self.assertRegex(lines[-1], rf"files, {len(lines) - 1} findings$", out.getvalue())
            self.assertEqual(status, 1 if len(lines) > 1 else 0)
            return "\n".join(lines[:-1])

    def finds(self, rule, path, text, finding):
        """The fault that `text` plants at `path` is found, and it is the only one."""
        found = self.lint(rule, {path: text})
        self.assertIn(finding, found)
        self.assertEqual(found.count("\n"), 0, found)

    def test_the_good_tree_is_good(self):
        for rule in ("layers", "length", "tested", "words", "listed", "header", "scripts"):
            with self.subTest(rule):
                self.assertEqual(self.lint(rule, {}), "")

    def test_layers(self):
        self.finds("layers", "core/a/a.c", '#include "b/b.h"\n', "core/a may not")
        self.finds("layers", "core/a/a.c", '#include <b/b.h>\n', "core/a may not")
        self.finds("layers", "core/a/a.c", ' #  include\t"b/b.h"\n', "core/a may not")
        self.finds("layers", "plugins/p/p.c", '#include "a/a.h"\n', "plugins/p may not")
        self.finds("layers", "plugins/p/p.c", '#include "../../core/a/a.h"\n', "not in the tree")
        self.finds("layers", "core/b/b.c", '#include <smtpgate/transport.h>\n', "core/b may not")
        self.finds("layers", "tests/a/test_a.c", '#include "b/b.h"\n', "tests/a may not")
        self.finds("layers", "core/c/c.c", "", "no row")
        self.finds("layers", "core/b/b.c", "#include <ltdl.h>\n", "only core/b/load.c may")
        self.finds("layers", "core/a/a.c", "#include <curl/multi.h>\n", "only core/b may")
        self.finds("layers", "include/smtpgate/transport.h", "#include <stdio.h>\n", "only stddef.h stdint.h")

    def test_length(self):
        self.assertEqual(self.lint("length", {"core/a/a.c": "\n" * 500}).strip(), "")
        self.finds("length", "core/a/a.c", "\n" * 501, "501 lines")
        self.finds("length", "tests/a/test_a.c", "\n" * 900, "900 lines")

    def test_tested(self):
        self.finds("tested", "tests/b/test_b.c", None, "core/b/b.c has no test")
        self.finds("tested", "tests/p/test_p.c", None, "plugins/p/p.c has no test")
        self.finds("tested", "core/b/new.c", "", "core/b/new.c has no test")
        for name in "tests/plugins/test_p.c", "tests/plugins/test_p_more.py":  # of a module whose file has its name
            self.assertEqual(self.lint("tested", {"tests/p/test_p.c": None, name: ""}), "")
        self.assertEqual(self.lint("tested", {"plugins/p/ring.c": "", "tests/plugins/test_p_ring.c": ""}), "")
        self.finds("tested", "plugins/p/ring.c", "", "plugins/p/ring.c has no test tests/p/test_ring.c")
        self.finds("tested", "tests/a/test_odd.c", "", "excuses core/a/odd.c, which is not there or has a test")
        excuse = GOOD["tests/lint/untested.txt"]
        self.finds("tested", "tests/lint/untested.txt", excuse + "core/a/gone.c by tests/a/test_a.c: fine\n", "is not there or has")
        self.finds("tested", "tests/lint/untested.txt", excuse.replace("test_a", "test_gone"), "names tests/a/test_gone.c")
        self.finds("tested", "tests/lint/untested.txt", "core/a/odd.c by tests/a/test_a.c:\n", "core/a/odd.c has no test")
        self.assertEqual(self.lint("tested", {"tests/lint/untested.txt": "core/a/* by tests/a/test_a.c: all of it\n"}), "")

    def test_this_tree_is_good(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = lint.main([])
        self.assertEqual(status, 0, out.getvalue())

    def test_words(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"):
            self.finds("words", "core/a/a.c", f"/* {word}: later */\n", "core/a/a.c:1: ")
            self.finds("words", "README.md", f"\n{word}\n", "README.md:2: ")
        self.assertEqual(self.lint("words", {"core/a/a.c": "/* XXENC@ toDO mktemp(XXXXXX) */\n"}).strip(), "")

    def test_listed(self):
        self.finds("listed", "core/a/a.am", "X = core/a/a.c core/a/odd.c\n", "core/a/a.h is in no makefile fragment")
        self.finds("listed", "core/a/a.am", "X = core/a/aa.c core/a/a.h core/a/odd.c\n", "core/a/a.c is in no")
        self.finds("listed", "core/c/c.am", "", "core/c/c.am is not included")

    def test_header(self):
        path = "include/smtpgate/transport.h"
        self.finds("header", path, None, "is missing")
        self.assertIn("c99", self.lint("header", {path: "size_t n;\n"}))
        self.assertIn("c++11", self.lint("header", {path: "struct sgt *new;\n"}))
        self.assertIn("c99", self.lint("header", {path: "struct sgt { struct { int a; }; };\n"}))

    def test_scripts(self):
        self.finds("scripts", "tests/b/test_load.py", "#!/usr/bin/env python3\n", "may not be executed")
        self.finds("scripts", "tests/b/run.sh", "", "does not say what runs it")


if __name__ == "__main__":
    unittest.main()
