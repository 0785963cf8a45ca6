"""A Dovecot of our own as an LMTP server: unpacked by tests/peers/get.sh, run from a scratch folder.

Its programs have the path of their modules compiled in, as long as the package is installed; here copies of three files get
another of the same length at most, a symbolic link to the unpacked modules. Nothing is installed, no user is made.
"""

import getpass
import os
import shutil
import subprocess
import tempfile

import harness

COMPILED_IN = b"/usr/lib/dovecot/modules"

# what a Dovecot that is unpacked and not installed needs, whatever it serves
UNPACKED = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
libexec_dir = {folder}/lib
mail_plugin_dir = {folder}/modules
import_environment = LD_LIBRARY_PATH={libraries}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = no
first_valid_uid = 1
first_valid_gid = 1
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

SETTINGS = UNPACKED + """
protocols = lmtp
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{folder}/mail/%n
auth_username_format = %Ln
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
"""


class Dovecot:
    """Mailboxes for `users`; mail for anybody else is refused. settings: another file than SETTINGS, told {port} and the like as that is."""

    def __init__(self, users, settings=SETTINGS):
        self.settings = settings
        harness.peer("doveconf", "dovecot", has="dovecot/usr/lib/dovecot/pop3-login")
        self.tree = os.path.join(harness.PEERS, "dovecot")
        self.folder = tempfile.mkdtemp(prefix="d", dir="/tmp")  # short: see COMPILED_IN
        os.chmod(self.folder, 0o755)
        root = os.geteuid() == 0
        self.uid, self.gid = (65534, 65534) if root else (os.geteuid(), os.getegid())
        self.user, self.group = ("nobody", "nogroup") if root else (getpass.getuser(), str(self.gid))
        self.port = harness.free_port()
        self.process = None
        self.lay_out()
        with open(os.path.join(self.folder, "users"), "w") as f:
            for name in users:
                f.write("%s:{PLAIN}x:%d:%d::%s/mail/%s\n" % (name, self.uid, self.gid, self.folder, name))
        os.makedirs(os.path.join(self.folder, "run"))
        os.makedirs(os.path.join(self.folder, "mail"))
        os.chown(os.path.join(self.folder, "mail"), self.uid, self.gid)

    def lay_out(self):
        own, lib = os.path.join(self.folder, "lib"), os.path.join(self.tree, "usr/lib/dovecot")
        os.makedirs(own)
        link = os.path.join(self.folder, "modules")
        os.symlink(os.path.join(lib, "modules"), link)
        new = link.encode().ljust(len(COMPILED_IN), b"\0")
        if len(new) > len(COMPILED_IN):
            raise AssertionError("%s is too long" % link)
        for name in os.listdir(lib):
            path = os.path.join(lib, name)
            if name in ("lmtp", "libdovecot.so.0", "libdovecot-storage.so.0"):
                with open(path, "rb") as old, open(os.path.join(own, name), "wb") as copy:
                    copy.write(old.read().replace(COMPILED_IN, new))
                os.chmod(os.path.join(own, name), 0o755)
            else:
                os.symlink(path, os.path.join(own, name))

    def libraries(self):
        with open(os.path.join(self.tree, ".libraries")) as f:
            listed = f.read().strip()
        modules = os.path.join(self.folder, "modules")
        return ":".join([os.path.join(self.folder, "lib"), listed, modules, os.path.join(modules, "old-stats")])

    def start(self):
        conf = os.path.join(self.folder, "dovecot.conf")
        with open(conf, "w") as f:
            f.write(self.settings.format(folder=self.folder, libraries=self.libraries(), user=self.user, group=self.group,
                                    uid=self.uid, gid=self.gid, port=self.port))
        # what dovecot does itself with the doveconf of /usr/bin
        argv = [os.path.join(self.tree, "usr/bin/doveconf"), "-f", "service=master", "-c", conf, "-m", "master", "-e",
                os.path.join(self.tree, "usr/sbin/dovecot"), "-F", "-c", conf]
        with open(os.path.join(self.folder, "out"), "ab") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=dict(os.environ, LD_LIBRARY_PATH=self.libraries()))
        harness.wait_for(lambda: "Dovecot listens\n%s" % self.log(), lambda: self.alive() and harness.listening(self.port))
        return self

    def alive(self):
        if self.process.poll() is not None:
            raise AssertionError("Dovecot ended with %s:\n%s" % (self.process.returncode, self.log()))
        return True

    def log(self):
        text = ""
        for name in ("out", "log"):
            try:
                with open(os.path.join(self.folder, name)) as f:
                    text += f.read()
            except FileNotFoundError:
                pass
        return text

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(harness.LIMIT)
        self.process = None

    def messages(self, name):
        """What came for a user."""
        new = os.path.join(self.folder, "mail", name, "new")
        out = []
        for entry in sorted(os.listdir(new), key=harness.numbers_of) if os.path.isdir(new) else []:
            with open(os.path.join(new, entry), "rb") as f:
                out.append(f.read())
        return out

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
