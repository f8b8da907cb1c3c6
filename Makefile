# SPDX-License-Identifier: ISC
#
# Posthouse: one Makefile for everything, not recursive. A folder is a program;
# a new .c file in it needs no edit here.
#
#   make                 programs into build/bin, manual pages into build/man
#   make check           every test that needs nothing but this machine
#   make torture         every system call fails, power goes, for TORTURE_TIME s
#   make bench           beside Postfix, Dovecot, OpenSMTPD and Exim
#   make asan            the same tests with the address and UB sanitizers
#   make tsan            those with threads and load, with the thread sanitizer
#   make fuzz            each fuzz driver for TIME seconds (clang)
#   make fuzz-cover      what the corpora run of each reader
#   make analyse         what gcc -fanalyzer, clang-tidy and cppcheck find
#   make lint            the rules of the house, and analyse
#   make cover           test coverage by file
#   make metrics         sizes of functions and files
#   make format          clang-format over the lines that differ from HEAD
#   make demo            the same as ./bootstrap demo
#   make install         honours PREFIX, DESTDIR; see INSTALL
#   make deb             a Debian package, build/posthouse_VERSION_ARCH.deb
#
# WERROR=1 turns warnings into errors. BUILD moves the results, so that variants
# with other flags live side by side (build/asan, build/cover, ...).

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all

BUILD	?= build

PREFIX		?= /usr/local
SYSCONFDIR	?= /etc/posthouse
LIBEXECDIR	?= $(PREFIX)/libexec/posthouse
MANDIR		?= $(PREFIX)/share/man
UNITDIR		?= $(if $(filter /usr,$(PREFIX)),/usr/lib,/etc)/systemd/system
SYSUSERSDIR	?= /usr/lib/sysusers.d
TMPFILESDIR	?= /usr/lib/tmpfiles.d
PAMDIR		?= /etc/pam.d
BASHDIR		?= $(PREFIX)/share/bash-completion/completions
PYTHON		?= python3

# ---- flags ------------------------------------------------------------------

ifeq ($(origin CC),default)
CC	:= gcc
endif
MACHINE	:= $(shell $(CC) -dumpmachine)

OPTIMIZE ?= -O2 -g
CFLAGS	?=
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wconversion -Wno-sign-conversion -Wundef -Wvla -Wformat=2 \
	-Wno-format-nonliteral
ifneq ($(findstring clang,$(shell $(CC) --version)),)
# "\xc3" "a" in a list is how an octet ends before a letter.
WARNINGS += -Wno-gnu-zero-variadic-macro-arguments -Wno-string-concatenation
endif

# Fortify does not mix with the sanitizers, which see more.
ifeq ($(SANITIZE),)
HARDEN	:= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection $(if $(findstring x86_64,$(MACHINE)),-fcf-protection)
else
HARDEN	:= -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all
endif

CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(OPTIMIZE) -fPIE $(WARNINGS) $(HARDEN) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS	:= -levent_core -lssl -lcrypto -ldb-5.3 -lseccomp -ljansson -lcrypt \
	-lbsd -lidn2 -largon2 -lunbound -lunistring -lpcre2-8 -lz -lpthread

# ---- what there is ----------------------------------------------------------

# A folder with a main.c is a program; ctl/ is the command posthouse.
SERVERS	:= $(patsubst %/,%,$(dir $(wildcard $(addsuffix /main.c,\
	master smtpd pop3d imapd router auth queue smtp local store bounce \
	resolver history keys pam fetch deliver probe))))
COMMANDS := $(patsubst %/,%,$(dir $(wildcard sendmail/main.c ctl/main.c)))
FOLDERS	:= $(SERVERS) $(COMMANDS)
LAYERS	:= mail proc base

BIN	:= $(BUILD)/bin
OBJ	:= $(BUILD)/obj
PROGRAMS := $(addprefix $(BIN)/,$(patsubst ctl,posthouse,$(FOLDERS)))
LIBRARIES := $(foreach l,$(LAYERS),\
	$(if $(wildcard lib/$(l)/*.c),$(BUILD)/lib$(l).a))

# objects of the folders $(1)
objects_of = $(patsubst %,$(OBJ)/%.o,$(basename \
	$(foreach d,$(1),$(wildcard $(d)/*.c $(d)/*.S))))

# tests/unit/<folder>_<what>.c: the folder, or a layer of lib, which every
# test has anyway
tested	= $(filter-out lib%,$(firstword $(subst _, ,$(notdir $(1)))))
tested_objects = $(filter-out $(OBJ)/%/main.o,$(call objects_of,$(call tested,$(1))))

UNIT	:= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
# It knows the registers of one machine.
CRASH	:= $(if $(findstring x86_64,$(MACHINE)),tracer queue_recover store_recover)
FUZZ	:= $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,\
	$(wildcard tests/fuzz/*.c)))
HOUSE	:= $(BUILD)/house
MAN	:= $(wildcard man/*.[1-8]) $(BUILD)/man/posthouse.conf.5

.PHONY: all check asan tsan fuzz lint cover metrics format demo install uninstall \
	dist clean programs

all: programs $(BUILD)/man/posthouse.conf.5
programs: $(PROGRAMS)

# ---- compiling --------------------------------------------------------------

# Everything is made again when the compiler or its flags change.
FLAGS	:= $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL)
$(shell mkdir -p $(BUILD))
ifneq ($(FLAGS),$(file <$(BUILD)/flags))
$(file >$(BUILD)/flags,$(FLAGS))
endif

$(OBJ)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(if $(WERROR),-Werror) \
	    -MMD -MP -c -o $@ $<

$(OBJ)/%.o: %.S $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  AS    $<"
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/lib%.a: $$(call objects_of,lib/$$*)
	@echo "  AR    $@"
	@rm -f $@ && ar rcs $@ $^

link = @mkdir -p $(@D) && echo "  LD    $@" && \
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) \
	    $(filter %.a,$^)

$(BIN)/posthouse: $$(call objects_of,ctl) $(LIBRARIES)
	$(link) $(LIBS)

# It alone is linked with PAM and what its modules bring along.
$(BIN)/pam: $$(call objects_of,pam) $(LIBRARIES)
	$(link) -lpam -lbsd

# libunbound brings all of libevent along, so its part libevent_core must not be
# there as well.
$(BIN)/resolver: $$(call objects_of,resolver) $(LIBRARIES)
	$(link) $(subst -levent_core,-levent,$(LIBS))

# libcurl is in these two alone.
$(BIN)/fetch $(BIN)/probe: $$(call objects_of,$$(@F)) $(LIBRARIES)
	$(link) -lcurl $(LIBS)

$(BIN)/%: $$(call objects_of,$$*) $(LIBRARIES)
	$(link) $(LIBS)

-include $(shell test -d $(OBJ) && find $(OBJ) -name '*.d')

# ---- generated documents ----------------------------------------------------

$(HOUSE)/%: tests/house/%.c lib/proc/messages.def lib/proc/settings.def $(BUILD)/flags
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<

$(BUILD)/man/posthouse.conf.5: $(HOUSE)/settings_man man/posthouse.conf.5.in
	@mkdir -p $(@D)
	@$< man/posthouse.conf.5.in >$@

# doc/IPC.md is committed, so that it can be read without a compiler.
doc/IPC.md: $(HOUSE)/ipc_doc
	$< >$@

# ---- tests ------------------------------------------------------------------

.PHONY: torture bench check-unit check-corpus check-house check-dialog check-system \
	check-threads tests

# The output of a test is shown when it fails.
quietly = mkdir -p $(BUILD)/log && { $(2) >$(BUILD)/log/$(1).log 2>&1 && \
	echo "  ok    $(1)" || { cat $(BUILD)/log/$(1).log; \
	echo "  FAIL  $(1)"; exit 1; }; }

$(BUILD)/tests/%: $(OBJ)/tests/%.o $$(call tested_objects,$$*) $(LIBRARIES)
	$(link) -lcmocka $(LIBS)

$(addprefix $(BUILD)/tests/fuzz/,$(FUZZ)): $(BUILD)/tests/fuzz/%: \
	$(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/replay.o \
	$$(call tested_objects,$$*) $(LIBRARIES)
	$(link) $(LIBS)

# What the program named % is linked with.
libs_of = $(if $(filter resolver,$*),$(subst -levent_core,-levent,$(LIBS)),$(LIBS))

# Each program with an intruder in place of its loop.
BREAKOUT := smtpd pop3d imapd smtp resolver bounce local history router queue \
	store auth keys
BREAKOUT_TOOLS := $(addprefix $(BUILD)/tests/breakout/,$(BREAKOUT))
$(BREAKOUT_TOOLS): $(BUILD)/tests/breakout/%: $$(call objects_of,$$*) \
	$(OBJ)/tests/breakout/probe.o $(LIBRARIES)
	$(link) -Wl,--wrap=service_main $(libs_of)

# Each program with a wall clock that a test moves.
CLOCK := $(filter-out pam fetch probe,$(SERVERS))
CLOCK_TOOLS := $(addprefix $(BUILD)/tests/clock/,$(CLOCK))
$(CLOCK_TOOLS): $(BUILD)/tests/clock/%: $$(call objects_of,$$*) \
	$(OBJ)/tests/clock/shift.o $(LIBRARIES)
	$(link) $(libs_of)

UNIT_RUNS := $(addprefix run-unit-,$(UNIT))
CORPUS_RUNS := $(addprefix run-corpus-,$(FUZZ))
.PHONY: $(UNIT_RUNS) $(CORPUS_RUNS)

tests: $(addprefix $(BUILD)/tests/unit/,$(UNIT)) \
	$(addprefix $(BUILD)/tests/crash/,$(CRASH)) $(BREAKOUT_TOOLS) \
	$(CLOCK_TOOLS) $(addprefix $(BUILD)/tests/fuzz/,$(FUZZ)) \
	$(BUILD)/bench/load $(BUILD)/bench/limits

$(UNIT_RUNS): run-unit-%: $(BUILD)/tests/unit/%
	@$(call quietly,unit-$*,timeout 300 $<)

$(CORPUS_RUNS): run-corpus-%: $(BUILD)/tests/fuzz/%
	@$(call quietly,corpus-$*,timeout 300 $< $(wildcard tests/fuzz/corpus/$*/*))

check-unit: $(UNIT_RUNS)
check-corpus: $(CORPUS_RUNS)

check-house: all $(HOUSE)/ipc_doc
	@BUILD=$(BUILD) $(PYTHON) tests/house/run

check-dialog: all
	@BUILD=$(BUILD) $(PYTHON) tests/dialog/run

CRASH_TOOLS := $(addprefix $(BUILD)/tests/crash/,$(CRASH))
check-system: all $(BUILD)/tests/unit/mail_downgrade $(CRASH_TOOLS) \
	$(BREAKOUT_TOOLS) $(CLOCK_TOOLS)
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/system/run

check: check-unit check-corpus check-house
	@$(MAKE) --no-print-directory check-dialog
	@$(MAKE) --no-print-directory check-system
	@echo "check: all tests passed"

TORTURE_TIME ?= 3600
torture: all $(CRASH_TOOLS)
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/crash/torture $(TORTURE_TIME)

# Of what torture has found out last.
doc/RELIABILITY.md: $(BUILD)/torture.json
	$(PYTHON) -B tests/crash/report $< >$@

# The peers come from Debian, unpacked below build/peers; see bench/README.md.
LOAD	:= $(BUILD)/bench/load $(BUILD)/bench/limits
bench: all $(LOAD)
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B bench/run $(BENCH)
doc/PERFORMANCE.md: $(BUILD)/bench/results.json
	@$(PYTHON) -B bench/report $< $@

$(BUILD)/bench/load: $$(call objects_of,bench/load)
	$(link) -lssl -lcrypto -lpthread
$(BUILD)/bench/limits: $$(call objects_of,bench/limits)
	$(link) -ldb-5.3 -lssl -lcrypto -lpthread

asan:
	@LSAN_OPTIONS=suppressions=$(CURDIR)/tests/house/leaks $(MAKE) --no-print-directory BUILD=build/asan \
	    SANITIZE=address,undefined OPTIMIZE="-O1 -g" \
	    check-unit check-corpus check-dialog check-system

# Who starts the pool, by itself or with the store around it; the system's tests
# make all programs work at the same time.
THREADED := $(basename $(notdir \
	$(shell grep -l 'pool_start\|store_house\.h' tests/unit/*.c)))
check-threads: all $(addprefix run-unit-,$(THREADED))
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/system/run test_imap_hammer \
	    test_stress test_imap_model test_pop_model test_smtp_model

# The sanitizer wants its addresses free: some kernels throw the dice too far.
not_random = $(shell setarch -R true 2>/dev/null && echo setarch -R)
tsan:
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/house/races history_size=4" \
	    $(not_random) $(MAKE) --no-print-directory BUILD=build/tsan \
	    SANITIZE=thread OPTIMIZE="-O1 -g" check-threads

# Each driver is linked with the fuzzer of clang; AFL++ takes them as they are:
#   make fuzz-build FUZZ_CC=afl-clang-fast FUZZ_SANITIZE=address,undefined
#   afl-fuzz -i tests/fuzz/corpus/NAME -o DIR build/fuzz/NAME
FUZZ_CC	?= clang
FUZZ_SANITIZE ?= address,undefined,fuzzer-no-link
TIME	?= 60
FUZZ_MAKE = $(MAKE) --no-print-directory BUILD=build/fuzz CC="$(FUZZ_CC)" \
	SANITIZE=$(FUZZ_SANITIZE) OPTIMIZE="-O1 -g"
.PHONY: fuzz-build fuzz-cover
fuzz: fuzz-build
	@for f in $(FUZZ); do $(FUZZ_MAKE) TIME=$(TIME) fuzz-$$f || exit 1; done
fuzz-build:
	@$(FUZZ_MAKE) $(addprefix build/fuzz/,$(FUZZ))
$(addprefix build/fuzz/,$(FUZZ)): build/fuzz/%: $(OBJ)/tests/fuzz/%.o \
	$$(call tested_objects,$$*) $(LIBRARIES)
	$(link) -fsanitize=fuzzer $(LIBS)
fuzz-%: build/fuzz/%
	@mkdir -p $(BUILD)/corpus/$*
	$< -max_total_time=$(TIME) -timeout=10 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/ $(BUILD)/corpus/$* tests/fuzz/corpus/$*

# What the inputs in the tree run of the files that their drivers are for.
fuzz-cover:
	@$(MAKE) --no-print-directory BUILD=build/cover \
	    OPTIMIZE="-O0 -g --coverage" HARDEN= LDFLAGS=--coverage \
	    CPPFLAGS=-DBUILD_COVERAGE=1 \
	    $(addprefix build/cover/tests/fuzz/,$(FUZZ))
	@$(PYTHON) -B tests/fuzz/cover.py build/cover $(COVER)

# ---- looking at the source --------------------------------------------------

SOURCES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)

lint: check-house analyse

cover:
	@$(MAKE) --no-print-directory BUILD=build/cover \
	    OPTIMIZE="-O0 -g --coverage" HARDEN= LDFLAGS=--coverage \
	    CPPFLAGS=-DBUILD_COVERAGE=1 \
	    check-unit check-corpus check-dialog
	@$(PYTHON) tests/house/cover build/cover

metrics:
	@$(PYTHON) tests/house/metrics $(SOURCES)

# Aligned tables and comments are the author's; the tool gets what is new.
format:
	git clang-format --style=file HEAD -- $(SOURCES)

demo:
	./bootstrap demo

# ---- static analysis --------------------------------------------------------

# What each tool says of each file, and below it what make needs to know. A file
# is looked at again when it, a header of it or the question has changed; what is
# found fails in judge, so that all of it is told.
ANALYSERS := cppcheck gcc clang-tidy
A	:= $(BUILD)/analyse
ANALYSED := $(filter %.c,$(SOURCES))
ASK	:= -std=gnu11 $(CPPFLAGS_ALL)

# It looks at every path through a function, as long as there are not too many;
# these are enough for nearly all. Without optimizing, a path is one of the source.
ask_gcc = gcc $(ASK) -O0 -g -fPIE -fanalyzer \
	--param analyzer-bb-explosion-factor=$(or $(less),100) \
	--param analyzer-max-enodes-per-program-point=50 \
	-fdiagnostics-plain-output $(of_file) -S -o /dev/null $<
# The checks stand in .clang-tidy.
ask_clang-tidy = clang-tidy --quiet --header-filter='.*' $< -- $(ASK) $(of_file)
# It does not look into the headers of the system; these two have macros that it
# cannot do without.
ask_cppcheck = cppcheck --quiet --std=c11 --library=posix,gnu --inconclusive \
	--enable=warning,performance,portability,style \
	--template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
	-D_GNU_SOURCE -I. --include=/usr/include/bsd/sys/queue.h \
	--include=/usr/include/bsd/sys/tree.h $<
# Many functions that call each other in circles: more takes all memory there is.
$(A)/gcc/router/decide.c.txt: less = 10
$(A)/%/tests/system/gmime_parts.c.txt: of_file = \
	$(subst -I,-isystem ,$(shell pkg-config --cflags gmime-3.0 2>/dev/null))

$(shell mkdir -p $(A))
# $(1): the tool
define analyser
ANALYSED_BY_$(1) := $(ANALYSED:%=$(A)/$(1)/%.txt)
$(A)/$(1)/%.txt: % $(A)/$(1).how
	@mkdir -p $$(@D)
	@echo "  LOOK  $$< ($(1))"
	@gcc $$(ASK) $$(of_file) -MM -MP -MT $$@ -MF $$(@:.txt=.d) $$<
	@LC_ALL=C nice -n 19 $$(ask_$(1)) >$$@ 2>&1 || { cat $$@; exit 1; }
ifneq ($$(ask_$(1)),$$(file <$(A)/$(1).how))
$$(file >$(A)/$(1).how,$$(ask_$(1)))
endif
endef
$(foreach t,$(ANALYSERS),$(eval $(call analyser,$(t))))
$(A)/clang-tidy/%.txt: .clang-tidy

.PHONY: analyse
analyse: $(foreach t,$(ANALYSERS),$(ANALYSED_BY_$(t)))
	@BUILD=$(BUILD) $(PYTHON) tests/house/analyse/judge

ifneq ($(filter analyse lint,$(MAKECMDGOALS)),)
-include $(shell find $(A) -name '*.d')
endif

# ---- installing -------------------------------------------------------------

D	:= $(DESTDIR)
SBIN	:= $(D)$(PREFIX)/sbin
SAMPLES	:= $(notdir $(wildcard etc/*))
# in mailer.d style hooks and packages that look for them by old names
LINKS	:= $(D)$(PREFIX)/lib/sendmail $(D)$(PREFIX)/bin/mailq \
	$(D)$(PREFIX)/bin/newaliases
# Names of Postfix's tools: for a PATH, as they may be another package's; beside
# posthouse, too, with POSTFIX_NAMES=1.
POSTFIX_LINKS := $(foreach d,$(D)$(LIBEXECDIR)/postfix $(if $(POSTFIX_NAMES),$(SBIN)),\
	$(addprefix $(d)/,postqueue postsuper postmap postconf))

.PHONY: check-sendmail install-files deb deb-package

# A sendmail that dpkg owns is another package's: do not take it away silently.
check-sendmail:
	@if test -z "$(DESTDIR)" && test -z "$(REPLACE_SENDMAIL)" && \
	    owner=$$(dpkg -S $(PREFIX)/sbin/sendmail 2>/dev/null); then \
		echo "$(PREFIX)/sbin/sendmail belongs to the package" \
		    "$${owner%%:*}; install what \"make deb\" builds, which takes" \
		    "its place, choose another PREFIX," \
		    "or say REPLACE_SENDMAIL=1 (see INSTALL)" >&2; exit 1; \
	fi

install: check-sendmail all
	@$(MAKE) --no-print-directory install-files

# Without building: for packages.
install-files: $(BUILD)/man/posthouse.conf.5
	install -d $(D)$(LIBEXECDIR) $(SBIN) $(D)$(PREFIX)/bin $(D)$(PREFIX)/lib \
	    $(D)$(SYSCONFDIR) $(D)$(UNITDIR) $(D)$(SYSUSERSDIR) $(D)$(TMPFILESDIR) \
	    $(D)$(BASHDIR) $(D)$(LIBEXECDIR)/postfix
	install -m 755 $(addprefix $(BIN)/,$(SERVERS)) $(D)$(LIBEXECDIR)
	install -m 755 $(BIN)/posthouse $(BIN)/sendmail $(SBIN)
	for l in $(LINKS); do ln -sfn ../sbin/sendmail $$l; done
	for n in $(POSTFIX_LINKS); do ln -srf $(SBIN)/posthouse $$n; done
	for s in $(SAMPLES); do \
	    install -m 644 etc/$$s $(D)$(SYSCONFDIR)/$$s.sample; \
	    test -e $(D)$(SYSCONFDIR)/$$s || \
		install -m $$(case $$s in users | relay_logins) echo 600;; \
		    *) echo 644;; esac) etc/$$s $(D)$(SYSCONFDIR)/$$s; \
	done
	for m in $(MAN); do \
	    install -d $(D)$(MANDIR)/man$${m##*.} && \
	    install -m 644 $$m $(D)$(MANDIR)/man$${m##*.}/; \
	done
	sed 's|@SBINDIR@|$(PREFIX)/sbin|g; s|@LIBEXECDIR@|$(LIBEXECDIR)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
	    contrib/systemd/posthouse.service >$(D)$(UNITDIR)/posthouse.service
	chmod 644 $(D)$(UNITDIR)/posthouse.service
	install -m 644 contrib/systemd/sysusers.conf $(D)$(SYSUSERSDIR)/posthouse.conf
	install -m 644 contrib/systemd/tmpfiles.conf $(D)$(TMPFILESDIR)/posthouse.conf
	install -m 644 contrib/bash-completion/posthouse $(D)$(BASHDIR)/posthouse
	if test -d $(D)$(PAMDIR) && ! test -e $(D)$(PAMDIR)/posthouse; then \
	    install -m 644 contrib/pam/posthouse $(D)$(PAMDIR)/posthouse; fi

# Settings, mail and users stay, and the PAM service, which may have been edited.
uninstall:
	rm -f $(addprefix $(D)$(LIBEXECDIR)/,$(SERVERS))
	rm -f $(SBIN)/posthouse $(SBIN)/sendmail $(LINKS) $(POSTFIX_LINKS)
	rm -f $(addprefix $(D)$(SYSCONFDIR)/,$(addsuffix .sample,$(SAMPLES)))
	for m in $(notdir $(MAN)); do rm -f $(D)$(MANDIR)/man$${m##*.}/$$m; done
	rm -f $(D)$(UNITDIR)/posthouse.service $(D)$(SYSUSERSDIR)/posthouse.conf \
	    $(D)$(TMPFILESDIR)/posthouse.conf $(D)$(BASHDIR)/posthouse
	-rmdir $(D)$(LIBEXECDIR)/postfix $(D)$(LIBEXECDIR)

# A build of its own, as a package has other paths. contrib/debian has the rest.
deb:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/deb PREFIX=/usr all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/deb PREFIX=/usr \
	    DEB_TO=$(BUILD) deb-package

DEB_ROOT := $(BUILD)/package
deb-package:
	@rm -rf $(DEB_ROOT) && mkdir -p $(DEB_ROOT)/etc/pam.d
	@$(MAKE) --no-print-directory -s DESTDIR=$(abspath $(DEB_ROOT)) install-files
	@contrib/debian/pack $(DEB_ROOT) $(VERSION) $(DEB_TO)

VERSION	:= $(shell sed -n 's/.*POSTHOUSE_VERSION "\(.*\)"/\1/p' lib/base/version.h)
dist:
	mkdir -p $(BUILD)
	git archive --prefix=posthouse-$(VERSION)/ \
	    -o $(BUILD)/posthouse-$(VERSION).tar.gz HEAD

clean:
	rm -rf build
