"""What a streamed chunk costs the router in each dialect, in CPU time of its process: paced streams side by side, as many chunks for each,
and the same from Ollama's own API, whose bytes are passed on as they are. Prints, judges nothing."""

import json
import os
import pathlib
import socket
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import house  # noqa: E402

STREAMS, CHUNKS, PAUSE_MS = 8, 1000, 2
PATHS = {"relay (/api/chat)": "/api/chat", "chat/completions": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}


def cpu(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stream(port: int, path: str, clock: float):
    text = f"[[chunks:{CHUNKS}]] [[delay:{PAUSE_MS * clock:g}]] go"
    body = {"model": "router", "stream": True, "max_tokens": 100_000}
    body["input" if path.endswith("responses") else "messages"] = [{"role": "user", "content": text}]
    data = json.dumps(body).encode()
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        seen = b""
        while part := link.recv(1 << 16):
            seen = (seen + part)[-400:]
        if not seen.endswith(b"0\r\n\r\n"):
            raise AssertionError(f"{path}: {seen[-200:]!r}")


def main():
    clock = 1.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        fleet = house.Fleet(pathlib.Path(folder), clock, "--num-parallel", str(STREAMS))
        try:
            fleet.file.write_text(fleet.file.read_text().replace("qwen3:1.7b: {", f"qwen3:1.7b: {{ parallel: {STREAMS},"))
            fleet.reload()
            house.until("the slots", lambda: fleet.router.health()["config"]["generation"] > 1)
            pid, first = fleet.router.process.pid, None
            for name, path in PATHS.items():
                took = []
                for _ in range(3):
                    before = cpu(pid)
                    threads = [threading.Thread(target=stream, args=(fleet.router.port, path, clock)) for _ in range(STREAMS)]
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()
                    took.append((cpu(pid) - before) / STREAMS / CHUNKS * 1e6)
                best = min(took)
                first = first or best
                print(f"{name:20} {best:7.1f} us a chunk   {best / first:5.2f} of the relay", flush=True)
        finally:
            fleet.stop()


if __name__ == "__main__":
    main()
