"""How mail goes out: smart hosts, TLS and who is trusted, DANE, notifications field by field, and mail that waits for its time."""
import datetime
import email
import email.policy
import email.utils
import re
import signal
import smtplib
import ssl
import unittest

from certificates import Authority, tlsa
from harness import LIMIT, PASSWORD, eventually
from post import Post, free_port
from relay_test import inbox, queue

ALICE, DAVE, BOB = "alice@a.example", "dave@a.example", "bob@b.example"
ZONES = {"a.example": "@ MX 10 mail\nmail A 127.0.0.2", "b.example": "@ MX 10 mail\nmail A 127.0.0.3"}
NO_DSN = "250-sink\r\n250-PIPELINING\r\n250 8BITMIME"


def server_tls(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


class Outbound(Post):
    def start_home(self, settings="", outbound="", dns="dnssec = false", zones=None, signed=()):
        """Our server, with more in its [outbound] and [dns] than other tests need."""
        self.dns = self.name_server({**ZONES, **(zones or {})}, signed)
        self.home = self.configured("mail.a.example", "127.0.0.2", ["a.example"], self.dns, settings, start=False)
        text = self.home.file.read_text()
        text = text.replace("[outbound]\n", f"[outbound]\n{outbound}\n").replace("dnssec = false", dns() if callable(dns) else dns)
        self.home.file.write_text(text)
        self.home.start()
        for address in (ALICE, DAVE):
            self.home.account(address)

    def submit(self, recipients, options=(), recipient_options=(), text="Hello.\r\n", sender=ALICE, header=""):
        """By a program that knows more of SMTP than `packetboat send` lets its users say."""
        with smtplib.SMTP(self.home.address, self.home.port("submission"), timeout=LIMIT) as client:
            client.login(ALICE, PASSWORD)
            message = f"From: {ALICE}\r\nTo: {', '.join(recipients)}\r\nSubject: Pickle\r\n{header}\r\n{text}".encode()
            return client.sendmail(sender, recipients, message, mail_options=options, rcpt_options=recipient_options)

    def letters(self, count=1, user=ALICE):
        return eventually(lambda: (found := inbox(self.home, user)) and len(found) >= count and found, f"{user} has {count} letters")

    def queue_is_empty(self):
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")

    def waiting(self):
        """The recipients in the queue, by address, once there is a reason for each."""
        def all_tried():
            recipients = [recipient for entry in queue(self.home, "list") for recipient in entry["recipients"]]
            untried = any(recipient["reason"].startswith("waiting for its") for recipient in recipients)
            return recipients and not untried and {recipient["address"]: recipient for recipient in recipients}
        return eventually(all_tried, "everything has been tried")

    def taken(self, sink, count=1):
        eventually(lambda: len(sink.messages) >= count, f"{count} messages are taken")
        return sink.messages


class SmartHost(Outbound):
    """Alice's server has no way out but her provider's, which wants a login."""

    def start(self, route, password=PASSWORD, certificate=True):
        authority = Authority(self.folder)
        self.submissions = free_port(("127.0.0.3",))
        self.password_file = self.folder / "smarthost.password"
        self.password_file.write_text(password + "\n")
        self.start_home(f'[[route]]\ndomains = ["*"]\nhost = "mail.b.example"\nport = {self.submissions if "implicit" in route else self.smtp_port + 1}\n'
                        f'user = "{ALICE}"\npassword_file = "{self.password_file}"\n{route}', f'ca_file = "{authority.file}"')
        pair = authority.issue("mail.b.example")
        tls = f'[tls]\ncertificate = "{pair[0]}"\nkey = "{pair[1]}"\n' if certificate else ""
        self.provider = self.configured("mail.b.example", "127.0.0.3", ["b.example", "a.example"], self.dns, tls, start=False)
        if certificate:
            text = self.provider.file.read_text()
            self.provider.file.write_text(text.replace("submissions = []", f'submissions = ["127.0.0.3:{self.submissions}"]'))
        self.provider.start()
        self.provider.account(ALICE)
        self.provider.account(BOB)

    def arrives(self):
        letter = eventually(lambda: inbox(self.provider, BOB), "the letter arrives")[0]
        hop = " ".join(letter.get_all("Received")[0].split())
        self.assertIn("from mail.a.example", hop)
        self.assertIn("ESMTPSA", hop)
        self.queue_is_empty()

    def test_a_login_over_starttls(self):
        self.start("")
        self.send(self.home, ALICE, BOB)
        self.arrives()

    def test_a_login_over_implicit_tls(self):
        self.start("implicit_tls = true")
        self.send(self.home, ALICE, BOB)
        self.arrives()

    def test_a_login_that_is_refused_waits_until_the_password_is_right(self):
        self.start("", password="wrong")
        self.send(self.home, ALICE, BOB)
        recipient = self.waiting()[BOB]
        self.assertIn("mail.b.example does not accept our login: 535 5.7.8", recipient["reason"])
        entry = queue(self.home, "list")[0]
        shown = queue(self.home, "show", entry["id"])
        self.assertEqual(shown["recipients"][0]["status"], "4.7.8")
        self.assertNotIn("wrong", shown["dialogue"])
        self.assertNotIn("AGFsaWNl", shown["dialogue"])
        self.password_file.write_text(PASSWORD + "\n")
        self.home.process.send_signal(signal.SIGHUP)
        eventually(lambda: "reload" in self.home.log_text(), "the configuration is read anew")
        eventually(lambda: queue(self.home, "retry", "--all") and inbox(self.provider, BOB), "the letter arrives")
        self.arrives()

    def test_no_login_without_tls(self):
        self.start("", certificate=False)
        self.send(self.home, ALICE, BOB)
        self.assertIn("does not offer encryption", self.waiting()[BOB]["reason"])
        self.assertEqual(queue(self.home, "show", queue(self.home, "list")[0]["id"])["recipients"][0]["status"], "4.7.4")
        self.assertNotIn("C: AUTH", queue(self.home, "show", queue(self.home, "list")[0]["id"])["dialogue"])


class Tls(Outbound):
    # Levels by what the host has: whether it came by TLS, or why not.
    expected = {
        ("none", "good"): False, ("none", "untrusted"): False, ("none", "wrongname"): False, ("none", "bare"): False,
        ("may", "good"): True, ("may", "untrusted"): True, ("may", "wrongname"): True, ("may", "bare"): False,
        ("encrypt", "good"): True, ("encrypt", "untrusted"): True, ("encrypt", "wrongname"): True,
        ("encrypt", "bare"): "does not offer encryption (STARTTLS), and it is required: configured: encrypt",
        ("verify", "good"): True, ("verify", "untrusted"): "certificate", ("verify", "wrongname"): "certificate",
        ("verify", "bare"): "does not offer encryption (STARTTLS), and it is required: configured: verify",
    }

    def start(self, cases):
        """For every one a domain with a host of its own."""
        def names(kind):
            return [f"mx.{level}-{host}.t.example" for level, host in cases if host == kind] or ["nobody.t.example"]
        ours, other = Authority(self.folder, "ours"), Authority(self.folder, "other")
        hosts = {"good": ours.issue(*names("good")), "untrusted": other.issue(*names("untrusted")), "wrongname": ours.issue("else.t.example"), "bare": None}
        self.sinks = {name: self.sink(f"127.0.0.{n}", tls=pair and server_tls(pair)) for n, (name, pair) in enumerate(hosts.items(), 3)}
        numbers = {name: n for n, name in enumerate(hosts, 3)}
        zone = [f"{level}-{host} MX 10 mx.{level}-{host}\nmx.{level}-{host} A 127.0.0.{numbers[host]}" for level, host in cases]
        zone.append("may-shared MX 10 mx.verify-untrusted")
        routes = "".join(f'[[route]]\ndomains = ["{level}-{host}.t.example"]\ntls = "{level}"\n' for level, host in cases if level != "may")
        self.start_home(routes, f'ca_file = "{ours.file}"', zones={"t.example": "\n".join(zone)})

    def test_levels(self):
        self.start(self.expected)
        for level, host in self.expected:
            self.send(self.home, ALICE, f"x@{level}-{host}.t.example")
        eventually(lambda: len(queue(self.home, "list")) == sum(isinstance(wanted, str) for wanted in self.expected.values()), "all others are gone")
        waiting = self.waiting()
        for (level, host), wanted in self.expected.items():
            with self.subTest(level=level, host=host):
                address = f"x@{level}-{host}.t.example"
                if isinstance(wanted, str):
                    self.assertIn(wanted, waiting[address]["reason"])
                    self.assertIn(f"mx.{level}-{host}.t.example", waiting[address]["reason"])
                else:
                    sink = self.sinks[host]
                    came = [encrypted for (_, recipients, _), encrypted in zip(sink.messages, sink.encrypted) if recipients == [address]]
                    self.assertEqual(came, [wanted])
        statuses = {recipient["address"]: recipient["status"] for entry in queue(self.home, "list")
                    for recipient in queue(self.home, "show", entry["id"])["recipients"]}
        self.assertEqual(statuses, {"x@encrypt-bare.t.example": "4.7.4", "x@verify-bare.t.example": "4.7.4", "x@verify-untrusted.t.example": "4.7.5",
                                    "x@verify-wrongname.t.example": "4.7.5"})

    def test_a_host_that_is_not_good_enough_for_one_domain_serves_another(self):
        self.start([("verify", "untrusted")])
        self.send(self.home, ALICE, "x@verify-untrusted.t.example")
        self.waiting()
        self.send(self.home, ALICE, "x@may-shared.t.example")
        self.assertEqual(self.taken(self.sinks["untrusted"])[0][1], ["x@may-shared.t.example"])


class Dane(Outbound):
    """What a zone says of its hosts' keys, where DNSSEC vouches for it."""

    def test_right_wrong_missing_unsigned_and_forged(self):
        authority = Authority(self.folder)
        pair, another = authority.issue("whatever.example"), authority.issue("another.example")
        right, wrong = tlsa(pair[0]), tlsa(another[0])
        self.tls_sink = self.sink("127.0.0.3", tls=server_tls(pair))
        self.bare_sink = self.sink("127.0.0.4")
        port = self.smtp_port

        def zone(hosts):
            lines = []
            for name, (address, record) in hosts.items():
                lines += [f"{name} MX 10 mx.{name}", f"mx.{name} A {address}"]
                if record:
                    lines.append(f"_{port}._tcp.mx.{name} TLSA {record}")
            return "\n".join(lines)
        every = {"right": ("127.0.0.3", right), "wrong": ("127.0.0.3", wrong), "stripped": ("127.0.0.4", right), "silent": ("127.0.0.4", None)}
        zones = {"s.example": zone(every), "u.example": zone(every), "forged.example": "@ MX 10 mx\nmx A 127.0.0.3"}

        def dns():
            anchors = self.folder / "anchors"
            forged = self.dns.trust_anchor("forged.example")
            forged = forged[:-8] + ("00000000" if not forged.endswith("00000000") else "11111111")
            anchors.write_text(self.dns.trust_anchor("s.example") + "\n" + forged + "\n")
            return f'dnssec = true\ntrust_anchor_file = "{anchors}"'
        self.start_home(dns=dns, zones=zones, signed=("s.example", "forged.example"))
        addresses = [f"x@{name}.{zone}" for zone in ("s.example", "u.example") for name in every] + ["x@forged.example"]
        for address in addresses:
            self.send(self.home, ALICE, address)
        eventually(lambda: len(queue(self.home, "list")) == 3, "all others are gone")
        waiting = self.waiting()
        self.assertEqual(set(waiting), {"x@wrong.s.example", "x@stripped.s.example", "x@forged.example"})
        self.assertIn("mx.wrong.s.example", waiting["x@wrong.s.example"]["reason"])
        self.assertIn("TLSA", waiting["x@wrong.s.example"]["reason"])
        self.assertIn("mx.stripped.s.example does not offer encryption (STARTTLS), and it is required: DANE", waiting["x@stripped.s.example"]["reason"])
        self.assertRegex(waiting["x@forged.example"]["reason"], "forged|bogus|DNSSEC|signature|valid")
        came = {recipients[0]: encrypted for sink in (self.tls_sink, self.bare_sink) for (_, recipients, _), encrypted in zip(sink.messages, sink.encrypted)}
        self.assertEqual(came, {"x@right.s.example": True, "x@silent.s.example": False, "x@right.u.example": True, "x@wrong.u.example": True,
                                "x@stripped.u.example": False, "x@silent.u.example": False})
        self.assertIn("verified=true", next(line for line in self.home.log_text().splitlines() if "relay.connected" in line and "mx.right.s" in line))

        # RFC 8689 §4.2.2: whoever would rather have it arrive may say so.
        self.send(self.home, ALICE, "y@wrong.s.example", "--header", "TLS-Required: No")
        queue(self.home, "retry", "--recipient", "y@*")
        eventually(lambda: any(recipients == ["y@wrong.s.example"] for _, recipients, _ in self.tls_sink.messages), "it arrives all the same")


class Notifications(Outbound):
    """RFC 3461 and RFC 3464, read as any program reads them."""

    def report(self, letter):
        """The fields of the message, and those of each recipient, of a notification that is well-formed."""
        self.assertEqual(letter["Return-Path"], "<>")
        self.assertEqual(letter["To"].addresses[0].addr_spec, ALICE)
        self.assertIn("MAILER-DAEMON@mail.a.example", letter["From"])
        self.assertEqual(letter["Auto-Submitted"], "auto-replied")
        self.assertTrue(letter["Message-ID"] and letter["Date"].datetime and letter["Subject"])
        self.assertEqual(letter.get_content_type(), "multipart/report")
        self.assertEqual(letter.get_param("report-type"), "delivery-status")
        self.assertEqual(letter.defects, [])
        text, status, returned = letter.get_payload()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertEqual(status.get_content_type(), "message/delivery-status")
        message, *recipients = status.get_payload()
        self.assertEqual(message["Reporting-MTA"], "dns; mail.a.example")
        self.assertIsNotNone(email.utils.parsedate_to_datetime(message["Arrival-Date"]))
        self.text, self.returned = text.get_content(), returned
        return message, recipients

    def one(self, count=1):
        letters = self.letters(count)
        self.assertEqual(len(letters), count)
        message, recipients = self.report(letters[-1])
        self.assertEqual(len(recipients), 1)
        return message, recipients[0]

    def assert_fields(self, fields, **wanted):
        for name, value in wanted.items():
            self.assertEqual(fields[name.replace("_", "-")], value, name)

    def test_success_to_a_mailbox_here(self):
        self.start_home()
        self.send(self.home, ALICE, DAVE, "--notify", "success", "--ret", "hdrs", "--envid", "trip 7+=")
        message, recipient = self.one()
        self.assert_fields(message, Original_Envelope_Id="trip 7+=")
        self.assert_fields(recipient, Final_Recipient=f"rfc822; {DAVE}", Original_Recipient=f"rfc822; {DAVE}", Action="delivered", Diagnostic_Code=None)
        self.assertRegex(recipient["Status"], r"^2\.\d+\.\d+$")
        self.assertIn("was delivered", self.text)
        self.assertEqual(self.returned.get_content_type(), "text/rfc822-headers")
        self.assertEqual(len(self.letters(user=DAVE)), 1)
        self.queue_is_empty()

    def test_passed_on_to_a_server_that_does_not_tell(self):
        self.start_home()
        sink = self.sink("127.0.0.3", lambda verb, line: NO_DSN if verb == "EHLO" else None)
        self.send(self.home, ALICE, BOB, "--notify", "success,failure,delay", "--envid", "x1")
        message, recipient = self.one()
        self.assert_fields(message, Original_Envelope_Id="x1")
        self.assert_fields(recipient, Final_Recipient=f"rfc822; {BOB}", Action="relayed", Remote_MTA="dns; mail.b.example", Diagnostic_Code="smtp; 250 2.0.0 taken")
        self.assertRegex(recipient["Status"], r"^2\.\d+\.\d+$")
        self.assertIn("mail.b.example", self.text)
        self.assertEqual(len(self.taken(sink)), 1)
        for line in sink.lines:
            self.assertNotRegex(line, "NOTIFY|ORCPT|RET=|ENVID")
        self.queue_is_empty()

    def test_passed_on_to_a_server_that_tells(self):
        self.start_home()
        sink = self.sink("127.0.0.3")
        self.submit([BOB, "carol@b.example"], ["RET=HDRS", "ENVID=trip+2B7"], ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Bob+2Bwork@b.example"])
        self.taken(sink)
        self.queue_is_empty()
        [mail] = [line for line in sink.lines if line.startswith("MAIL")]
        self.assertIn(" RET=HDRS", mail)
        self.assertIn(" ENVID=trip+2B7", mail)
        recipients = [line for line in sink.lines if line.startswith("RCPT")]
        self.assertEqual(len(recipients), 2)
        for line in recipients:
            self.assertEqual(set(re.search(r" NOTIFY=(\S+)", line)[1].split(",")), {"SUCCESS", "DELAY"})
            self.assertIn(" ORCPT=rfc822;Bob+2Bwork@b.example", line)
        self.assertEqual(inbox(self.home, ALICE), [])

    def test_failure_with_the_header_only(self):
        self.start_home()
        self.sink("127.0.0.3", lambda verb, line: "550 5.1.1 no such user" if verb == "RCPT" else None)
        self.submit([BOB], ["RET=HDRS", "ENVID=trip+2B7"], ["ORCPT=rfc822;robert@b.example"], text="the body\r\n")
        message, recipient = self.one()
        self.assert_fields(message, Original_Envelope_Id="trip+7")
        self.assert_fields(recipient, Original_Recipient="rfc822; robert@b.example", Final_Recipient=f"rfc822; {BOB}", Action="failed", Status="5.1.1",
                           Remote_MTA="dns; mail.b.example", Diagnostic_Code="smtp; 550 5.1.1 no such user")
        self.assertIsNotNone(email.utils.parsedate_to_datetime(recipient["Last-Attempt-Date"]))
        self.assertEqual(self.returned.get_content_type(), "text/rfc822-headers")
        self.assertIn("Subject: Pickle", self.returned.get_payload())
        self.assertNotIn("the body", self.returned.as_string())
        self.queue_is_empty()

    def test_failure_with_the_whole_message(self):
        self.start_home()
        self.sink("127.0.0.3", lambda verb, line: "550 5.1.1 no such user" if verb == "RCPT" and "bob" in line else None)
        self.submit([BOB, "carol@b.example"], ["RET=FULL"], text="the body\r\n")
        message, recipient = self.one()
        self.assert_fields(message, Original_Envelope_Id=None)
        self.assert_fields(recipient, Final_Recipient=f"rfc822; {BOB}", Action="failed", Status="5.1.1")
        self.assertEqual(self.returned.get_content_type(), "message/rfc822")
        self.assertEqual(self.returned.get_payload()[0].get_content().strip(), "the body")
        self.queue_is_empty()

    def test_whoever_does_not_want_to_know_is_not_told(self):
        self.start_home()
        sink = self.sink("127.0.0.3", lambda verb, line: "550 5.1.1 no such user" if verb == "RCPT" and "bob" in line else None)
        self.send(self.home, ALICE, BOB, "--notify", "never")
        self.submit([BOB], recipient_options=["NOTIFY=SUCCESS"])
        self.submit([BOB], recipient_options=["NOTIFY=DELAY"])
        self.queue_is_empty()
        self.assertEqual(sum(line.startswith("RCPT") for line in sink.lines), 3)
        self.assertEqual(inbox(self.home, ALICE), [])

    def test_a_delay_is_told_of_once(self):
        self.start_home('[queue]\nwarn_after = "1 s"\nretry = ["1 s"]\n')
        self.send(self.home, ALICE, BOB, "--envid", "x")
        message, recipient = self.one()
        self.assert_fields(message, Original_Envelope_Id="x")
        self.assert_fields(recipient, Final_Recipient=f"rfc822; {BOB}", Action="delayed")
        self.assertRegex(recipient["Status"], r"^4\.\d+\.\d+$")
        self.assertIn("mail.b.example", recipient["Diagnostic-Code"])
        until = email.utils.parsedate_to_datetime(recipient["Will-Retry-Until"]) - email.utils.parsedate_to_datetime(message["Arrival-Date"])
        self.assertEqual(round(until.total_seconds() / 3600), 5 * 24)
        self.assertEqual(self.returned.get_content_type(), "text/rfc822-headers")
        self.assertIn("You need not send it again", " ".join(self.text.split()))

        # It is tried again, and nobody hears of it again.
        attempts = queue(self.home, "list")[0]["recipients"][0]["attempts"]
        eventually(lambda: queue(self.home, "list")[0]["recipients"][0]["attempts"] >= attempts + 2, "it is tried again and again")
        self.assertEqual(len(inbox(self.home, ALICE)), 1)
        sink = self.sink("127.0.0.3")
        queue(self.home, "retry", "--all")
        self.taken(sink)
        self.queue_is_empty()

    def test_a_notification_that_cannot_be_delivered_is_the_last(self):
        """A stranger wants to know that alice has it, and then takes no mail."""
        self.start_home()
        sink = self.sink("127.0.0.3", lambda verb, line: "550 5.1.1 no such user" if verb == "RCPT" else None)
        with smtplib.SMTP(self.home.address, self.home.port("smtp"), timeout=LIMIT) as client:
            client.sendmail(BOB, [ALICE], "Subject: hello\r\n\r\nhello\r\n", rcpt_options=["NOTIFY=SUCCESS"])
        eventually(lambda: any(line.startswith("RCPT") for line in sink.lines), "it is tried")
        self.assertIn("MAIL FROM:<>", next(line for line in sink.lines if line.startswith("MAIL")))
        self.assertIn("NOTIFY=NEVER", next(line for line in sink.lines if line.startswith("RCPT")))  # RFC 3461 §6.2
        self.queue_is_empty()
        self.assertEqual(len(inbox(self.home, ALICE)), 1)


class Waiting(Outbound):
    def test_a_message_for_later(self):
        self.start_home()
        sink = self.sink("127.0.0.3")
        self.submit([BOB], ["HOLDFOR=3600"])
        [entry] = queue(self.home, "list")
        recipient = entry["recipients"][0]
        self.assertEqual((recipient["attempts"], recipient["reason"]), (0, "waiting for its time"))
        hold = datetime.datetime.fromisoformat(recipient["due"]) - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(hold.total_seconds(), 3600, delta=LIMIT)
        # What comes later goes first.
        self.submit(["carol@b.example"], ["HOLDFOR=1"])
        self.taken(sink)
        self.assertEqual([recipients for _, recipients, _ in sink.messages], [["carol@b.example"]])
        self.home.stop()
        self.home.start()
        self.assertEqual([entry["id"] for entry in queue(self.home, "list")], [entry["id"]])
        # No operator hurries what its sender has dated.
        queue(self.home, "retry", entry["id"])
        self.assertEqual(queue(self.home, "list")[0]["recipients"][0]["due"], recipient["due"])
        # It is thought better of.
        self.assertEqual(queue(self.home, "drop", "--recipient", BOB)["messages"], 1)
        self.queue_is_empty()
        with self.assertRaises(smtplib.SMTPSenderRefused):
            self.submit([BOB], [f"HOLDFOR={400 * 86400}"])


class Addresses(Outbound):
    def test_an_address_literal(self):
        self.start_home()
        sink = self.sink("127.0.0.4")
        self.send(self.home, ALICE, "bob@[127.0.0.4]")
        self.assertEqual(self.taken(sink)[0][1], ["bob@[127.0.0.4]"])
        self.queue_is_empty()
        self.assertIn("127.0.0.4", queue(self.home, "route", "x@[127.0.0.4]")["route"])

    def test_a_smart_host_that_is_an_address(self):
        self.start_home(f'[[route]]\ndomains = ["*"]\nhost = "127.0.0.4"\nport = {self.smtp_port}\n')
        sink = self.sink("127.0.0.4")
        self.send(self.home, ALICE, BOB)
        self.assertEqual(self.taken(sink)[0][1], [BOB])
        self.queue_is_empty()

    def test_internationalised_domains_and_names(self):
        self.start_home(outbound='connection_kept = "0 s"', zones={"xn--bcher-kva.example": "@ MX 10 mail\nmail A 127.0.0.3"})
        capabilities = ["250-sink", "250-PIPELINING", "250 8BITMIME"]
        sink = self.sink("127.0.0.3", lambda verb, line: "\r\n".join(capabilities) if verb == "EHLO" else None)
        self.send(self.home, ALICE, "bob@bücher.example")
        self.assertEqual(self.taken(sink)[0][1], ["bob@xn--bcher-kva.example"])
        self.queue_is_empty()
        # A name needs a server that knows SMTPUTF8.
        self.send(self.home, ALICE, "jürgen@bücher.example")
        report = self.letters()[0]
        self.assertEqual(report.get_param("report-type"), "global-delivery-status")  # RFC 6533: the message was one for SMTPUTF8
        fields = report.get_payload()[1].as_bytes().decode()
        self.assertIn("Action: failed", fields)
        self.assertIn("Status: 5.6.7", fields)
        self.assertRegex(fields, "Final-Recipient: utf-8; jürgen@(bücher|xn--bcher-kva).example")
        self.queue_is_empty()
        capabilities.insert(1, "250-SMTPUTF8")
        self.send(self.home, ALICE, "jürgen@bücher.example")
        sender, recipients, _ = self.taken(sink, 2)[1]
        self.assertRegex(recipients[0], "^jürgen@(bücher|xn--bcher-kva).example$")
        self.assertTrue(any("SMTPUTF8" in line for line in sink.lines if line.startswith("MAIL")))
        self.queue_is_empty()

    def test_source_addresses(self):
        self.start_home('[[route]]\ndomains = ["c.example"]\nsources = ["127.0.0.8"]\n', 'sources = ["127.0.0.7", "127.0.0.9"]\nconnection_kept = "0 s"',
                        zones={"c.example": "@ MX 10 mail\nmail A 127.0.0.4"})
        sink, other = self.sink("127.0.0.3"), self.sink("127.0.0.4")
        for n in range(4):
            self.send(self.home, ALICE, BOB)
            self.taken(sink, n + 1)
            self.queue_is_empty()
        self.send(self.home, ALICE, "carol@c.example")
        self.taken(other)
        self.assertEqual(set(sink.clients), {"127.0.0.7", "127.0.0.9"})
        self.assertEqual(set(other.clients), {"127.0.0.8"})


if __name__ == "__main__":
    unittest.main()
