# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# The scenarios on a real kernel; docs/testing.md explains.
#
# make integration                    in fresh VMs, which any amd64 machine can run
# make integration INTEGRATION=host   on this very machine: root, cgroup v2, nothing dear on it
# make integration RUN=TestOOM PKGS=./integration/kernel
#
# make sim                            the simulator for a minute, with fresh seeds
# make sim SEEDS=10000 FROM=1         so many seeds, from this one

INTEGRATION ?= vm
RUN ?=
PKGS ?= ./integration/hosts ./integration/kernel ./integration/scenarios ./agent ./isolator/...
# One VM at a time: a VM that has to share its core spoils what tests of CPU limits measure.
JOBS ?= 1

VM := "$(CURDIR)/$(BIN)/vm"
# What is on the data disk of each VM.
TESTED := $(BIN)/tested
INTEGRATION_FLAGS := -count=1 -timeout=15m -p=$(JOBS) $(if $(RUN),-run='$(RUN)')

.PHONY: vm-deps vm-tools vm-image tested integration integration-tool integration-plain integration-systemd

vm-deps:
	@$(NEED) "the test VM: QEMU, mmdebstrap for its Debian, mke2fs for its disks, depmod for its kernel modules" \
	  qemu-system-x86 mmdebstrap e2fsprogs kmod

vm-tools:
	go build -trimpath -ldflags='-s -w' -o $(BIN)/ ./integration/cmd/vm ./integration/cmd/vm-guest

# The programs under test, in a folder of their own.
tested:
	@mkdir -p $(TESTED)
	go build -trimpath -ldflags='-s -w' -o $(TESTED)/ ./cmd/... ./examples/... ./integration/cmd/load

vm-image: vm-deps vm-tools
	$(VM) image
	$(VM) -flavour systemd image

IN_VM = -data "$(CURDIR)/$(TESTED):bin" -env TEPUI_BIN=/data/bin -env INTEGRATION=vm exec

ifeq ($(INTEGRATION),host)
integration: tested
	TEPUI_BIN="$(CURDIR)/$(TESTED)" INTEGRATION=host go test $(INTEGRATION_FLAGS) $(PKGS)
else
# All three, also when one of them fails: make -k integration.
integration: integration-tool integration-plain integration-systemd
endif

# The VM itself.
integration-tool: vm-image
	TEPUI_VM=$(VM) go test $(INTEGRATION_FLAGS) ./integration/cmd/vm

integration-plain: vm-image tested
	go test $(INTEGRATION_FLAGS) -exec '$(VM) $(IN_VM)' $(PKGS)

# The same below a systemd, in a cgroup that it delegates.
integration-systemd: vm-image tested
	go test $(INTEGRATION_FLAGS) -exec '$(VM) -flavour systemd $(IN_VM)' $(filter-out ./integration/kernel ./integration/hosts,$(PKGS))

# The simulator needs no kernel: docs/testing.md explains.
SEEDS ?= 0
FROM ?=
.PHONY: sim sim-mutants
sim:
	@mkdir -p $(BIN)
	go build -trimpath -o $(BIN)/sim ./integration/cmd/sim
	$(BIN)/sim -n $(SEEDS) $(if $(FROM),-from $(FROM))

# That the simulator finds each of a list of deliberate bugs within a minute.
sim-mutants:
	go test -count=1 -timeout=30m ./integration/sim/mutants -mutants -v
