"""Other people's mail servers, as they come from Debian: each runs in a root of its own, with a configuration of its own, and is gone afterwards."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from harness import LIMIT, ROOT, eventually

FETCHED = ROOT / "build/peers"
USERS = {"root": 0, "mail": 40001, "vmail": 40002, "postdrop": 40003, "nobody": 40004, "Debian-exim": 40005, "opensmtpd": 40006, "opensmtpq": 40007,
         "dovecot": 40008, "dovenull": 40009}
DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
fetching = {}


def fetch(name):
    """Skips the test that needs what cannot be had."""
    if os.environ.get("PACKETBOAT_INTEROP") == "0":
        raise unittest.SkipTest("other people's servers are left out: PACKETBOAT_INTEROP=0")
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root may chroot")
    if name not in fetching:
        fetching[name] = subprocess.run([ROOT / "tools/fetch-peers", name], capture_output=True, text=True)
    if fetching[name].returncode != 0:
        raise unittest.SkipTest(fetching[name].stderr.strip())


def sweep():
    """Roots whose test was killed before it could clear them away."""
    for root in FETCHED.glob(".*-*-*"):
        test = root.name.split("-")[1]
        if test.isdigit() and not pathlib.Path(f"/proc/{test}").exists():
            shutil.rmtree(root, ignore_errors=True)


class Peer:
    """A server that takes mail for bob and carol of `domain`, and hands over mail for `away` to the server at `relay_to`."""

    name = ""
    program = ()
    users = ("bob", "carol")

    def __init__(self, address, port, domain, relay_to=None, away="", certificate=None):
        fetch(self.name)
        self.address, self.port, self.domain, self.relay_to, self.away = address, port, domain, relay_to, away
        self.hostname = f"mail.{domain}"
        self.process = None
        sweep()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix=f".{self.name}-{os.getpid()}-", dir=FETCHED))
        try:
            self.make_root(certificate)
            self.configure()
            self.start()
        except BaseException:
            self.stop()
            raise

    key_owner = "root"

    def make_root(self, certificate):
        subprocess.run(["cp", "-al", f"{FETCHED / self.name}/.", self.root], check=True)
        self.root.chmod(0o755)
        for folder in ("etc", "dev", "run", "var/run", "var/log", "var/mail"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.folder("tmp", mode=0o1777)
        self.folder("var/mail", "vmail")
        for device, minor in DEVICES.items():
            try:
                os.mknod(self.root / "dev" / device, stat.S_IFCHR, os.makedev(1, minor))
                (self.root / "dev" / device).chmod(0o666)
                open(self.root / "dev" / device, "rb").close()
            except OSError as why:
                raise unittest.SkipTest(f"a root of its own needs /dev/{device}: {why}")
        self.write("etc/passwd", "".join(f"{user}:x:{number}:{number}::/var/mail:/bin/sh\n" for user, number in USERS.items()))
        self.write("etc/group", "".join(f"{user}:x:{number}:\n" for user, number in USERS.items()))
        self.write("etc/hosts", "127.0.0.1 localhost\n" + "".join(f"127.0.0.{n} host{n}.example\n" for n in range(2, 8)))
        self.write("etc/mailname", f"{self.hostname}\n")
        self.tls = bool(certificate)
        if certificate:
            for source, name, mode in ((certificate[0], "etc/cert.pem", 0o644), (certificate[1], "etc/key.pem", 0o600)):
                shutil.copy(source, self.root / name)
                (self.root / name).chmod(mode)
            os.chown(self.root / "etc/key.pem", USERS[self.key_owner], USERS[self.key_owner])

    def folder(self, name, owner="root", mode=0o755, group=None):
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, USERS[owner], USERS[group or owner])
        path.chmod(mode)
        return path

    def write(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def configure(self):
        raise NotImplementedError

    def start(self):
        self.output = open(self.root / "output", "wb")
        # It is not to outlive a test that is killed.
        arguments = ["/usr/bin/setpriv", "--pdeathsig", "TERM", "/usr/sbin/chroot", self.root, *self.program]
        self.process = subprocess.Popen(arguments, cwd="/", stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, start_new_session=True)
        try:
            eventually(lambda: self.answers() or self.process.poll() is not None, f"{self.name} listens")
        except AssertionError as why:
            raise unittest.SkipTest(f"{why}; {self.log_text()[-3000:]}")  # what keeps it from starting is this machine, not us
        if self.process.poll() is not None:
            raise unittest.SkipTest(f"{self.name} ended with {self.process.returncode}; {self.log_text()[-3000:]}")

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection((self.address, self.port), timeout=LIMIT) as s:
            return s.recv(100).startswith(b"220 ")

    def group_runs(self):
        try:
            os.killpg(self.process.pid, 0)
            return True
        except ProcessLookupError:
            return False

    def stop(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            # Whoever of its children is still there is in the middle of nothing that matters.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT)
            eventually(lambda: not self.group_runs(), f"{self.name} is gone")
            self.output.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def log_text(self):
        logs = [self.root / "output", *(path for path in sorted((self.root / "var/log").rglob("*")) if path.is_file())]
        return "".join(path.read_text(errors="replace") for path in logs)

    def mailbox(self, user):
        """The messages of one of its users, as bytes with LF."""
        return [path.read_bytes() for path in sorted((self.root / "var/mail" / user / "new").glob("*"))]


class Postfix(Peer):
    name = "postfix"
    program = ("/usr/lib/postfix/sbin/master", "-d", "-c", "/etc/postfix")

    def configure(self):
        spool = "var/spool/postfix"
        self.folder(spool)
        for queue in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"):
            self.folder(f"{spool}/{queue}", "mail", 0o700)
        self.folder(f"{spool}/maildrop", "mail", 0o730, "postdrop")
        self.folder(f"{spool}/public", "mail", 0o710, "postdrop")
        self.folder(f"{spool}/pid")
        self.folder("var/lib/postfix", "mail")
        boxes = ", ".join(f"{{ {user}@{self.domain} = {user}/ }}" for user in self.users)
        self.write("etc/postfix/main.cf", f"""
compatibility_level = 3.6
mail_owner = mail
setgid_group = postdrop
default_privs = nobody
maillog_file = /var/log/postfix.log
myhostname = {self.hostname}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
smtp_bind_address = {self.address}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {self.domain}
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_mailbox_base = /var/mail
virtual_uid_maps = static:{USERS["vmail"]}
virtual_gid_maps = static:{USERS["vmail"]}
virtual_mailbox_limit = 0
smtpd_tls_security_level = {"may" if self.tls else "none"}
smtpd_tls_chain_files = {"/etc/key.pem, /etc/cert.pem" if self.tls else ""}
smtpd_tls_received_header = yes
smtp_tls_security_level = may
{f"transport_maps = inline:{{ {{ {self.away} = smtp:[{self.relay_to[0]}]:{self.relay_to[1]} }} }}" if self.relay_to else ""}
""")
        services = [("cleanup", "unix", "n", "0", "cleanup"), ("qmgr", "unix", "n", "1", "qmgr"), ("rewrite", "unix", "-", "-", "trivial-rewrite"),
                    ("bounce", "unix", "-", "0", "bounce"), ("defer", "unix", "-", "0", "bounce"), ("trace", "unix", "-", "0", "bounce"),
                    ("smtp", "unix", "-", "-", "smtp"), ("relay", "unix", "-", "-", "smtp"), ("error", "unix", "-", "-", "error"),
                    ("retry", "unix", "-", "-", "error"), ("discard", "unix", "-", "-", "discard"), ("virtual", "unix", "-", "-", "virtual"),
                    ("anvil", "unix", "-", "1", "anvil"), ("scache", "unix", "-", "1", "scache"), ("proxymap", "unix", "-", "-", "proxymap"),
                    ("tlsmgr", "unix", "-", "1", "tlsmgr"), ("postlog", "unix-dgram", "n", "1", "postlogd")]
        lines = [f"{self.address}:{self.port} inet n - n - - smtpd"]
        for service, kind, private, processes, command in services:
            wakeup = {"qmgr": "300", "tlsmgr": "1000?"}.get(service, "-")
            unprivileged = "n" if service == "virtual" else "-"  # it writes as the mailbox's owner
            lines.append(f"{service} {kind} {private} {unprivileged} n {wakeup} {processes} {command}")
        self.write("etc/postfix/master.cf", "\n".join(lines) + "\n")


class Exim(Peer):
    name = "exim"
    program = ("/usr/sbin/exim4", "-bdf", "-q1m", "-oP", "/run/exim.pid")
    key_owner = "Debian-exim"

    def configure(self):
        for folder in ("var/spool/exim4", "var/log/exim4", "var/lib/exim4", "run/exim4"):
            self.folder(folder, "Debian-exim")
        users = " : ".join(self.users)
        self.write("var/lib/exim4/config.autogenerated", f"""
primary_hostname = {self.hostname}
local_interfaces = {self.address}
daemon_smtp_ports = {self.port}
host_lookup =
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
accept_8bitmime = true
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
message_size_limit = 50M
keep_environment =
{"tls_advertise_hosts = *" if self.tls else "tls_advertise_hosts ="}
{"tls_certificate = /etc/cert.pem" if self.tls else ""}
{"tls_privatekey = /etc/key.pem" if self.tls else ""}
begin acl
check_rcpt:
  require verify = recipient
  accept
begin routers
here:
  driver = accept
  domains = {self.domain}
  local_parts = {users}
  transport = box
nobody:
  driver = redirect
  domains = {self.domain}
  allow_fail
  data = :fail: no such user here
{f'''there:
  driver = manualroute
  domains = {self.away}
  route_list = * {self.relay_to[0]}::{self.relay_to[1]}
  self = send
  transport = out''' if self.relay_to else ""}
begin transports
box:
  driver = appendfile
  directory = /var/mail/$local_part_data
  maildir_format
  user = vmail
  group = vmail
  delivery_date_add
  envelope_to_add
  return_path_add
out:
  driver = smtp
  allow_localhost
  interface = {self.address}
  port = {self.relay_to[1] if self.relay_to else self.port}
  dnssec_request_domains =
  tls_verify_certificates =
""")
        # It lets only its own user and root write its configuration.
        (self.root / "var/lib/exim4").chmod(0o755)


class OpenSmtpd(Peer):
    name = "opensmtpd"
    program = ("/usr/sbin/smtpd", "-d")

    def configure(self):
        self.folder("var/lib/opensmtpd/empty")
        self.folder("var/spool/smtpd", mode=0o711)
        tls = "tls pki own" if self.tls else ""
        boxes = ", ".join(f'"{user}@{self.domain}" = "vmail"' for user in self.users)
        self.write("etc/smtpd.conf", f"""
{'pki own cert "/etc/cert.pem"' if self.tls else ""}
{'pki own key "/etc/key.pem"' if self.tls else ""}
table boxes {{ {boxes} }}
listen on {self.address} port {self.port} {tls} hostname "{self.hostname}"
action "in" maildir "/var/mail/%{{rcpt.user}}" virtual <boxes>
match from any for domain "{self.domain}" action "in"
{f'''action "out" relay host "smtp://{self.relay_to[0]}:{self.relay_to[1]}" src {self.address} helo "{self.hostname}"
match from any for domain "{self.away}" action "out"''' if self.relay_to else ""}
""", 0o600)


class Dovecot(Peer):
    """Its LMTP only."""

    name = "dovecot"
    program = ("/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf")

    def configure(self):
        self.folder("run/dovecot")
        self.folder("var/lib/dovecot")
        self.write("etc/users", "".join(f"{user}::{USERS['vmail']}:{USERS['vmail']}::/var/mail/{user}\n" for user in self.users))
        self.write("etc/dovecot/dovecot.conf", f"""
protocols = lmtp
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
hostname = {self.hostname}
postmaster_address = postmaster@{self.domain}
mail_location = maildir:/var/mail/%n
ssl = no
recipient_delimiter =
lmtp_user_concurrency_limit = 0
passdb {{
  driver = passwd-file
  args = username_format=%n /etc/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n /etc/users
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = {self.address}
    port = {self.port}
  }}
}}
service stats {{
  chroot =
}}
service anvil {{
  chroot =
}}
""")
