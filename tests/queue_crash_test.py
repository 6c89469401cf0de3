"""Ten thousand messages for a thousand destinations, of which a third are dead, while the server is killed again and again."""
import base64
import json
import pathlib
import random
import re
import socket
import threading
import unittest

from harness import LIMIT, PASSWORD, eventually
from post import Post

ALICE = "alice@a.example"
DESTINATIONS = 1000
MESSAGES = 10_000
CLIENTS = 16
KILLS = 6
MEMORY_MAX_KIB = 400 * 1024


def is_dead(number):
    return number % 3 == 0


class Injector(threading.Thread):
    """Sends its share of messages by submission, and notes those that got 250; goes on after the server has been away."""

    def __init__(self, server, numbers):
        super().__init__(daemon=True)
        self.server, self.numbers, self.taken = server, list(numbers), []

    def run(self):
        while self.numbers:
            try:
                self.session()
            except (OSError, EOFError):
                pass

    def session(self):
        with socket.create_connection((self.server.address, self.server.port("submission")), timeout=LIMIT) as connection:
            file = connection.makefile("rwb")

            def replies(count):
                file.flush()
                for _ in range(count):
                    while True:
                        line = file.readline()
                        if not line:
                            raise EOFError
                        if line[3:4] != b"-":
                            break
                    if line[:1] not in b"23":
                        raise EOFError(line)

            login = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode())
            replies(1)
            file.write(b"EHLO crash.example\r\n")
            replies(1)
            file.write(b"AUTH PLAIN " + login + b"\r\n")
            replies(1)
            while self.numbers:
                number = self.numbers[-1]
                file.write(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<u@d{number % DESTINATIONS}.many.example>\r\nDATA\r\n".encode())
                replies(3)
                file.write(f"Subject: crash\r\nX-Number: {number}\r\n\r\nhello\r\n.\r\n".encode())
                replies(1)
                self.taken.append(self.numbers.pop())


class QueueCrash(Post):
    def test_nothing_is_lost_and_nothing_starves(self):
        lines = []
        for n in range(DESTINATIONS):
            lines.append(f"d{n} MX 10 h{n}\nh{n} A {'127.0.0.9' if is_dead(n) else '127.0.0.3'}")
        dns = self.name_server({"many.example": "\n".join(lines), "a.example": "@ MX 10 mail\nmail A 127.0.0.2"})
        server = self.configured("mail.a.example", "127.0.0.2", ["a.example"], dns, f'[queue]\nretry = ["5 s"]\n[log]\nlevel = "error"\n')
        server.account(ALICE)
        sink = self.sink("127.0.0.3")
        injectors = [Injector(server, range(first, MESSAGES, CLIENTS)) for first in range(CLIENTS)]
        for injector in injectors:
            injector.start()
        seen = lambda: sum(len(injector.taken) for injector in injectors)
        peak = under_way = 0
        for kill in range(KILLS):
            goal = MESSAGES * (kill + 1) // (KILLS + 1) + random.randrange(200)
            eventually(lambda: seen() >= goal, f"{goal} messages are taken")
            peak = max(peak, self.memory_kib(server))
            under_way += self.kill(server, sink)
        for injector in injectors:
            injector.join(LIMIT)
        self.assertEqual(seen(), MESSAGES)
        taken = {number for injector in injectors for number in injector.taken}
        alive = {number for number in taken if not is_dead(number % DESTINATIONS)}

        arrived = []
        # Once more, with nothing but the queue at work.
        under_way += self.kill(server, sink)

        def all_arrived():
            new = sink.messages[len(arrived):]
            arrived.extend(int(re.search(rb"X-Number: (\d+)", body)[1]) for _, _, body in new)
            return len(arrived) >= len(alive) and alive <= set(arrived)

        eventually(all_arrived, "everything that can be delivered is")
        peak = max(peak, self.memory_kib(server))
        # Twice only what cannot be known: of each connection that a kill broke the message that it had last, whose answer was not
        # written down yet; and what a client sent again because our own 250 was lost.
        self.assertLessEqual(len(arrived) - len(set(arrived)), under_way + KILLS * CLIENTS)
        # What was taken, but whose 250 did not get through, was sent again by its client.
        dead = MESSAGES - len(alive)
        eventually(lambda: dead <= self.waiting(server) <= dead + KILLS * CLIENTS, "the queue has what cannot be delivered, and nothing else")
        self.assertLess(peak, MEMORY_MAX_KIB)
        entry = json.loads(server.command("--json", "queue", "list", "--limit", "1").stdout)[0]
        self.assertIn("refuses the connection", entry["recipients"][0]["reason"])
        server.stop()
        self.assertIn('"clean":true', server.command("--json", "store", "verify").stdout)

    def kill(self, server, sink):
        """How many connections it had with the living."""
        there, begun = len(sink.open), sink.connections
        server.kill()
        broken = there + sink.connections - begun
        server.start()
        return broken

    def waiting(self, server):
        groups = json.loads(server.command("--json", "queue", "list", "--by", "state").stdout)
        return sum(group["recipients"] for group in groups)

    def memory_kib(self, server):
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


if __name__ == "__main__":
    unittest.main()
