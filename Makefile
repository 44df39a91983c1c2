# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0

export CGO_ENABLED = 0
BIN := bin
PROTOS := api/v1/mesos.proto api/v1/scheduler/scheduler.proto api/v1/executor/executor.proto api/link/agent.proto api/link/door.proto

.PHONY: all build generate
all: build

build:
	go build -trimpath -ldflags='-s -w' -o $(BIN)/ ./cmd/...

# The Go code of the wire, from its .proto files. protoc is Debian's, the
# plugins are pinned by go.mod.
generate: $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc
	PATH="$(CURDIR)/$(BIN):$$PATH" protoc -I . \
	  --go_out=. --go_opt=module=github.com/tepui/tepui \
	  --go-grpc_out=. --go-grpc_opt=module=github.com/tepui/tepui $(PROTOS)

$(BIN)/protoc-gen-go: go.mod
	go build -o $@ google.golang.org/protobuf/cmd/protoc-gen-go
$(BIN)/protoc-gen-go-grpc: go.mod
	go build -o $@ google.golang.org/grpc/cmd/protoc-gen-go-grpc

include integration/vagrant/vagrant.mk
