# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# make run    the word count on a local cluster, in cgroup v2 containers
# make test   everything that CI runs
# make bench  the figures of docs/performance.md

export CGO_ENABLED = 0
BIN := bin
NEED := integration/need.sh
PROTOS := api/v1/mesos.proto api/v1/scheduler/scheduler.proto api/v1/executor/executor.proto api/link/agent.proto api/link/door.proto

.PHONY: all build run test bench lint unit generate check-generate
all: build

build:
	go build -trimpath -ldflags='-s -w' -o $(BIN)/ ./cmd/...

# Straight on this host if it has the cgroup v2 controllers, else in the VM.
DEMO := examples/wordcount
CONTROLLERS := $(shell cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null)
ifeq ($(filter cpu memory,$(CONTROLLERS)),cpu memory)
run: tested
	$(DEMO)/demo.sh $(TESTED) $$($(DEMO)/text.sh)
else
run: vm-tools tested
	@echo "this host has no cgroup v2 controllers for cpu and memory: the word count runs in a virtual machine"
	@$(MAKE) --no-print-directory vm-deps
	$(VM) -data $(CURDIR)/$(TESTED):bin -data $(CURDIR)/$(DEMO)/demo.sh -data $$($(DEMO)/text.sh):text run /data/demo.sh /data/bin /data/text --timeout 20m
endif

test: lint check-generate unit integration

# In the VM: container start beside its floor and its peers. Then here: tasks.
bench: vm-deps vm-tools tested
	go build -trimpath -ldflags='-s -w' -o $(TESTED)/ ./integration/bench
	$(VM) -data $(CURDIR)/$(TESTED):bin run /data/bin/bench start
	TEPUI_BIN=$(CURDIR)/$(TESTED) $(TESTED)/bench tasks

lint:
	@unformatted=$$(go tool gofumpt -l .); test -z "$$unformatted" || { echo "not as gofumpt has it: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# With the race detector, which wants cgo and so a C compiler.
unit:
	@$(NEED) "the race detector needs a C compiler" gcc libc6-dev
	CGO_ENABLED=1 go test -race ./...

# The Go code of the wire, from its .proto files. protoc is Debian's, the
# plugins are pinned by go.mod.
generate: $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc
	@$(NEED) "protoc makes the Go code of the wire" protobuf-compiler
	PATH="$(CURDIR)/$(BIN):$$PATH" protoc -I . \
	  --go_out=. --go_opt=module=github.com/tepui/tepui \
	  --go-grpc_out=. --go-grpc_opt=module=github.com/tepui/tepui $(PROTOS)

check-generate: generate
	@git diff --exit-code --stat -- api || { echo "the generated code is not what 'make generate' makes: commit its result"; exit 1; }

$(BIN)/protoc-gen-go: go.mod
	go build -o $@ google.golang.org/protobuf/cmd/protoc-gen-go
$(BIN)/protoc-gen-go-grpc: go.mod
	go build -o $@ google.golang.org/grpc/cmd/protoc-gen-go-grpc

include integration/integration.mk
include integration/vagrant/vagrant.mk
