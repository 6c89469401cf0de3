"""Servers that mean no good, or are broken: what becomes of a message, and that nobody else's mail suffers.

Every case is a host of its own, and all messages go at once: one server of ours has them all to deal with at the same time."""
import email
import json
import pathlib
import re
import select
import smtplib
import socket
import threading
import time
import unittest

from harness import LIMIT, eventually
from post import Post
from relay_test import inbox, queue

ALICE = "alice@a.example"
EHLO = "250-hostile\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
EHLO_TLS = EHLO.replace("PIPELINING", "PIPELINING\r\n250-STARTTLS")
PLAIN_EHLO = "250 hostile"
USUAL = {"connect": "220 hostile ESMTP", "ehlo": EHLO, "helo": "250 hostile", "mail": "250 2.1.0 ok", "rcpt": "250 2.1.5 ok", "data": "354 go on",
         "end": "250 2.0.0 taken", "rset": "250 2.0.0 ok", "quit": "221 2.0.0 bye", "starttls": "220 2.0.0 go on"}


class Close(Exception):
    """It hangs up."""


class Talk:
    """One connection. `act(stage, talk)` is asked at every stage: a text is the answer, None is the usual one, and Close hangs up; it may also say
    something by itself and answer "". Stages beside the verbs: connect, body (after the first line of it), end (after the final dot)."""

    def __init__(self, connection, act, hosts):
        self.socket, self.act, self.hosts = connection, act, hosts
        self.file = connection.makefile("rb")
        self.said = []
        self.bytewise = False

    def reset(self):
        """Hangs up so that the other side notices at once, whatever it has sent."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raise Close

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, stage):
        reply = self.act(stage, self)
        if reply is None:
            reply = USUAL.get(stage, "250 ok")
        if reply == "":
            return
        data = reply.encode("utf-8", "surrogateescape") + b"\r\n"
        for piece in ([bytes([byte]) for byte in data] if self.bytewise else [data]):
            self.send(piece)

    def run(self):
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.answer("connect")
            while line := self.file.readline():
                self.said.append(line.decode(errors="replace").rstrip("\r\n"))
                verb = re.split("[ :]", self.said[-1].lower())[0]
                if verb == "data":
                    self.data()
                else:
                    self.answer(verb)
                if verb == "quit":
                    break
        except (Close, OSError):
            pass
        finally:
            self.file.close()
            self.socket.close()

    def data(self):
        self.answer("data")
        body, first = b"", True
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise Close
            body += line
            if first:
                self.act("body", self)
            first = False
        self.body = body
        self.answer("end")
        self.hosts.taken.append(body)

    def hang(self):
        """Until the other side has had enough, or the test is over."""
        self.hosts.hanging.append(self)
        self.hosts.over.wait(LIMIT)
        raise Close


class Hosts:
    """Servers at many addresses, one thread that accepts and one for every connection."""

    def __init__(self, port, acts):
        self.taken, self.hanging, self.connections = [], [], {}
        self.over = threading.Event()
        self.acts = {}
        for address, act in acts.items():
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(20)
            self.acts[listener] = (address, act)
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            ready, _, _ = select.select([*self.acts, self.wake], [], [])
            if self.wake in ready:
                return
            for listener in ready:
                connection, _ = listener.accept()
                address, act = self.acts[listener]
                self.connections[address] = self.connections.get(address, 0) + 1
                threading.Thread(target=Talk(connection, act, self).run, daemon=True).start()

    def stop(self):
        self.over.set()
        self.waker.send(b"x")
        self.thread.join(LIMIT)
        for one in [self.wake, self.waker, *self.acts]:
            one.close()


def at(stage, what):
    """Does something at one stage: answers with a text, or calls it."""
    return lambda here, talk: None if here != stage else what(talk) if callable(what) else what


def close(talk):
    raise Close


def go_down(talk):
    talk.send(b"421 4.3.2 going down\r\n")
    raise Close


def several(*acts):
    """The first of them that has an answer."""
    return lambda stage, talk: next((reply for act in acts if (reply := act(stage, talk)) is not None), None)


def without_pipelining(act):
    return several(act, at("ehlo", PLAIN_EHLO))


def bytewise(stage, talk):
    talk.bytewise = True


def forever(data):
    """More of it than anybody should read."""
    def say(talk):
        for _ in range(20000):
            talk.send(data * 100)
        return ""
    return say


def megabytes(reply):
    """5 MB of an answer, and then its end."""
    def say(talk):
        talk.send((f"{reply}-" + "x" * 90 + "\r\n").encode() * 52000)
        return f"{reply} end"
    return say


WAITING, BOUNCED, TAKEN = "waiting", "bounced", "taken"


class Case:
    """What a host does, and what is to come of it: a state, its status, and words in the reason (or in what the sender is told)."""

    def __init__(self, act, state, words="", status=None):
        self.act, self.state, self.words, self.status = act, state, words, status


def refusals():
    """4xx and 5xx at every stage, pipelined and not."""
    cases = {}
    subjects = {"mail": "1.0", "rcpt": "1.0", "data": "6.0", "end": "6.0"}
    for stage, subject in subjects.items():
        for name, wrap in (("", lambda act: act), ("_lockstep", without_pipelining)):
            cases[f"{stage}_451{name}"] = Case(wrap(at(stage, "451 not now")), WAITING, "451 not now")
            cases[f"{stage}_452_enhanced{name}"] = Case(wrap(at(stage, "451 4.2.1 not now")), WAITING, "451 4.2.1 not now")
            cases[f"{stage}_554{name}"] = Case(wrap(at(stage, "554 never")), BOUNCED, "554 never", f"5.{subject}")
            cases[f"{stage}_554_enhanced{name}"] = Case(wrap(at(stage, "554 5.7.1 never")), BOUNCED, "554 5.7.1 never", "5.7.1")
            cases[f"{stage}_421{name}"] = Case(wrap(at(stage, go_down)), WAITING, "421 4.3.2 going down")
    return cases


REFUSED_TO_TALK = {
    "connect_421": Case(at("connect", "421 4.3.2 too busy"), WAITING, "421 4.3.2 too busy"),
    "connect_450": Case(at("connect", "450 later"), WAITING, "450 later"),
    "connect_554": Case(at("connect", "554 go away"), WAITING, "does not want to talk to us: 554 go away"),
    "connect_521": Case(at("connect", "521 no mail here"), BOUNCED, "521 no mail here", "5.3.2"),
    "ehlo_421": Case(at("ehlo", "421 too busy"), WAITING, "421 too busy"),
    "ehlo_451": Case(at("ehlo", "451 later"), WAITING, "451 later"),
    "ehlo_500": Case(at("ehlo", "500 what?"), TAKEN),
    "ehlo_and_helo_550": Case(several(at("ehlo", "550 not you"), at("helo", "550 not you")), BOUNCED, "550 not you", "5.3.2"),
}


def closings():
    """It hangs up at every stage: the message waits, and the reason says where."""
    cases = {"close_before_greeting": Case(at("connect", close), WAITING, "without a greeting"),
             "close_in_reply": Case(at("ehlo", lambda talk: (talk.send(b"250-hostile\r\n250-PIPEL"), close(talk))), WAITING, "closed the connection")}
    for stage in ("ehlo", "mail", "rcpt", "data"):
        cases[f"close_at_{stage}"] = Case(at(stage, close), WAITING, "closed the connection")
        said = "our greeting" if stage == "ehlo" else stage.upper()
        cases[f"close_at_{stage}_lockstep"] = Case(without_pipelining(at(stage, close)), WAITING, f"answer to {said}")
        cases[f"reset_at_{stage}"] = Case(at(stage, Talk.reset), WAITING, "closed the connection")
    for name, how in (("close", close), ("reset", Talk.reset)):
        cases[f"{name}_in_body"] = Case(at("body", how), WAITING, "closed the connection")
        cases[f"{name}_after_dot"] = Case(at("end", how), WAITING, "closed the connection")
    return cases


NONSENSE = {
    "bytewise": Case(bytewise, TAKEN),
    "endless_greeting_lines": Case(at("connect", forever(b"220-blah\r\n")), WAITING, "too long"),
    "endless_greeting_line": Case(at("connect", forever(b"220 blah")), WAITING, "without an end"),
    "endless_ehlo": Case(at("ehlo", forever(b"250-SIZE\r\n")), WAITING, "too long"),
    "megabytes_ehlo": Case(at("ehlo", megabytes(250)), WAITING, "too long"),
    "megabytes_rcpt": Case(at("rcpt", megabytes(550)), WAITING, "too long"),
    "megabytes_end": Case(at("end", megabytes(250)), WAITING, "too long"),
    "no_smtp": Case(at("connect", "HTTP/1.1 400 Bad Request"), WAITING, "no SMTP reply"),
    "code_999": Case(at("mail", "999 hello"), WAITING, "no SMTP reply"),
    "two_codes": Case(at("mail", "250-yes\r\n550 no"), WAITING, "two codes"),
    "data_250": Case(at("data", "250 done"), WAITING, "no answer to it"),
    "unasked": Case(at("connect", "220 hello\r\n250 and more"), WAITING, "nobody asked for"),
    "rcpt_354": Case(at("rcpt", "354 go on"), WAITING, "354 go on"),
    "size_1": Case(at("ehlo", "250-hostile\r\n250 SIZE 1"), BOUNCED, "at most 1", "5.3.4"),
    "escapes": Case(at("rcpt", "550 5.1.1 \x1b[31mred\x07\0\x9b \udcff\udcfe"), BOUNCED, "550 5.1.1", "5.1.1"),
    "no_text": Case(at("rcpt", "550"), BOUNCED, "550", "5.1.0"),
    "other_class": Case(at("rcpt", "550 2.1.5 fine"), BOUNCED, "550 2.1.5 fine", "5.1.0"),
    "crowd_of_lines": Case(at("rcpt", "550-5.1.1 a\r\n" * 90 + "550 5.1.1 b"), BOUNCED, "550", "5.1.1"),
    "header_in_reply": Case(at("rcpt", "550 5.1.1 x\rBcc: eve@example.test\r\r.\r\r"), BOUNCED, "Bcc", "5.1.1"),
}


def no_tls(reply):
    return several(at("ehlo", EHLO_TLS), at("starttls", reply))


def garbage(talk):
    talk.send(b"220 go on\r\n")
    talk.socket.recv(1)
    talk.send(b"\x15\x03\x07 this is no TLS\r\n" * 20)
    raise Close


def close_after_220(talk):
    talk.send(b"220 go on\r\n")
    raise Close


def hang_after_220(talk):
    talk.send(b"220 go on\r\n")
    talk.hang()


# STARTTLS is offered and fails. Where it is only wanted, the message goes without; where the route demands it, it stays.
TLS = {"tls_454": ("454 4.7.0 not now", "STARTTLS: 454 4.7.0 not now"), "tls_554": ("554 5.7.0 never", "STARTTLS: 554 5.7.0 never"),
       "tls_501": ("501 what?", "STARTTLS: 501 what?"), "tls_421": (go_down, "STARTTLS: 421 4.3.2 going down"),
       "tls_close": (close, "without an answer to STARTTLS"), "tls_close_after_220": (close_after_220, ""), "tls_garbage": (garbage, "")}
FAILED_TLS = {name: Case(no_tls(reply), TAKEN) for name, (reply, _) in TLS.items()}
DEMANDED_TLS = {f"{name}_demanded": Case(no_tls(reply), WAITING, words) for name, (reply, words) in TLS.items()}
DEMANDED_TLS["tls_injected_demanded"] = Case(no_tls("220 go on\r\n250 injected"), WAITING, "TLS handshake")
DEMANDED_TLS["tls_not_offered_demanded"] = Case(at("quit", None), WAITING, "does not offer encryption")

HANGS = {f"hang_at_{stage}": at(stage, Talk.hang) for stage in ("connect", "ehlo", "mail", "rcpt", "data", "body", "end")}
HANGS |= {"hang_at_quit": at("quit", Talk.hang), "hang_in_tls": no_tls(hang_after_220)}


def first_address(n):
    return f"127.0.1.{n}"


class Hostile(Post):
    addresses = ("127.0.0.2", *(first_address(n) for n in range(1, 80)))

    def start_all(self, acts, settings=""):
        """A domain NAME.example for every act, and our server."""
        zones = {"a.example": "@ MX 10 mail\nmail A 127.0.0.2"}
        lines = []
        hosts = {}
        for n, (name, act) in enumerate(acts.items(), 1):
            label = name.replace("_", "-")
            lines.append(f"{label} MX 10 mx.{label}\nmx.{label} A {first_address(n)}")
            hosts[first_address(n)] = act
        zones["h.example"] = "\n".join(lines)
        self.addresses_of = {name: first_address(n) for n, name in enumerate(acts, 1)}
        self.hosts = Hosts(self.smtp_port, hosts)
        self.addCleanup(self.hosts.stop)
        self.dns = self.name_server(zones)
        self.home = self.configured("mail.a.example", "127.0.0.2", ["a.example"], self.dns, settings)
        self.home.account(ALICE)

    def address(self, name):
        return f"x@{name.replace('_', '-')}.h.example"

    def send_to_all(self, names):
        """One message each, over one connection."""
        with smtplib.SMTP(self.home.address, self.home.port("submission"), timeout=LIMIT) as client:
            client.login(ALICE, "packetboat")
            for name in names:
                to = self.address(name)
                client.sendmail(ALICE, [to], f"From: {ALICE}\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@a.example>\r\n\r\nHello.\r\n")

    def tried(self):
        """What waits in the queue, by address, once nothing waits for its first attempt and every sender has been told."""
        entries = queue(self.home, "list")
        recipients = {recipient["address"]: (entry, recipient) for entry in entries for recipient in entry["recipients"]}
        done = all(recipient["state"] == "waiting" and recipient["attempts"] for _, recipient in recipients.values())
        return [recipients] if done else None

    def check(self, cases, settings=""):
        self.start_all({name: case.act for name, case in cases.items()}, settings)
        self.send_to_all(cases)
        [waiting] = eventually(self.tried, "everything has been tried")
        bounces = {}
        for report in inbox(self.home, ALICE):
            for fields in report.get_payload()[1].get_payload()[1:]:
                address = fields["Final-Recipient"].removeprefix("rfc822; ")
                self.assertNotIn(address, bounces, "told twice")
                bounces[address] = (report, fields)
        taken = {email.message_from_bytes(body)["Subject"] for body in list(self.hosts.taken)}
        for name, case in cases.items():
            with self.subTest(name):
                address = self.address(name)
                state = WAITING if address in waiting else BOUNCED if address in bounces else TAKEN if name in taken else "lost"
                self.assertEqual(state, case.state, waiting.get(address, (None, None))[1] or bounces.get(address, (None, ""))[1])
                if state == WAITING:
                    self.check_waiting(waiting[address], case, name)
                if state == BOUNCED:
                    self.check_bounced(bounces[address], case)
        self.assertEqual(set(waiting) | set(bounces), {self.address(name) for name, case in cases.items() if case.state != TAKEN})

    def check_waiting(self, found, case, name):
        entry, recipient = found
        self.assertEqual(recipient["attempts"], 1)
        self.assertIn(case.words, recipient["reason"])
        self.assertIn(f"mx.{name.replace('_', '-')}.h.example", recipient["reason"])
        self.assertLess(len(recipient["reason"]), 2000)
        self.assertGreater(recipient["due"], entry["arrived"])
        shown = queue(self.home, "show", entry["id"])
        self.assertRegex(shown["recipients"][0]["status"], r"^4\.\d+\.\d+$")
        self.assertLess(len(shown["dialogue"]), 100_000)
        self.assertNotRegex(shown["dialogue"] + recipient["reason"], "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")

    def check_bounced(self, found, case):
        report, fields = found
        self.assertEqual(report["Return-Path"], "<>")
        self.assertIsNone(report["Bcc"])
        self.assertEqual(fields["Action"], "failed")
        self.assertEqual(fields["Status"], case.status)
        text = report.get_payload()[0].get_content()
        self.assertIn(case.words, " ".join(text.split()))
        self.assertNotRegex(text, "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
        if "Diagnostic-Code" in fields:
            self.assertNotRegex(fields["Diagnostic-Code"], "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


class EveryStage(Hostile):
    def test_refuses(self):
        self.check(refusals() | REFUSED_TO_TALK)

    def test_hangs_up(self):
        self.check(closings())

    def test_talks_nonsense(self):
        self.check(NONSENSE)
        self.assertLess(self.memory_kib(), 600 << 10)

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.home.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    def test_offers_tls_and_fails(self):
        self.check(FAILED_TLS)

    def test_offers_tls_and_fails_where_it_is_demanded(self):
        self.check(DEMANDED_TLS, '[[route]]\ndomains = ["*"]\ntls = "encrypt"\n')
        self.assertEqual(self.hosts.taken, [])


class Hanging(Hostile):
    def test_others_are_served_and_it_stops_at_once(self):
        self.start_all(HANGS | {"good": at("quit", None)})
        self.send_to_all(HANGS)
        # At QUIT the message has been delivered already.
        stuck = [name for name in HANGS if name != "hang_at_quit"]
        eventually(lambda: len(self.hosts.hanging) >= len(stuck), "they hang")
        self.send_to_all(["good"])
        eventually(lambda: any(b"Subject: good" in body for body in self.hosts.taken), "another is served")
        wanted = {self.address(name) for name in stuck}

        def list_waiting():
            return {recipient["address"]: recipient for entry in queue(self.home, "list") for recipient in entry["recipients"]}
        eventually(lambda: set(list_waiting()) == wanted, "the hanging ones are in the queue, and only they")
        for recipient in list_waiting().values():
            self.assertEqual((recipient["attempts"], recipient["state"]), (0, "waiting"))
        under_way = {group["destination"]: group["connections"] for group in queue(self.home, "list", "--by", "destination")}
        self.assertEqual(under_way, {address.partition("@")[2]: 1 for address in wanted})
        entry = queue(self.home, "list", "--recipient", self.address("hang_at_data"))[0]
        self.assertEqual(queue(self.home, "show", entry["id"])["destinations"][0]["connections"], 1)

        begun = time.monotonic()
        self.assertEqual(self.home.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        before = dict(self.hosts.connections)
        self.home.start()
        self.assertEqual(set(list_waiting()), wanted)
        # That we stopped is no reason to make anybody wait.
        addresses = [self.addresses_of[name] for name in stuck]
        eventually(lambda: all(self.hosts.connections[address] > before[address] for address in addresses), "they are tried again")
        self.assertEqual(json.loads(self.home.command("--json", "store", "verify").stdout)["clean"], True)


if __name__ == "__main__":
    unittest.main()
