# Earmark. `make run` opens the app, `make test` checks everything. Both need Python 3.11 and make, nothing else.

PORT ?= 8501
# Only this computer can reach the app; `make run ADDRESS=0.0.0.0` lets a class room in.
ADDRESS ?= localhost
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

# The lock holds the wheels of x86-64 Linux; elsewhere the same versions are installed without it.
ifeq ($(shell uname -sm),Linux x86_64)
RUNTIME := --require-hashes -r requirements.txt
else
RUNTIME := -r requirements.in
endif

export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help run test lint train lock browser clean

help:
	@echo "make run    install what is missing, then open Earmark on http://$(ADDRESS):$(PORT)"
	@echo "make test   lint, unit, page and browser tests"
	@echo "make lint   ruff only"
	@echo "make train  python -m models train, with ARGS=\"...\""
	@echo "make lock   write requirements.txt and requirements-dev.txt from the .in files"
	@echo "make clean  remove the virtual environment"

run: $(VENV)/installed
	@echo
	@echo "  Earmark is starting: http://$(ADDRESS):$(PORT)   (stop it with Ctrl-C)"
	@echo
	@$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS)

test: $(VENV)/installed-dev browser lint
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

lint: $(VENV)/installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

train: $(VENV)/installed
	$(BIN)/python -m models train $(ARGS)

$(VENV)/installed: requirements.txt requirements.in
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "Earmark needs Python 3.11. Install it, or say where it is: make run PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || \
	  { echo "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing packages into $(VENV) (about 1.5 GB, once)..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(RUNTIME)
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# The browser tests drive a real Chromium; where there is none, Debian's is installed.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  command -v apt-get >/dev/null || { echo "The browser tests need Chromium. Install it, then run make test again."; exit 1; }; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -q -y --no-install-recommends chromium; }

# Needs pip-tools in the virtual environment. The files must not name anybody's own package index.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock:
	@for name in requirements requirements-dev; do \
	  $(LOCK) --output-file $$name.txt $$name.in && \
	  sed -i "1i # Written by \`make lock\` from $$name.in, for x86-64 Linux and Windows. Do not edit." $$name.txt; done

clean:
	rm -rf $(VENV)
