# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# make run    the word count on a local cluster, in cgroup v2 containers
# make test   everything that CI runs
# make bench  the figures of docs/performance.md

export CGO_ENABLED = 0
BIN := bin
NEED := integration/need.sh
PROTOS := api/v1/mesos.proto api/v1/scheduler/scheduler.proto api/v1/executor/executor.proto api/v1/allocator/allocator.proto \
  api/v1/maintenance/maintenance.proto api/v1/quota/quota.proto api/v1/master/master.proto \
  api/registry/registry.proto api/link/agent.proto api/link/door.proto

# Targets install packages, boot machines and measure: one after the other,
# also with -j. The go command uses all processors by itself.
.NOTPARALLEL:

.PHONY: all build run test bench lint unit generate check-generate
all: build

build:
	go build -trimpath -ldflags='-s -w' -o $(BIN)/ ./cmd/...

# Straight on this host if it has the cgroup v2 controllers, else in the VM.
DEMO := examples/wordcount
CONTROLLERS := $(shell cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null)
ifeq ($(filter cpu memory,$(CONTROLLERS)),cpu memory)
run: tested
	text=$$($(DEMO)/text.sh) && $(DEMO)/demo.sh $(TESTED) "$$text"
else
run: vm-tools tested
	@echo "this host has no cgroup v2 controllers for cpu and memory: the word count runs in a virtual machine"
	@$(MAKE) --no-print-directory vm-deps
	text=$$($(DEMO)/text.sh) && \
	$(VM) -data $(TESTED):bin -data $(DEMO)/demo.sh -data "$$text":text run /data/demo.sh /data/bin /data/text --timeout 20m
endif

test: lint check-generate unit sim-mutants integration

# In the VM: container start beside its floor and its peers. Then here: tasks.
bench: vm-deps vm-tools tested
	go build -trimpath -ldflags='-s -w' -o $(TESTED)/ ./integration/bench
	$(VM) -data $(TESTED):bin run /data/bin/bench start
	TEPUI_BIN="$(CURDIR)/$(TESTED)" $(TESTED)/bench tasks

lint:
	@unformatted=$$(go tool gofumpt -l $$(find . -name '*.go' ! -name '*.pb.go' ! -path './.*' ! -path './$(BIN)/*')) && test -z "$$unformatted" || { echo "not as gofumpt has it: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# With the race detector, which wants cgo and so a C compiler.
unit:
	@$(NEED) "the race detector needs a C compiler" gcc libc6-dev
	CGO_ENABLED=1 go test -race ./...

# The Go code of the wire, from its .proto files. protoc is Debian's, the
# plugins are pinned by go.mod.
GENERATED := .
generate: $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc
	@$(NEED) "protoc makes the Go code of the wire" protobuf-compiler
	@mkdir -p $(GENERATED)
	PATH="$(CURDIR)/$(BIN):$$PATH" protoc -I . \
	  --go_out=$(GENERATED) --go_opt=module=github.com/tepui/tepui \
	  --go-grpc_out=$(GENERATED) --go-grpc_opt=module=github.com/tepui/tepui $(PROTOS)

# That the generated code in the tree is, byte for byte, what generate makes.
check-generate:
	@rm -rf .cache/generated
	@$(MAKE) --no-print-directory generate GENERATED=.cache/generated
	@for f in $$(cd .cache/generated && find . -name '*.go') $$(find api -name '*.pb.go'); do \
	  cmp ".cache/generated/$$f" "$$f" || { echo "$$f is not what 'make generate' makes: run it and commit the result"; exit 1; }; \
	done

$(BIN)/protoc-gen-go: go.mod
	go build -o $@ google.golang.org/protobuf/cmd/protoc-gen-go
$(BIN)/protoc-gen-go-grpc: go.mod
	go build -o $@ google.golang.org/grpc/cmd/protoc-gen-go-grpc

include integration/integration.mk
include integration/vagrant/vagrant.mk
