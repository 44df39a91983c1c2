# Copyright 2026 The Tepui Authors
# SPDX-License-Identifier: Apache-2.0
#
# The cluster of the Vagrantfile. integration/vagrant/README.md explains; none of this is part of "make test".

VAGRANT := integration/vagrant
VAGRANT_CACHE := .cache/vagrant
VAGRANT_TIMEOUT ?= 90m

.PHONY: vagrant-lab vagrant-box vagrant-programs vagrant-up test-vagrant vagrant-down

# A Vagrant with libvirt for a machine that has none: needs root and mmdebstrap.
vagrant-lab:
	$(VAGRANT)/lab/lab.sh build

# A Debian 12 box of our own, tepui/bookworm, made and added to the Vagrant of the lab, or of this machine if it has one.
vagrant-box: $(VAGRANT_CACHE)/bookworm.box
	$(VAGRANT)/run.sh vagrant box add --force --name tepui/bookworm --provider libvirt $<

$(VAGRANT_CACHE)/bookworm.box: $(VAGRANT)/mkbox.sh
	mkdir -p $(@D)
	$(VAGRANT)/run.sh --net $(VAGRANT)/mkbox.sh $@

vagrant-programs:
	go build -trimpath -ldflags='-s -w' -o $(BIN)/ ./cmd/... ./examples/wordcount ./examples/testframework

# The lab has no public boxes: there, the first "make vagrant-up" makes ours. Provisioning is a step of its own
# because "vagrant up --provision" of vagrant-libvirt does it twice on machines that run.
vagrant-up: vagrant-programs
	$(VAGRANT)/run.sh --need-box vagrant up --no-provision
	$(VAGRANT)/run.sh vagrant provision

# RUN=TestWordCount runs that test only.
test-vagrant: vagrant-up
	go test -c -o $(VAGRANT_CACHE)/vagrant.test ./$(VAGRANT)
	go test -c -o $(VAGRANT_CACHE)/scenarios.test ./integration/scenarios
	text=$$(examples/wordcount/text.sh) && cd $(VAGRANT) && \
	  TEPUI_VAGRANT=1 TEPUI_TEXT=../../$$text TEPUI_SCENARIOS=../../$(VAGRANT_CACHE)/scenarios.test \
	  ./run.sh ../../$(VAGRANT_CACHE)/vagrant.test -test.v -test.timeout=$(VAGRANT_TIMEOUT) $(if $(RUN),-test.run='$(RUN)')

vagrant-down:
	$(VAGRANT)/run.sh --last vagrant destroy --force
