"""The load of the bench, a process of its own: clients that post prepared requests as fast as they are answered."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

CLIENTS = 16


@dataclass
class Load:
    """What the clients share: requests to take, and what became of them as (end, seconds, status)."""

    port: int
    path: str
    requests: deque[tuple[str, dict[str, str]]]
    until: float
    answers: list[tuple[float, float, int]] = field(default_factory=list)

    def client(self) -> None:
        """One connection that is kept; ends with the time, with the requests, or with the first fault."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        while (began := time.perf_counter()) < self.until:
            try:
                body, headers = self.requests.popleft()
            except IndexError:
                self.until = min(self.until, began)
                break
            status = self._post(connection, body, headers)
            ended = time.perf_counter()
            self.answers.append((ended, ended - began, status))
        connection.close()

    def _post(self, connection: HTTPConnection, body: str, headers: dict[str, str]) -> int:
        try:
            connection.request("POST", self.path, body.encode(), headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except OSError:
            connection.close()
            return 0


def main() -> int:
    """Warm up, measure, and print the figures as JSON."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--port", type=int, required=True)
    said.add_argument("--path", required=True)
    said.add_argument("--requests", type=Path, required=True, help="a line each: body and headers")
    said.add_argument("--warm-up", type=float, required=True)
    said.add_argument("--seconds", type=float, required=True)
    given = said.parse_args()
    requests = deque(tuple(json.loads(line)) for line in given.requests.open(encoding="utf-8"))
    start = time.perf_counter() + given.warm_up
    load = Load(given.port, given.path, requests, start + given.seconds)
    clients = [threading.Thread(target=load.client) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    measured = [seconds for end, seconds, _ in load.answers if start <= end < load.until]
    print(
        json.dumps(
            {
                "a_second": len(measured) / (load.until - start),
                "seconds": measured,
                "answered": len(load.answers),
                "faults": [status for *_, status in load.answers if status != 200],
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
