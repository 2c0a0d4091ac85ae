# The verbs. `make run` and `make test` need nothing but Python 3.11 and make.
.DEFAULT_GOAL := help
.PHONY: help run test fast check assets screenshots fmt vectors clients bench parts kill fuzz coverage refresh clean

RUN := .venv/.installed-run
DEV := .venv/.installed-dev
BENCH := .venv/.installed-bench
PEERS := bench/peers/js/node_modules/.package-lock.json
ARGS ?=
JS := tests/clients/js/node_modules/.package-lock.json
ASSETS := $(wildcard assets/*.mjs assets/*.json assets/src/*.* assets/src/*/*.*) scripts/build_hook.py

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(RUN): pyproject.toml constraints.txt scripts/venv $(ASSETS)
	@scripts/venv ""
	@touch $@

$(DEV): pyproject.toml constraints.txt scripts/venv $(ASSETS)
	@scripts/venv dev
	@touch $@ $(RUN)

$(BENCH): pyproject.toml constraints.txt scripts/venv $(ASSETS)
	@scripts/venv dev,bench
	@touch $@ $(DEV) $(RUN)

$(JS): tests/clients/js/package.json tests/clients/js/package-lock.json $(DEV)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --prefix tests/clients/js --no-audit --no-fund --loglevel=error
	@touch $@

run: $(RUN) ## start the server (ARGS="--data DIR --port 4700 …")
	@.venv/bin/ostiary serve $(ARGS)

test: check $(JS) ## set up everything, then check and run all tests
	@.venv/bin/python -m pytest -n 2 --dist loadgroup $(ARGS)
	@scripts/test-compiled

fast: $(DEV) ## the tests without live servers and clients
	@.venv/bin/python -m pytest -n 2 -m "not client and not server" $(ARGS)

vectors: $(DEV) ## the decision vectors, by the command users have
	@.venv/bin/ostiary policy test tests/vectors

clients: $(DEV) $(JS) ## the tests with real clients
	@.venv/bin/python -m pytest -m client $(ARGS)

check: $(DEV) ## style, types, layers
	@.venv/bin/ruff check src tests bench examples
	@.venv/bin/ruff format --check --quiet src tests bench examples
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache >/dev/null || .venv/bin/lint-imports --no-cache

assets: $(DEV) ## bundle the console's browser files (done by `make run` and `make test` too)
	@.venv/bin/python scripts/build_hook.py

screenshots: $(DEV) ## pictures of the console for the README, in docs/images (needs Chromium)
	@.venv/bin/python -m tests.console.screenshots $(ARGS)

fmt: $(DEV) ## format and fix
	@.venv/bin/ruff check --fix --quiet src tests bench examples || true
	@.venv/bin/ruff format --quiet src tests bench examples

wheel-fast: dist/fast/.built ## a wheel with the engine compiled by mypyc, in dist/fast (needs gcc and Python's headers)

dist/fast/.built: $(wildcard src/ostiary/policy/*.py) pyproject.toml scripts/compiled.py scripts/build_hook.py | $(DEV)
	@.venv/bin/python scripts/compiled.py
	@rm -rf dist/fast
	@OSTIARY_COMPILED=true .venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist/fast .
	@touch $@
	@ls dist/fast/*.whl

compiled: $(DEV) ## the engine's tests on that wheel
	@scripts/test-compiled

$(PEERS): bench/peers/js/package.json $(DEV)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm install --prefix bench/peers/js --no-audit --no-fund --no-package-lock --loglevel=error
	@touch $@

bench: $(BENCH) $(PEERS) wheel-fast ## measure side by side: this server, a bare one, moto's; the engine
	@.venv/bin/python -m bench $(ARGS)

parts: $(DEV) ## upload 10,000 parts, list them, memory flat
	@.venv/bin/python -m tests.parts_s3 $(ARGS)

kill: $(DEV) ## SIGKILL the server under load, again and again (ROUNDS=20)
	@.venv/bin/python -m tests.kill $(ARGS)
	@.venv/bin/python -m tests.kill_s3 $(ARGS)

fuzz: $(DEV) ## the engine against the reference evaluator, until they differ (ARGS="--cases N --what iam|s3|requests")
	@.venv/bin/python -m tests.fuzz $(ARGS)

coverage: $(DEV) ## run the tests of IAM and STS, and write docs/coverage.md
	@rm -f .coverage-run
	@OSTIARY_COVERAGE="$(CURDIR)/.coverage-run" .venv/bin/python -m pytest -n 2 --dist loadgroup -p no:cacheprovider tests/iam tests/sts tests/organizations tests/toolbox tests/clients/test_boto3*.py $(ARGS)
	@.venv/bin/python -m tests.coverage_page .coverage-run
	@rm -f .coverage-run

pins: $(BENCH) ## write the versions that are installed now into constraints.txt
	@{ sed '/^[^#]/d' constraints.txt; .venv/bin/pip freeze --disable-pip-version-check --exclude ostiary --exclude-editable; } >constraints.new
	@mv constraints.new constraints.txt

refresh: $(DEV) ## fetch AWS's facts anew: managed policies, service reference
	@.venv/bin/python -m ostiary.catalog.refresh

clean: ## remove what was made here
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/clients/js/node_modules bench/peers/js/node_modules assets/node_modules src/ostiary/doors/console/static build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
