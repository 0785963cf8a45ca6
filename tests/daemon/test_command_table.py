#!/usr/bin/env python3
"""The table of commands, its --help, the manual and the units say the same."""

import os
import re
import shutil
import subprocess
import unittest

import testbed
from testbed import PROGRAM

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)


def program_help(*args):
    return subprocess.run([PROGRAM, *args, "--help"], text=True, stdout=subprocess.PIPE, check=True).stdout


def commands():
    return re.findall(r"^  ([a-z-]+) +\S", program_help().split("\nEach takes:")[0], re.M)


def options(text):
    """Options as --help lists them: every spelling, with the word of the value."""
    found = set()
    for names in re.findall(r"^  (-\S.*?)(?:  |$)", text, re.M):
        words = names.replace(",", "").split()
        value = words.pop() if not words[-1].startswith("-") else ""
        found |= {(w, value) for w in words}
    return found


def manual():
    with open(os.path.join(ROOT, "doc", "smtpgate.1"), encoding="utf-8") as f:
        return f.read()


def manual_commands():
    """Each `.It Ic NAME` of the section COMMANDS with its text; those of queue are its own actions."""
    section = manual().split(".Sh COMMANDS", 1)[1].split("\n.Sh ", 1)[0]
    depth, found, name = 0, {}, None
    for line in section.split("\n"):
        depth += line.startswith(".Bl") - line.startswith(".El")
        item = re.match(r"\.It Ic (\S+)", line)
        if item and depth == 1:
            name = item.group(1)
        if name:
            found[name] = found.get(name, "") + line + "\n"
    return found


def manual_options(text):
    """`.It Fl x Ar V , Fl -y Ar W` lines."""
    found = set()
    for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
        for part in re.split(r" , ", line):
            m = re.fullmatch(r"Fl (\S+)(?: Ar (\S+))?", part)
            if m:
                found.add(("-" + m.group(1), m.group(2) or ""))
    return found


class Words(unittest.TestCase):
    def test_every_command_is_in_the_manual(self):
        self.assertEqual(set(commands()), set(manual_commands()))

    def test_every_option_is_in_the_manual(self):
        common = options(program_help().split("Each takes:", 1)[1])
        self.assertEqual(common, manual_options(manual().split(".Sh COMMANDS")[0]))
        for name, text in manual_commands().items():
            with self.subTest(name):
                told = manual_options(text)
                if re.search(r"Fl -json\b", text):  # most commands have it in their usage line alone
                    told.add(("--json", ""))
                self.assertEqual(options(program_help(name)) - common, told)

    def test_actions_of_queue(self):
        usage = program_help("queue").split()[3]
        items = re.findall(r"^\.It Ic (\S+)$", manual_commands()["queue"], re.M)
        self.assertEqual(usage.split("|"), items)
        for action in items:
            self.assertIn("\n%s " % action, program_help("queue"))

    def test_every_status_is_in_the_manual(self):
        with open(os.path.join(ROOT, "core", "daemon", "exits.h"), encoding="utf-8") as f:
            numbers = set(re.findall(r"EXIT_[A-Z_]+ = (\d+)", f.read()))
        self.assertEqual(numbers, set(re.findall(r"^\.It (\d+)$", manual().split(".Sh EXIT STATUS")[1], re.M)))

    def test_every_name_of_the_program_is_in_the_manual(self):
        for name in "sendmail", "mailq", "newaliases", "smtplmn", "smtpftp", "smtpnvl", "smtpwin", "smtpxln":
            self.assertIn(name, manual().split(".Sh NAMES OF THE PROGRAM")[1].split(".Sh ")[0])

    def test_help_fits_a_terminal(self):
        for text in [program_help()] + [program_help(c) for c in commands()]:
            for line in text.split("\n"):
                if not re.fullmatch(r"  /\S+/smtpgate\.ini", line):  # as long as the prefix makes it
                    self.assertLessEqual(len(line), 100, line)

    def test_the_manual_is_well_formed(self):
        mandoc = shutil.which("mandoc")
        if mandoc:
            done = subprocess.run([mandoc, "-Tlint", "-W", "warning", os.path.join(ROOT, "doc", "smtpgate.1")],
                                  text=True, stdout=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        # without mandoc: each list that is opened is closed
        self.assertEqual(manual().count("\n.Bl"), manual().count("\n.El"))


class Units(unittest.TestCase):
    def unit(self, name):
        with open(os.path.join(ROOT, "etc", name), encoding="utf-8") as f:
            return f.read()

    def test_statuses_that_are_not_tried_again(self):
        self.assertIn("\nRestartPreventExitStatus=64 78 123\n", self.unit("smtpgate.service"))

    def test_commands_that_they_call(self):
        for command in re.findall(r"^Exec\w+=/usr/bin/smtpgate (\S+)", self.unit("smtpgate.service"), re.M):
            self.assertIn(command, commands())

    def test_verified_by_systemd(self):
        folder = testbed.harness.tempfile.mkdtemp(prefix="smtpgate-units.")
        self.addCleanup(shutil.rmtree, folder)
        paths = []
        for name in "smtpgate.service", "smtpgate.socket":
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "w", encoding="utf-8") as f:
                f.write(self.unit(name).replace("/usr/bin/smtpgate", PROGRAM))
        analyze = shutil.which("systemd-analyze")
        if analyze:
            done = subprocess.run([analyze, "verify", "--man=no", *paths], text=True, stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        # without systemd-analyze: every line is a comment, a section or an assignment
        for name in "smtpgate.service", "smtpgate.socket":
            for line in self.unit(name).split("\n"):
                self.assertRegex(line, r"^(#.*|\[\w+\]|\w+=.+|)$")


if __name__ == "__main__":
    testbed.main()
