"""What other people's tools rely on: the try-out server's ports and lines, the command's exit statuses, its JSON."""
import json
import pathlib
import signal
import tempfile
import unittest

from harness import ALICE, OFFSETS, Scenario, Server, Wire, command, eventually, messages


class TryOutServer(Scenario):
    def test_prints_a_table_of_addresses_and_ready(self):
        self.assertEqual(self.server.greeting[-1], "ready")
        table = dict(line.split() for line in self.server.greeting[:-1])
        for name, offset in OFFSETS.items():
            self.assertEqual(table[name], f"127.0.0.1:{self.server.base + offset}")

    def test_a_second_start_on_the_same_data_is_refused(self):
        done = command("--data", self.server.data, "serve", "--dev", "--port-base", str(Server(self.folder).base), check=False)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn(str(self.server.data), done.stderr)

    def test_a_taken_port_is_named(self):
        done = command("--data", self.folder / "other", "serve", "--dev", "--port-base", str(self.server.base), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"127\.0\.0\.1:\d+")

    def test_stops_on_sigterm_and_tells_its_sessions(self):
        with Wire(self.server.port("smtp")) as smtp, Wire(self.server.port("pop3")) as pop3:
            smtp.reply()
            pop3.line()
            self.assertEqual(self.server.stop(), 0)
            self.assertTrue(smtp.line().startswith(b"421 4.3.2 "))
            self.assertTrue(pop3.line().startswith(b"-ERR [SYS/TEMP] "))
            self.assertEqual(smtp.line(), b"")

    def test_stops_on_sigint(self):
        self.server.process.send_signal(signal.SIGINT)
        self.assertEqual(self.server.ended(), 0)

    def test_a_bad_configuration_does_not_stop_a_running_server(self):
        self.server.stop()
        file = self.folder / "p.toml"
        file.write_text("[smtp]\nmessage_max = \"1 MiB\"\n")
        self.server.arguments = ["--config", file]
        self.server.start()
        file.write_text("[smtp]\nmessage_max = \"many\"\n")
        self.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "server.reload_refused" in self.server.log_text(), "the bad file is refused")
        with Wire(self.server.port("smtp")) as smtp:
            smtp.reply()
            self.assertIn(b"SIZE 1048576", smtp.ask("EHLO x\r\n"))
        file.write_text("[smtp]\nmessage_max = \"2 MiB\"\n")
        self.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "event=server.reloaded" in self.server.log_text(), "the good file is taken")
        with Wire(self.server.port("smtp")) as smtp:
            smtp.reply()
            self.assertIn(b"SIZE 2097152", smtp.ask("EHLO x\r\n"))


class Command(Scenario):
    def admin(self, *arguments, status=0, **options):
        done = self.server.command("--json", *arguments, check=False, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if done.stdout else None

    def walk(self):
        """Every administration command once; the same with a running server and without one."""
        self.admin("domain", "add", "second.test")
        self.admin("domain", "add", "second.test", status=7)
        self.admin("domain", "add", "no_such..name", status=2)
        self.admin("account", "add", "carol@second.test", "--quota", "1 MiB", input="secret\n")
        self.admin("account", "add", "carol@second.test", status=7, input="secret\n")
        self.admin("account", "add", "x@nowhere.test", status=3, input="secret\n")
        self.assertEqual(self.admin("account", "show", "carol@second.test")["quota_bytes"], 1 << 20)
        self.assertEqual([a["address"] for a in self.admin("account", "list", "--domain", "second.test")], ["carol@second.test"])
        self.admin("account", "quota", "carol@second.test", "2 MiB")
        self.assertEqual(self.admin("account", "show", "carol@second.test")["quota_bytes"], 2 << 20)
        self.admin("account", "disable", "carol@second.test")
        self.assertFalse(self.admin("account", "show", "carol@second.test")["enabled"])
        self.admin("account", "enable", "carol@second.test")
        self.admin("account", "passwd", "carol@second.test", input="other\n")
        self.admin("account", "passwd", "nobody@second.test", status=3, input="other\n")
        self.admin("alias", "add", "all@second.test", "carol@second.test", ALICE)
        self.assertEqual(self.admin("alias", "list", "--domain", "second.test")[0]["targets"], ["carol@second.test", ALICE])
        self.admin("domain", "catch-all", "second.test", "carol@second.test")
        self.assertIn("carol@second.test", [d["catch_all"] for d in self.admin("domain", "list")])
        self.admin("domain", "rm", "second.test", status=7)
        self.admin("alias", "rm", "all@second.test")
        self.admin("domain", "catch-all", "second.test")
        self.admin("account", "rm", "carol@second.test")
        self.admin("account", "show", "carol@second.test", status=3)
        self.admin("domain", "rm", "second.test")
        people = self.folder / "people.txt"
        people.write_text("# two\ndave@example.test pw1\nerin@example.test pw2 5MiB\n")
        self.assertEqual(self.admin("account", "import", people)["imported"], 2)
        self.admin("account", "rm", "dave@example.test")
        self.admin("account", "rm", "erin@example.test")
        self.assertEqual(self.admin("queue", "list"), [])
        self.assertTrue(self.admin("store", "verify")["clean"])
        self.admin("store", "stats")
        self.admin("store", "sweep")
        self.assertEqual([m["role"] for m in self.admin("mailbox", "list", ALICE)][0], "inbox")

    def test_administration_while_the_server_runs(self):
        self.walk()
        self.assertTrue(self.admin("status")["running"])

    def test_administration_without_a_server(self):
        self.server.stop()
        self.walk()
        self.admin("status", status=13)

    def test_a_new_password_counts_at_once(self):
        self.assertEqual(messages(self.server), [])
        self.admin("account", "passwd", ALICE, input="another\n")
        with self.assertRaises(Exception):
            messages(self.server)
        self.assertEqual(messages(self.server, password="another"), [])

    def test_usage_mistakes_are_status_2(self):
        for arguments in (["frobnicate"], ["account", "add"], ["account"], ["serve", "--port-base", "x"]):
            self.assertEqual(command(*arguments, check=False).returncode, 2, arguments)

    def test_tables_are_for_people(self):
        text = self.server.command("account", "list").stdout
        self.assertRegex(text, r"(?m)^ADDRESS +NAME +QUOTA_BYTES")
        self.assertRegex(text, r"(?m)^alice@example.test +alice")

    def test_version_and_completion(self):
        self.assertRegex(command("version").stdout, r"^packetboat \d+\.\d+\.\d+\n$")
        self.assertIn("account", command("completion", "bash").stdout)


class OneDocument(Scenario):
    """With --json standard output is one JSON document, whatever happens."""

    server_runs = False

    def one(self, *arguments, status=0, **options):
        done = command("--json", *arguments, check=False, **options)
        self.assertEqual(done.returncode, status, (arguments, done.stderr))
        try:
            document = json.loads(done.stdout)
        except ValueError:
            self.fail(f"{arguments}: {done.stdout!r}")
        if status != 0:
            self.assertEqual(document["exit"], status, arguments)
            self.assertTrue(document["error"], arguments)
            self.assertTrue(done.stderr, arguments)
        return document

    def test_a_mistake_on_the_command_line(self):
        for arguments in ([], ["frobnicate"], ["account"], ["account", "add"], ["account", "list", "--nonsense"], ["serve", "--port-base", "x"],
                          ["completion", "tcsh"], ["account", "quota", "x@y.test"]):
            self.one(*arguments, status=2)
        done = command("account", "add", "--json", check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)["exit"]), (2, 2))

    def test_a_file_that_cannot_be_read(self):
        nowhere = self.folder / "nowhere"
        here = ["--data", self.folder / "data"]
        self.one(*here, "account", "add", ALICE, "--password-file", nowhere, status=3)
        self.one(*here, "account", "passwd", ALICE, status=2, input="")
        self.one(*here, "account", "import", nowhere, status=3)
        self.one(*here, "account", "import", self.folder, status=2)
        self.one("--config", nowhere, "account", "list", status=3)
        self.one("--config", self.folder, "account", "list", status=3)
        self.one("--config", self.folder, "serve", "--check", status=3)
        self.assertFalse((self.folder / "data").exists())

    def test_what_serve_says(self):
        file = self.folder / "p.toml"
        file.write_text(f"[server]\ndata = \"{self.folder / 'data'}\"\n[listen]\nsubmissions = []\npop3s = []\n")
        self.assertEqual(self.one("--config", file, "serve", "--check"), {"good": True})
        file.write_text("[smtp]\nmesage_max = \"1 MiB\"\n")
        self.assertIn("p.toml:2: ", self.one("--config", file, "serve", "--check", status=2)["error"])
        self.one("serve", "--dev", status=2)  # without --data
        server = Server(self.folder / "data", arguments=["--json"])
        server.start_until(lambda line: line.startswith("{"))
        listeners = json.loads("\n".join(server.greeting))["listeners"]
        self.assertIn({"name": "smtp", "endpoint": f"127.0.0.1:{server.port('smtp')}"}, listeners)
        self.assertEqual(server.stop(), 0)

    def test_texts_for_other_programs(self):
        self.assertIn("[smtp]", self.one("configuration")["file"])
        self.assertIn("## [smtp]", self.one("configuration", "--page")["page"])
        self.assertIn("complete ", self.one("completion", "bash")["script"])
        self.assertIn("account", self.one("--help")["help"])
        self.one("version")


class ConfigurationCheck(unittest.TestCase):
    def test_check_names_file_line_and_remedy(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("[smtp]\nmesage_max = \"1 MiB\"\n")
            file.flush()
            done = command("--config", file.name, "serve", "--check", check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{file.name}:2: smtp.mesage_max: there is no such key; did you mean smtp.message_max?", done.stderr)

    def check(self, text):
        with tempfile.TemporaryDirectory(prefix="packetboat-") as folder:
            file = pathlib.Path(folder) / "p.toml"
            file.write_text(f"[server]\ndata = \"{folder}/data\"\n" + text)
            done = command("--config", file, "serve", "--check", check=False)
            self.assertEqual(sorted(p.name for p in pathlib.Path(folder).iterdir()), ["p.toml"])
            return done.returncode, done.stderr.removeprefix(f"packetboat: {file}:").rstrip("\n")

    def test_check_finds_what_would_keep_the_server_from_starting(self):
        none = "[listen]\nsubmissions = []\npop3s = []\n"
        self.assertEqual(self.check(none), (0, "The configuration is good."))
        for text, answer in (
                ("user = \"no_such_user\"\n" + none, r"3: server\.user: there is no user no_such_user; make it "),
                ("hostname = \"\"\n" + none, r"3: server\.hostname: must not be empty; "),
                ("[tls]\ncertificate = \"/nonexistent.pem\"\nkey = \"/nonexistent.key\"\n",
                 r"4: tls\.certificate: /nonexistent\.pem: No such file or directory; name "),
                ("[tls]\nkey = \"/nonexistent.key\"\n" + none, r"4: tls\.key: needs tls\.certificate"),
                ("[listen]\nsubmissions = [\"*:4465\"]\npop3s = []\n", r"4: listen\.submissions: needs tls\.certificate and tls\.key"),
                ("[pop3]\nidle_timeout = \"0\"\n", r"4: pop3\.idle_timeout: must be from 1 s to 1 d"),
                ("[smtp]\nsession_timeout = \"9 d\"\n", r"4: smtp\.session_timeout: must be from 1 s to 7 d"),
                ("[sectionx]\n", r"3: \[sectionx\]: there is no such section; did you mean \[")):
            status, error = self.check(text)
            self.assertEqual(status, 2, (text, error))
            self.assertRegex(error, "^" + answer)


if __name__ == "__main__":
    unittest.main()
