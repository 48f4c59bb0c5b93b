# skua: the front door. CMake and Ninja do the work, below build/<preset>.
#
#   make            build the library and the command
#   make demo       see it serve and fetch over HTTPS
#   make test       build and run every test
#   make help       the rest

PRESET ?= release
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
DESTDIR ?=
T ?=
S ?= 60
A ?=

# -k 0 lets one run name every file that does not compile.
build = cmake --preset $(1) >build/$(1).log 2>&1 || { cat build/$(1).log; exit 1; }; \
	cmake --build build/$(1) -j $(JOBS) $(2) -- --quiet -k 0

.PHONY: all demo test check asan tsan fuzz bench install fmt lint man clean help \
	asan-clang setup setup-test setup-ci setup-dev
# Recipes share build folders, so they run one after the other; Ninja runs jobs beside each other.
.NOTPARALLEL:

all: setup
	@echo "building build/$(PRESET)"
	@$(call build,$(PRESET))

help:
	@echo "make           build the library and the command into build/release"
	@echo "make demo      serve a folder over HTTPS, fetch it back verified"
	@echo "make test      build and run every test"
	@echo "make check     the fast part: unit tests, vectors, corpora, checks of the tree"
	@echo "make asan      every test under ASan and UBSan"
	@echo "make asan-clang  unit tests, faults and corpora with clang under ASan and UBSan"
	@echo "make tsan      unit and fault tests under TSan"
	@echo "make fuzz      T=name S=60: run one fuzz target; without T each of them"
	@echo "make bench     A=--full: measure server and client beside floors and peers"
	@echo "make install   PREFIX=/usr/local DESTDIR="
	@echo "make fmt       format the sources; make lint: clang-tidy and cppcheck"
	@echo "make clean     remove build/"

setup setup-test setup-ci setup-dev:
	@mkdir -p build
	@tools/setup $(or $(patsubst setup-%,%,$(filter-out setup,$@)),build)

demo: all
	@tools/demo.sh build/$(PRESET)/skua

test: setup-test all
	@echo "running every test"
	@tools/run_tests --build build/$(PRESET) $(T)

check: setup-test all
	@echo "running the fast tests"
	@tools/run_tests --build build/$(PRESET) --fast $(T)

asan: setup-test
	@echo "building build/asan"
	@$(call build,asan)
	@tools/run_tests --build build/asan --kinds unit,fault,replay,pytest $(T)

asan-clang: setup-ci
	@echo "building build/asan-clang"
	@$(call build,asan-clang)
	@tools/run_tests --build build/asan-clang --kinds unit,fault,replay $(T)

tsan: setup-test
	@echo "building build/tsan"
	@$(call build,tsan)
	@tools/run_tests --build build/tsan --kinds unit,fault,pytest $(T)

fuzz: setup-dev
	@echo "building build/fuzz"
	@$(call build,fuzz,$(and $(T),--target fuzz_$(T)))
	@tools/fuzz.sh build/fuzz $(S) $(T)

bench: setup-dev all
	@$(call build,$(PRESET),--target bench)
	@bench/run build/$(PRESET) $(A)

install: all
	@DESTDIR=$(DESTDIR) cmake --install build/$(PRESET) --prefix $(PREFIX)
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig

fmt: setup-dev
	@find src include cli examples fuzz bench tests -name '*.[ch]' | xargs clang-format -i

lint: setup-dev all
	@tools/lint.sh build/$(PRESET)

clean:
	@rm -rf build
