"""The service, with what the standard library has."""

import hashlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from words import team_of

MOST, PATIENCE = 32768, 2.0
LEVEL = {"DEBUG": 0, "INFO": 1}.get(os.environ.get("LOG_LEVEL", "INFO"), 2)
WEIGHTS = Path(__file__).parent.parent / "weights" / "words.json"
TEAMS = json.loads(WEIGHTS.read_text(encoding="utf-8"))
MODEL = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
BOUNDS = (0.001, 0.01, 0.1, 1)
COUNTED, TIMED, LOCK = {}, {}, threading.Lock()
ROUTES = {"/healthz": "GET", "/readyz": "GET", "/about": "GET", "/api.json": "GET", "/internal/metrics": "GET", "/classify": "POST"}
FIELDS = {"text": (str, "what the person wrote"), "channel": (str, "where it came in"), "urgent": (bool, "whether it cannot wait")}
TITLES = {400: "Bad request", 404: "Not found", 405: "Wrong method", 413: "Too large", 415: "Wrong type", 422: "Not valid"}


class Refused(Exception):
    def __init__(self, status, detail, headers=()):
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers)


def document():
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    errors = {str(status): {"description": title, "content": problem} for status, title in TITLES.items()}
    kinds = {str: {"type": "string", "maxLength": 20000}, bool: {"type": "boolean"}}
    body = {"type": "object", "required": list(FIELDS), "additionalProperties": False}
    body["properties"] = {name: {**kinds[kind], "description": said} for name, (kind, said) in FIELDS.items()}
    anything = {"application/json": {"schema": {"type": "object"}}}
    ok = {"200": {"description": "OK", "content": anything}}
    paths = {path: {"get": {"responses": ok}} for path, method in ROUTES.items() if method == "GET" and "metrics" not in path}
    asked = {"required": True, "content": {"application/json": {"schema": body}}}
    paths["/classify"] = {"post": {"requestBody": asked, "responses": {**ok, **errors}}}
    return {"openapi": "3.1.0", "info": {"title": "Triage", "version": "1"}, "paths": paths}


def metrics():
    lines = ["# HELP http_requests_total Requests.", "# TYPE http_requests_total counter"]
    lines += [f'http_requests_total{{path="{path}",status="{status}"}} {n}' for (path, status), n in sorted(COUNTED.items())]
    lines += ["# HELP http_request_duration_seconds Their time.", "# TYPE http_request_duration_seconds histogram"]
    for path, taken in sorted(TIMED.items()):
        name = "http_request_duration_seconds"
        for bound in BOUNDS:
            lines.append(f'{name}_bucket{{path="{path}",le="{bound}"}} {taken[bound]}')
        lines.append(f'{name}_bucket{{path="{path}",le="+Inf"}} {taken["count"]}')
        lines += [f'{name}_count{{path="{path}"}} {taken["count"]}', f'{name}_sum{{path="{path}"}} {taken["sum"]}']
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", PATIENCE

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        began, path = time.monotonic(), self.path.partition("?")[0]
        given = self.headers.get("X-Request-ID", "")
        self.id = given if re.fullmatch(r"[\w.-]{8,64}", given, re.ASCII) else uuid.uuid4().hex
        told = {}
        self.read_all = self.headers.get("Content-Length") in (None, "0") and "Transfer-Encoding" not in self.headers
        try:
            kind, content = self.handled(path, told)
            status, headers = 200, {}
        except Refused as refused:
            status, headers, kind = refused.status, refused.headers, "application/problem+json"
            content = json.dumps({"title": TITLES[status], "status": status, "detail": refused.detail})
        known = path if path in ROUTES else "unknown"
        with LOCK:
            COUNTED[known, status] = COUNTED.get((known, status), 0) + 1
            taken = TIMED.setdefault(known, dict.fromkeys((*BOUNDS, "count", "sum"), 0))
            seconds = time.monotonic() - began
            taken["count"] += 1
            taken["sum"] += seconds
            for bound in BOUNDS:
                taken[bound] += seconds <= bound
        if LEVEL <= 1:
            line = {"request_id": self.id, "path": known, "status": status, **told}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
        self.reply(status, kind, content, headers)

    def handled(self, path, told):
        if path not in ROUTES:
            raise Refused(404, "There is nothing here.")
        if self.command != ROUTES[path]:
            raise Refused(405, "Another method is needed.", {"Allow": ROUTES[path]})
        if path == "/api.json":
            return "application/json", json.dumps(document())
        if path == "/about":
            return "application/json", json.dumps({"model_sha256": MODEL, "teams": sorted(TEAMS)})
        if path == "/internal/metrics":
            return "text/plain; version=0.0.4", metrics()
        if path != "/classify":
            return "application/json", '{"status": "ok"}'
        if self.headers.get_content_type() != "application/json" or "Content-Type" not in self.headers:
            raise Refused(415, "JSON is wanted.")
        body = self.body()
        told |= {"team": team_of(TEAMS, body["text"]), "model": MODEL}
        return "application/json", json.dumps({"team": told["team"]})

    def body(self):
        try:
            body = json.loads(self.raw(), parse_constant=lambda _: {}[0])
        except (ValueError, KeyError, RecursionError):
            raise Refused(400, "The body is no JSON.") from None
        if not isinstance(body, dict) or set(body) != set(FIELDS):
            raise Refused(422, f"An object with the fields {', '.join(FIELDS)} is wanted.")
        for name, (kind, _) in FIELDS.items():
            if not isinstance(body[name], kind) or (kind is str and len(body[name]) > 20000):
                raise Refused(422, f"The field {name} is of another kind.")
        return body

    def raw(self):
        self.until = time.monotonic() + PATIENCE
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                return self.chunks()
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit():
                raise Refused(400, "The length is none.")
            if int(length) > MOST:
                raise Refused(413, f"At most {MOST} bytes are taken.")
            read = b""
            while len(read) < int(length):
                read += self.some(int(length) - len(read))
        except (OSError, ValueError):
            raise Refused(400, "The body did not come.") from None
        self.read_all = True
        return read

    def some(self, most):
        self.connection.settimeout(max(0.01, self.until - time.monotonic()))
        read = self.rfile.read1(most)
        if not read or time.monotonic() > self.until:
            raise OSError("it did not come")
        return read

    def chunks(self):
        read = b""
        while size := int(self.rfile.readline(20), 16):
            if len(read) + size > MOST:
                raise Refused(413, f"At most {MOST} bytes are taken.")
            end = len(read) + size
            while len(read) < end:
                read += self.some(end - len(read))
            self.rfile.readline(4)
        self.rfile.readline(4)
        self.read_all = True
        return read

    def reply(self, status, kind, content, headers):
        self.connection.settimeout(PATIENCE)
        data = content.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "X-Request-ID": self.id, **headers}.items():
            self.send_header(name, value)
        if not self.read_all:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if not self.read_all:
            self.drain()

    def drain(self):
        """What is still on its way is taken, or its sender would not read the answer."""
        self.wfile.flush()
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.3)
            for _ in range(8):
                if not self.connection.recv(65536):
                    break
        except OSError:
            pass

    def version_string(self):
        return "triage"

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = False, 128

    def handle_error(self, *_):
        pass


server = Server(("0.0.0.0", int(os.environ.get("PORT", "8137"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(0.05)
server.server_close()
