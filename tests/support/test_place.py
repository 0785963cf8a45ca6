#!/usr/bin/env python3
"""place.py: ordinary users find a clone below a closed folder, namespaces work in a chroot, and outside nothing has changed."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "place.py")
NOBODY = "setpriv --reuid 65534 --regid 65534 --clear-groups "
# All of this machine in a folder that is no mount: what a chroot is.
CHROOT = """cd "$1"; for f in /*; do
    if [ -L "$f" ]; then cp -P "$f" .; elif [ -d "$f" ]; then mkdir -p ".$f"; [ "$f" = /tmp ] || mount --rbind "$f" ".$f"; fi
done; mkdir -p "./$2"; cp -r "$2/." "./$2"; exec chroot . sh -c "cd '$2' && $3" """


@unittest.skipIf(os.geteuid() != 0, "needs root")
class Place(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.clone = os.path.join(self.folder, "home", "a clone")
        os.makedirs(os.path.join(self.clone, "tests", "support"))
        os.makedirs(os.path.join(self.clone, "build"), 0o755)
        os.chmod(self.folder, 0o755)
        shutil.copy(PLACE, os.path.join(self.clone, "tests", "support"))
        with open(os.path.join(self.folder, "home", "secret"), "w") as f:
            f.write("of its owner alone\n")

    def run_there(self, script, prefix=()):
        command = [*prefix, sys.executable, "-IS", "../tests/support/place.py", "sh", "-ec", script]
        return subprocess.run(command, cwd=os.path.join(self.clone, "build"), capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, TMPDIR="/tmp"))

    def test_a_closed_folder_lets_users_in_to_the_clone(self):
        os.chmod(os.path.join(self.folder, "home"), 0o700)
        done = self.run_there(NOBODY + "ls ../tests/support; ls ../..; echo x >made; pwd")
        self.assertEqual((done.stdout, done.stderr), ("place.py\na clone\n%s/build\n" % self.clone, ""))
        self.assertTrue(os.path.exists(os.path.join(self.clone, "build", "made")))
        self.assertEqual(os.stat(os.path.join(self.folder, "home")).st_mode & 0o777, 0o700)
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "home"))), ["a clone", "secret"])

    def test_an_open_one_stays_as_it_is(self):
        os.chmod(os.path.join(self.folder, "home"), 0o755)
        done = self.run_there("cat ../../secret; readlink /proc/self/ns/mnt")
        self.assertEqual(done.stdout, "of its owner alone\n%s\n" % os.readlink("/proc/self/ns/mnt"))

    def test_an_ordinary_user_is_not_helped(self):
        os.chmod(os.path.join(self.folder, "home"), 0o755)
        done = self.run_there("readlink /proc/self/ns/mnt; exit 3", prefix=NOBODY.split())
        self.assertEqual((done.stdout, done.stderr, done.returncode), (os.readlink("/proc/self/ns/mnt") + "\n", "", 3))

    def test_a_chroot_has_namespaces(self):
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        script = "mkdir x; unshare -m mount -t tmpfs none x && readlink -f . && ! findmnt x && %s unshare -rn true" % NOBODY
        script = "cd build && exec %s -IS ../tests/support/place.py sh -ec \"%s\"" % (sys.executable, script)
        done = subprocess.run(["unshare", "-m", "sh", "-ec", CHROOT, "sh", root, self.clone, script], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, self.clone + "/build\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
