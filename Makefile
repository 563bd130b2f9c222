# Coatcheck from the tree: `make help` lists what there is. Needs Debian 12 and Swift 6.2 or newer;
# everything else is installed by apt-get where it is missing (deploy/packages).
#
#   PORT=8443                    the port of `make run`
#   DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc    where `make install` installs to (or prefix=)
#   COATCHECK_SYSTEM=none        leaves out `make system`, and says so: where none can be booted
#   FUZZ_SECONDS=60 FUZZ=...     seconds for each target of `make fuzz`, and the targets if not all
#   TESTS=...                    more arguments for pytest, for instance TESTS='-k logout -x'
#   BENCH=...                    more arguments for the benchmark, for instance BENCH='--only checks'
#   BUDGETS=--profile            `make budgets` also prints the functions that cost most
#   ENGINES=shared               builds the engines that several machines share as well, beside the
#                                default build: `make ENGINES=shared build|run|deb|install`
#   SOAK=...                     more arguments for the soak, for instance SOAK='--minutes 5'

PORT ?= 8443
DESTDIR ?=
prefix ?= /usr/local
PREFIX ?= $(prefix)
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
TESTS ?=
FUZZ_SECONDS ?= 60
FUZZ ?=
BENCH ?=
BUDGETS ?=
SOAK ?=
ENGINES ?=

# Debian's own python3, whose pytest and selenium apt-get installs; another may come first in PATH.
PYTHON := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
PYTEST = $(PYTHON) -m pytest $(TESTS)
# Starts a PostgreSQL and a Redis for the time of a command.
WITH_ENGINES := $(PYTHON) Tests/support/engines.py --

# To boot a machine takes root.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

# An import that Package.swift does not name for its target is an error. One release build is
# shared by the site, the tests from outside, the benchmark and the package; unit tests are a debug
# build. The Swift runtime is linked in: the toolchain may be gone, or unreadable to the service.
# What is looked up in shared libraries is looked up at the start, so that the table is read-only
# then; the build id is what debuggers and Debian's tools know a program by.
STRICT := --explicit-target-dependency-import-check error
RELEASE := -c release $(STRICT) --static-swift-stdlib \
	-Xlinker --build-id -Xlinker -z -Xlinker now

# PostgreSQL and Redis are a trait of the package. The build with them stands beside the default
# one, which links nothing of theirs.
SHARED := --traits SharedEngines
ifeq ($(ENGINES),shared)
SCRATCH := .build-shared
BUILD_PACKAGES := build shared
RELEASE += $(SHARED) --scratch-path $(SCRATCH)
else
SCRATCH := .build
BUILD_PACKAGES := build
endif
# Not COATCHECK_…: the program takes that for a setting.
export BUILT_PROGRAM := $(CURDIR)/$(SCRATCH)/release/coatcheck
ADDRESS := $(STRICT) --disable-xctest --sanitize=address --scratch-path .build-address
# All tests at once starve each other on two cores, and take half as long again.
TOGETHER := --experimental-maximum-parallelization-width 8
# Builds and runs the unit tests with the options $(1). Quietly: at the end of the output stands what
# failed, not what passed beside it.
define unit-tests
swift build --build-tests $(1)
$(WITH_ENGINES) swift test --quiet --skip-build $(TOGETHER) $(1)
endef
# Not leaks: XCTest, Foundation and static constants look like some in every Swift program.
sanitize fuzz: export ASAN_OPTIONS := detect_leaks=0
RECORDS := COATCHECK_BINARY=$(CURDIR)/.build-address/debug/coatcheck $(PYTHON) Tests/Fuzz/records.py

INSTALL = DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' \
	deploy/install

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deps build run test unit e2e lifecycle system browser sanitize fuzz lint bench \
	budgets soak shared deb install uninstall clean

##@ First

help: ## list these targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

deps: ## install with apt-get what is missing for everything below
	@deploy/packages build shared run test engines deb system bench budgets

build: ## build the program (release)
	@deploy/packages $(BUILD_PACKAGES)
	@echo "==> Building the program (release)"
	swift build $(RELEASE) --product coatcheck

run: build ## serve the site on https://localhost:8443 (PORT= changes it) until Ctrl-C
	@deploy/packages run
	@PORT=$(PORT) exec deploy/run-site

##@ Tests

test: unit lifecycle e2e system browser shared ## every test

unit: ## unit tests, and storage conformance on SQLite, PostgreSQL and Redis
	@deploy/packages build shared engines test
	@echo "==> Unit tests"
	$(call unit-tests,$(STRICT) $(SHARED) --disable-xctest)

lifecycle: build deb ## start, stop, crash, socket activation, systemd units, the package
	@deploy/packages run test budgets
	@echo "==> Lifecycle tests"
	$(PYTEST) Tests/Lifecycle

e2e: build ## client flows through real nginx
	@deploy/packages run test
	@echo "==> Tests through nginx"
	$(PYTEST) Tests/EndToEnd

ifeq ($(COATCHECK_SYSTEM),none)
system:
	@echo "==> NOT TESTED, because of COATCHECK_SYSTEM=none: the package on a booted Debian 12"
else
system: deb ## the package on a booted Debian 12: restarts under load, upgrade, kill -9, purge
	@deploy/packages run test system
	@echo "==> Tests on a booted Debian 12"
	$(AS_ROOT) env $(PYTEST) -o cache_dir=../.build-system/pytest-cache Tests/System
endif

shared: ## several machines on one PostgreSQL or Redis: faults, histories, moving
	@$(MAKE) --no-print-directory ENGINES=shared build
	@deploy/packages run test engines
	@echo "==> Tests of several machines"
	COATCHECK_BINARY=$(CURDIR)/.build-shared/release/coatcheck $(PYTEST) Tests/Shared

browser: build ## the same flows in Chromium
	@deploy/packages run test
	@echo "==> Browser tests"
	$(PYTEST) Tests/Browser

sanitize: ## unit tests and damaged records under the thread and the address sanitizer
	@deploy/packages build shared run test engines
	@echo "==> Unit tests under the thread sanitizer"
	$(call unit-tests,$(STRICT) $(SHARED) --disable-xctest --sanitize=thread \
		--scratch-path .build-thread)
	@echo "==> Unit tests under the address sanitizer"
	$(call unit-tests,$(SHARED) $(ADDRESS))
	@echo "==> Damaged records to the program under the address sanitizer"
	swift build $(ADDRESS) --product coatcheck
	$(RECORDS) --seconds 20

fuzz: ## libFuzzer on every reader, damaged records to the program; FUZZ_SECONDS= for each
	@deploy/packages build run test
	@echo "==> Building the readers for libFuzzer with the address sanitizer"
	COATCHECK_FUZZ=1 swift build $(RELEASE) --scratch-path .build-fuzz --product fuzz
	@echo "==> Fuzzing"
	$(PYTHON) Tests/Fuzz/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ)
	@echo "==> Damaged records to the program under the address sanitizer"
	swift build $(ADDRESS) --product coatcheck
	$(RECORDS) --seconds $(FUZZ_SECONDS)

lint: ## formatting, doc comments, syntax of the scripts
	@echo "==> Formatting"
	swift format lint --strict --parallel --recursive Package.swift Sources Tests
	@echo "==> Doc comments"
	@deploy/lint-documentation Sources
	@echo "==> Scripts"
	@deploy/lint-scripts
	@echo "Nothing found."

soak: build ## an hour of everything at once, judged; SOAK='--minutes 5' to try
	@deploy/packages run test
	@$(PYTHON) Tests/Soak/soak.py $(SOAK)

##@ Figures

bench: build ## checks beside a C responder, PHP, Node and Deno, and on engines; BENCH=--quick to try
	@$(MAKE) --no-print-directory ENGINES=shared build
	@deploy/packages run bench engines
	@$(PYTHON) Tests/Benchmarks/bench.py $(BENCH)
	@echo "==> Durable operations of the store, without nginx"
	swift build $(RELEASE) --product store-bench
	$(dir $(BUILT_PROGRAM))store-bench --sessions 1000 --rounds 5
	@$(MAKE) --no-print-directory budgets

budgets: build ## instructions and system calls of requests, held to Tests/Benchmarks/budgets.toml
	@deploy/packages budgets
	@$(PYTHON) Tests/Benchmarks/instructions.py --report .run/budgets.md $(BUDGETS)

##@ Installation

deb: build ## build the Debian package into .build-deb/
	@deploy/packages deb
	@echo "==> Building the Debian package"
	@deploy/make-deb

install: build ## install under DESTDIR and PREFIX; settings that were edited are kept
	@$(INSTALL) install
	@echo "Installed. To start it: systemd-sysusers && systemd-tmpfiles --create \\"
	@echo "  && systemctl daemon-reload && systemctl enable --now coatcheck.socket \\"
	@echo "  coatcheck.service coatcheck-backup.timer"
	@echo "Over an older one: systemctl daemon-reload && systemctl restart coatcheck"
	@echo "If login does not work: coatcheck doctor --url https://your.host"

uninstall: ## remove what install installed; edited settings and the database stay
	@echo "It should be stopped: systemctl disable --now coatcheck-backup.timer coatcheck.socket \\"
	@echo "  coatcheck.service"
	@$(INSTALL) uninstall
	@echo "Kept: /var/lib/coatcheck, /var/backups/coatcheck and the account, if they are there"

clean: ## remove everything that was built; .run/ with the database of `make run` stays
	rm -rf .build .build-deb .build-shared .build-thread .build-address .build-fuzz
	test ! -e .build-system || $(AS_ROOT) rm -rf .build-system
