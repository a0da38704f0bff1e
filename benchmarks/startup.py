"""How long the app takes to its first page and first explanation, and how much memory it holds.

Starts the app on a free port, opens it in a real browser, and reads the server's resident memory
once the first speech network and every text network are loaded.
Run: `python -m benchmarks.startup` (needs the test set-up: Chromium).
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from models import checkpoints

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 180_000  # milliseconds


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def server():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    try:
        yield process, f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


def resident_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The server is gone.")


def wait_until_healthy(address):
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def main():
    rows = []
    with server() as (process, address), sync_playwright() as playwright:
        started = time.perf_counter()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page()
        wait_until_healthy(address)
        page.goto(address)
        page.get_by_role("heading").first.wait_for(timeout=PATIENCE)
        rows.append(("start of the server to the first page", f"{time.perf_counter() - started:.1f} s"))
        page.locator(".player-canvas").first.wait_for(timeout=PATIENCE)
        rows.append(("start of the server to the first explanation", f"{time.perf_counter() - started:.1f} s"))
        for entry in checkpoints.available("text"):
            page.goto(f"{address}/text?checkpoint={entry.name}&sample=joy.txt")
            page.locator(".reader-token").first.wait_for(timeout=PATIENCE)
        memory = "resident memory, the first speech network and every text network loaded"
        rows.append((memory, f"{resident_mib(process.pid):.0f} MiB"))
        browser.close()
    print("| what | measured |\n| --- | ---: |")
    for name, value in rows:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
