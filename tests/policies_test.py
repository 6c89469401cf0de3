"""What recipients' domains and senders demand of the way: MTA-STS policies over HTTPS, REQUIRETLS, 7 bits; and LMTP servers that answer oddly."""
import email
import http.server
import smtplib
import ssl
import threading
import unittest

from certificates import Authority
from harness import LIMIT, PASSWORD, eventually
from hostile_peer_test import Hosts
from outbound_test import ALICE, BOB, Outbound, server_tls
from post import free_port
from relay_test import inbox, queue


class PolicyHost:
    """HTTPS for many domains: the policy of each, by the name that is asked for."""

    def __init__(self, address, port, pair):
        self.policies = {}
        self.asked = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.headers["Host"].split(":")[0].removeprefix("mta-sts.")
                host.asked.append(name)
                policy = host.policies.get(name)
                right = policy and self.path == "/.well-known/mta-sts.txt"
                self.send_response(200 if right else 404)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write((policy if right else "nothing here").encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.server.socket = server_tls(pair).wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Policies(Outbound):
    """Domains below s.example, each with a host and a policy of its own."""

    # The mode, the host that the policy names (none: its own), and the sink that the host is.
    cases = {"right": ("enforce", None, "good"), "unnamed": ("enforce", "mx.elsewhere.example", "good"), "bare": ("enforce", None, "bare"),
             "untrusted": ("enforce", None, "untrusted"), "testing": ("testing", None, "bare"), "off": ("none", None, "bare"),
             "plain": (None, None, "bare"), "relayed": ("enforce", None, "bare"), "wanting": ("enforce", None, "good"), "strict": ("enforce", None, "strict")}
    strict_ehlo = "250-sink\r\n250-STARTTLS\r\n250-REQUIRETLS\r\n250-DSN\r\n250 8BITMIME"

    def start(self):
        ours, other = Authority(self.folder, "ours"), Authority(self.folder, "other")
        names = [f"mx.{name}.s.example" for name in self.cases]
        pair, untrusted = ours.issue(*names), other.issue(*names)
        self.sinks = {"good": self.sink("127.0.0.3", tls=server_tls(pair)), "bare": self.sink("127.0.0.4"), "untrusted": self.sink("127.0.0.5", tls=server_tls(untrusted)),
                      "strict": self.sink("127.0.0.7", lambda verb, line: self.strict_ehlo if verb == "EHLO" else None, tls=server_tls(pair))}
        addresses = {"good": "127.0.0.3", "bare": "127.0.0.4", "untrusted": "127.0.0.5", "strict": "127.0.0.7"}
        published = [name for name, (mode, _, _) in self.cases.items() if mode]
        self.https_port = free_port(("127.0.0.6",))
        self.policy_host = PolicyHost("127.0.0.6", self.https_port, ours.issue(*[f"mta-sts.{name}.s.example" for name in published]))
        self.addCleanup(self.stop_policies)
        zone = []
        for name, (mode, named, sink) in self.cases.items():
            zone += [f"{name} MX 10 mx.{name}", f"mx.{name} A {addresses[sink]}"]
            if mode:
                zone += [f'_mta-sts.{name} TXT "v=STSv1; id=one;"', f"mta-sts.{name} A 127.0.0.6"]
                self.policy_host.policies[f"{name}.s.example"] = f"version: STSv1\r\nmode: {mode}\r\nmx: {named or f'mx.{name}.s.example'}\r\nmax_age: 604800\r\n"
        tls = ours.issue("mail.a.example")
        self.start_home(f'[tls]\ncertificate = "{tls[0]}"\nkey = "{tls[1]}"\n[[route]]\ndomains = ["relayed.s.example"]\nhost = "127.0.0.4"\nport = {self.smtp_port}\n',
                        f'ca_file = "{ours.file}"\nmta_sts_port = {self.https_port}', zones={"s.example": "\n".join(zone)})

    def stop_policies(self):
        if self.policy_host:
            self.policy_host.stop()
            self.policy_host = None

    def came(self):
        return {recipients[0].split("@")[1].split(".")[0]: encrypted for sink in self.sinks.values()
                for (_, recipients, _), encrypted in zip(list(sink.messages), list(sink.encrypted))}

    def test_what_domains_publish_is_kept_to(self):
        self.start()
        names = [name for name in self.cases if name not in ("wanting", "strict")]
        for name in names:
            self.send(self.home, ALICE, f"x@{name}.s.example")
        eventually(lambda: len(queue(self.home, "list")) == 3, "all others are gone")
        waiting = self.waiting()
        self.assertIn("the MTA-STS policy of unnamed.s.example does not name mx.unnamed.s.example", waiting["x@unnamed.s.example"]["reason"])
        self.assertIn("does not offer encryption (STARTTLS), and it is required: MTA-STS", waiting["x@bare.s.example"]["reason"])
        self.assertIn("certificate", waiting["x@untrusted.s.example"]["reason"])
        self.assertEqual(self.came(), {"right": True, "testing": False, "off": False, "plain": False, "relayed": False})
        self.assertIn("verified=true", next(line for line in self.home.log_text().splitlines() if "relay.connected" in line and "mx.right.s" in line))

        # RFC 8461 §5.1: a policy holds until it expires, whoever has taken the HTTPS server away meanwhile, and over a restart.
        self.stop_policies()
        self.assertEqual(self.home.stop(), 0)
        self.home.start()
        self.send(self.home, ALICE, "y@bare.s.example")
        self.send(self.home, ALICE, "y@right.s.example")
        eventually(lambda: any(recipients == ["y@right.s.example"] for _, recipients, _ in self.sinks["good"].messages), "the good one gets its letter")
        eventually(lambda: "MTA-STS" in self.waiting().get("y@bare.s.example", {"reason": ""})["reason"], "the bare one does not")
        self.assertEqual({recipients[0] for _, recipients, _ in self.sinks["bare"].messages} & {"x@bare.s.example", "y@bare.s.example"}, set())

    def submit_requiring(self, recipient):
        with smtplib.SMTP(self.home.address, self.home.port("submission"), timeout=LIMIT) as client:
            client.starttls(context=ssl._create_unverified_context())
            client.login(ALICE, PASSWORD)
            self.assertTrue(client.has_extn("requiretls"))
            client.sendmail(ALICE, [recipient], f"From: {ALICE}\r\nTo: {recipient}\r\nSubject: x\r\n\r\nHello.\r\n", ["REQUIRETLS"])

    def test_requiretls_is_passed_on_or_the_message_comes_back(self):
        self.start()
        # Nobody vouches for the host of a domain without a policy, so it waits until somebody does.
        for name in ("strict", "wanting", "plain"):
            self.submit_requiring(f"x@{name}.s.example")
        self.taken(self.sinks["strict"])
        self.assertTrue(self.sinks["strict"].encrypted[0])
        self.assertTrue(any(line.startswith("MAIL") and "REQUIRETLS" in line for line in self.sinks["strict"].lines))
        report = self.letters()[0]
        fields = report.get_payload()[1].get_payload()[1]
        self.assertEqual((fields["Final-Recipient"], fields["Status"]), ("rfc822; x@wanting.s.example", "5.7.30"))
        waiting = self.waiting()
        self.assertEqual(set(waiting), {"x@plain.s.example"})
        self.assertIn("neither DNSSEC nor MTA-STS vouches for mx.plain.s.example", waiting["x@plain.s.example"]["reason"])
        self.assertEqual(self.came(), {"strict": True})


class SevenBits(Outbound):
    def test_what_a_host_cannot_take_is_converted_for_it_alone(self):
        old = self.sink("127.0.0.3", lambda verb, line: "250-old\r\n250 PIPELINING" if verb == "EHLO" else None)
        new = self.sink("127.0.0.4")
        self.start_home(zones={"c.example": "@ MX 10 mail\nmail A 127.0.0.4"})
        text = "Grüße aus Köln, \u20ac 5\r\n.und ein Punkt\r\n"
        message = (f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}").encode()
        with smtplib.SMTP(self.home.address, self.home.port("submission"), timeout=LIMIT) as client:
            client.login(ALICE, PASSWORD)
            client.sendmail(ALICE, [BOB, "carol@c.example"], message, ["BODY=8BITMIME"])
        converted, whole = self.taken(old)[0][2], self.taken(new)[0][2]
        self.assertTrue(converted.isascii())
        parsed = email.message_from_bytes(converted)
        self.assertEqual(parsed["Content-Transfer-Encoding"], "quoted-printable")
        self.assertEqual(parsed.get_payload(decode=True), text.encode())
        self.assertFalse(any("BODY=" in line for line in old.lines))
        self.assertTrue(whole.endswith(text.encode()))
        self.assertTrue(any("BODY=8BITMIME" in line for line in new.lines))
        self.queue_is_empty()


class Lmtp(Outbound):
    """RFC 2033: every recipient has an answer of its own after the message."""

    def start(self, act):
        self.lmtp_port = free_port(("127.0.0.3",))

        def answer(stage, talk):
            if stage == "lhlo":
                return "250-store\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES"
            if stage == "ehlo" or stage == "helo":
                return "500 5.5.1 this is LMTP"
            return act(stage, talk)
        self.hosts = Hosts(self.lmtp_port, {"127.0.0.3": answer})
        self.addCleanup(self.hosts.stop)
        self.start_home(f'[[route]]\ndomains = ["l.example"]\nhost = "127.0.0.3"\nport = {self.lmtp_port}\nprotocol = "lmtp"\n', 'connection_kept = "60 s"')

    def recipients(self):
        return {recipient["address"].split("@")[0]: recipient for entry in queue(self.home, "list") for recipient in entry["recipients"]}

    def test_each_recipient_is_answered_for_itself(self):
        self.start(lambda stage, talk: "250 2.1.5 <a> kept\r\n452 4.2.2 <b> is full\r\n550 5.2.1 <c> is gone" if stage == "end" else None)
        self.submit([f"{name}@l.example" for name in "abc"])
        report = self.letters()[0]
        fields = report.get_payload()[1].get_payload()[1:]
        self.assertEqual([(one["Final-Recipient"], one["Status"]) for one in fields], [("rfc822; c@l.example", "5.2.1")])
        eventually(lambda: set(self.recipients()) == {"b"}, "one is kept, one waits, one came back")
        self.assertIn("452 4.2.2 <b> is full", self.recipients()["b"]["reason"])

    def test_a_connection_that_ends_between_the_answers_is_no_answer_for_the_others(self):
        def act(stage, talk):
            if stage == "end":
                talk.send(b"250 2.1.5 <a> kept\r\n")
                talk.reset()
        self.start(act)
        self.submit([f"{name}@l.example" for name in "ab"])
        eventually(lambda: set(self.recipients()) == {"b"} and self.recipients()["b"]["attempts"], "who was answered is done, who was not waits")

    def test_answers_that_are_too_many_are_nobody_s(self):
        self.start(lambda stage, talk: "250 2.1.5 kept\r\n250 2.1.5 kept\r\n250 2.1.5 and more\r\n550 5.0.0 and more" if stage == "end" else None)
        self.submit([f"{name}@l.example" for name in "ab"])
        self.queue_is_empty()
        # What came too much is not taken for the answers of the next message, which would fail by it.
        self.submit(["c@l.example"])
        eventually(lambda: self.recipients()["c"]["attempts"], "the next one has been tried")
        self.assertIn("the server said what nobody asked for", self.recipients()["c"]["reason"])
        self.assertEqual(inbox(self.home, ALICE), [])


if __name__ == "__main__":
    unittest.main()
